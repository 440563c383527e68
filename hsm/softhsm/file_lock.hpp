// Exclusive locks on files (flock(2)): on a host's state directory for the life of the process, on a token's
// files for the moment of a login.
#pragma once

#include <chrono>
#include <string>

#include <claviger/base/result.hpp>

namespace claviger::softhsm {

// Held from acquire() to destruction; ends with the process whatever kills it. The file stays empty.
class FileLock {
public:
    // Waits up to `patience` for another holder. conflict, with the pid that holds it, when that was not
    // enough; io_error when the file cannot be made.
    static Result<FileLock> acquire(const std::string& path, std::chrono::milliseconds patience);
    ~FileLock();
    FileLock(FileLock&& other) noexcept;
    FileLock& operator=(FileLock&& other) noexcept;
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;

private:
    explicit FileLock(int descriptor) noexcept : descriptor_(descriptor) {}
    int descriptor_ = -1;
};

}  // namespace claviger::softhsm
