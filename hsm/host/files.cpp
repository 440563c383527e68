#include "hsm/host/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <claviger/base/files.hpp>

namespace claviger::host {

Result<std::optional<SecretBytes>> read_file(const std::string& path, std::size_t limit) {
    const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file) {
        if (errno == ENOENT) {
            return std::optional<SecretBytes>();
        }
        return os_error("open " + path);
    }
    SecretBytes content(limit + 1);
    const std::span<std::byte> room = content.reveal_mutable(SecretAccess());
    const std::optional<std::size_t> size = read_all(file.get(), room);
    if (!size) {
        return os_error("read " + path);
    }
    if (*size > limit) {
        return Error(Errc::io_error, path + ": larger than it can be");
    }
    content.resize(*size);
    return std::optional<SecretBytes>(std::move(content));
}

Status<> make_private_directory(const std::string& path) {
    // Whoever put PINs here had made the directory's name stay: no start after that waits for the disk.
    if (access((path + "/pins").c_str(), F_OK) != 0) {
        const Status<> made = make_directory(path);
        if (!made) {
            return made;
        }
    }
    struct stat facts {};
    if (stat(path.c_str(), &facts) != 0) {
        return os_error("stat " + path);
    }
    if (!S_ISDIR(facts.st_mode)) {
        return Error(Errc::bad_config, path + " is not a directory");
    }
    // 0750 with the service's group is how systemd runs hosts under a user of their own.
    if (facts.st_uid != geteuid() || (facts.st_mode & 027) != 0) {
        return Error(
            Errc::bad_config,
            path + " must belong to this user with mode 0700 or 0750: chown and chmod it, or name another");
    }
    return done;
}

}  // namespace claviger::host
