// The data directory: made with mode 0700, held by one process at a time.
#pragma once

#include <filesystem>

#include <claviger/base/result.hpp>

namespace claviger::app {

// Owns the exclusive lock on a data directory until destruction. Errors name the directory and say what to
// do.
class DataDirectory {
public:
    static Result<DataDirectory> open(const std::filesystem::path& root);
    DataDirectory(DataDirectory&& other) noexcept : lock_(other.lock_) { other.lock_ = -1; }
    DataDirectory& operator=(DataDirectory&&) = delete;
    ~DataDirectory();

private:
    explicit DataDirectory(int lock) : lock_(lock) {}
    int lock_;
};

}  // namespace claviger::app
