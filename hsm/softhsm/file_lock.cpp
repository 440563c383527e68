#include "hsm/softhsm/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <thread>
#include <utility>

#include <claviger/base/files.hpp>

namespace claviger::softhsm {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(5);

// From proc_locks(5): "1: FLOCK ADVISORY WRITE 708 08:01:131141 0 EOF". The kernel knows the holder, so that
// nothing is written: a page of a lock file on its way to a busy disk would hold up whoever locks it next.
std::string holder_of(int descriptor) {
    struct stat facts {};
    if (::fstat(descriptor, &facts) == 0) {
        std::array<char, 64> id{};
        std::snprintf(id.data(), id.size(), "%02x:%02x:%lu", major(facts.st_dev), minor(facts.st_dev),
                      static_cast<unsigned long>(facts.st_ino));
        std::ifstream locks("/proc/locks");
        std::string number;
        std::string kind;
        std::string advisory;
        std::string access;
        std::string pid;
        std::string file;
        std::string rest;
        while (locks >> number >> kind >> advisory >> access >> pid >> file && std::getline(locks, rest)) {
            if (kind == "FLOCK" && file == id.data()) {
                return "pid " + pid;
            }
        }
    }
    return "a process that /proc/locks does not name";
}

}  // namespace

Result<FileLock> FileLock::acquire(const std::string& path, std::chrono::milliseconds patience) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) {
        return os_error("cannot open lock file " + path);
    }
    FileLock lock(descriptor);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return os_error("cannot lock " + path);
        }
        if (std::chrono::steady_clock::now() >= deadline) {
            return Error(Errc::conflict, path + " is locked by " + holder_of(descriptor));
        }
        std::this_thread::sleep_for(kPoll);
    }
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
