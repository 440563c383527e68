#include "src/app/data_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <claviger/base/files.hpp>

namespace claviger::app {
namespace {

// The longest name that is made below the data directory, and what sun_path holds (unix(7)).
constexpr std::string_view kLongestSocket = "/hsm/hsm-0123456789a/control.sock";
constexpr std::size_t kMaxSocketPath = 107;
constexpr std::string_view kNamedBy = "service.data, or --data of claviger dev";

Error failed(const std::filesystem::path& path, std::string_view what, std::string_view advice) {
    return Error(Errc::io_error,
                 fmt::format("{}: {}: {}{}", path.string(), what, std::strerror(errno), advice));
}

std::string holder_of(int lock) {
    char text[32] = {};
    const ssize_t size = pread(lock, text, sizeof text - 1, 0);
    return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string("unknown");
}

}  // namespace

Result<DataDirectory> DataDirectory::open(const std::filesystem::path& root) {
    if (root.string().size() + kLongestSocket.size() > kMaxSocketPath) {
        return Error(Errc::bad_config,
                     fmt::format("{}: the path is too long for Unix sockets below it: choose a data "
                                 "directory of at most {} characters",
                                 root.string(), kMaxSocketPath - kLongestSocket.size()));
    }
    std::error_code ignored;  // what matters is seen by the next calls
    std::filesystem::create_directories(root.parent_path(), ignored);
    if (Status<> made = make_directory(root); !made) {
        made.error().detail += fmt::format("; name another with {}", kNamedBy);
        return std::move(made).error();
    }
    struct stat status {};
    if (stat(root.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
        errno = ENOTDIR;
        return failed(root, "cannot use it as data directory", "");
    }
    if (status.st_uid != geteuid()) {
        return Error(
            Errc::bad_config,
            fmt::format("{}: the data directory belongs to user {}, and the service runs as user {}: "
                        "run it as its owner, or give it the directory and all below with chown -R",
                        root.string(), status.st_uid, geteuid()));
    }
    if ((status.st_mode & 077) != 0) {
        return Error(Errc::bad_config,
                     fmt::format("{0}: others can enter the data directory: chmod 700 {0}", root.string()));
    }
    const std::filesystem::path file = root / "lock";
    const int lock = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0) {
        return failed(file, "cannot write in the data directory", "");
    }
    if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
        Error error(Errc::conflict,
                    fmt::format("{}: process {} already serves this data directory: stop it, or "
                                "name another with {}",
                                root.string(), holder_of(lock), kNamedBy));
        close(lock);
        return error;
    }
    const std::string pid = std::to_string(getpid());
    if (ftruncate(lock, 0) != 0 ||
        pwrite(lock, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
        Error error = failed(file, "cannot write", "; is the disk full?");
        close(lock);
        return error;
    }
    return DataDirectory(lock);
}

DataDirectory::~DataDirectory() {
    if (lock_ >= 0) {
        close(lock_);
    }
}

}  // namespace claviger::app
