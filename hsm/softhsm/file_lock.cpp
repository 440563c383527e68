#include "hsm/softhsm/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

namespace claviger::softhsm {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(5);

Error cannot(std::string_view what, const std::string& path) {
    return Error(Errc::io_error, std::string(what) + " " + path + ": " + std::strerror(errno));
}

std::string holder_of(int descriptor) {
    std::array<char, 32> text{};
    const ssize_t size = ::pread(descriptor, text.data(), text.size() - 1, 0);
    std::string pid(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    pid.erase(pid.find_last_not_of("\n ") + 1);
    return pid.empty() ? "a process that left no pid" : "pid " + pid;
}

void leave_pid(int descriptor) {
    const std::string text = std::to_string(::getpid()) + "\n";
    if (::ftruncate(descriptor, 0) != 0 || ::pwrite(descriptor, text.data(), text.size(), 0) < 0) {
        return;  // the pid is a courtesy to whoever waits; the lock holds without it
    }
}

}  // namespace

Result<FileLock> FileLock::acquire(const std::string& path, std::chrono::milliseconds patience) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) {
        return cannot("cannot open lock file", path);
    }
    FileLock lock(descriptor);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return cannot("cannot lock", path);
        }
        if (std::chrono::steady_clock::now() >= deadline) {
            return Error(Errc::conflict, path + " is locked by " + holder_of(descriptor));
        }
        std::this_thread::sleep_for(kPoll);
    }
    leave_pid(descriptor);
    return lock;
}

FileLock::~FileLock() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

}  // namespace claviger::softhsm
