// What a host reads and holds open.
#pragma once

#include <optional>
#include <string>

#include <claviger/base/bytes.hpp>
#include <claviger/base/result.hpp>
#include <claviger/base/secret.hpp>

namespace claviger::host {

// A file descriptor and its end.
class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int fd) noexcept : fd_(fd) {}
    ~Descriptor() { reset(); }
    Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        if (this != &other) {
            reset();
            fd_ = other.release();
        }
        return *this;
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }
    int release() noexcept {
        const int fd = fd_;
        fd_ = -1;
        return fd;
    }
    void reset() noexcept;

private:
    int fd_ = -1;
};

// "open /x: Permission denied", from errno.
Error io_failed(std::string_view call, std::string_view path);

// nullopt: no such file. io_error also for more than `limit` bytes.
Result<std::optional<SecretBytes>> read_file(const std::string& path, std::size_t limit);
// Makes a directory of mode 0700, or checks that it is ours and nobody else's.
Status<> make_private_directory(const std::string& path);

}  // namespace claviger::host
