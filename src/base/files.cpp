#include <claviger/base/files.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include <claviger/base/descriptor.hpp>

namespace claviger {
namespace {

Error failed(std::string_view what, const std::filesystem::path& path) {
    return os_error("cannot " + std::string(what) + " " + path.string());
}

std::filesystem::path parent_of(const std::filesystem::path& path) {
    return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

enum class Sync : bool { no, yes };

Status<> write_beside(const std::filesystem::path& beside, ByteView content, Sync sync) {
    const Descriptor file(
        ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (file.get() < 0 || !write_all(file.get(), content) ||
        (sync == Sync::yes && ::fsync(file.get()) != 0)) {
        return failed("write", beside);
    }
    return done;
}

std::filesystem::path beside_of(const std::filesystem::path& path) {
    return path.string() + ".new";
}

}  // namespace

Error os_error(std::string_view what, std::source_location where) {
    const int code = errno;
    const bool full = code == ENOSPC || code == EDQUOT;
    return {Errc::io_error,
            std::string(what) + ": " + std::strerror(code) + (full ? "; make room on the disk" : ""), 0,
            where};
}

bool write_all(int descriptor, ByteView content) noexcept {
    while (!content.empty()) {
        const ssize_t put = ::write(descriptor, content.data(), content.size());
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return false;
        }
        content = content.subspan(static_cast<std::size_t>(put));
    }
    return true;
}

std::optional<std::size_t> read_all(int descriptor, std::span<std::byte> room) noexcept {
    std::size_t size = 0;
    while (size < room.size()) {
        const ssize_t got = ::read(descriptor, room.data() + size, room.size() - size);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return std::nullopt;
        }
        if (got == 0) {
            break;
        }
        size += static_cast<std::size_t>(got);
    }
    return size;
}

Status<> sync_directory(const std::filesystem::path& path) {
    const Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.get() < 0 || ::fsync(directory.get()) != 0) {
        return failed("sync", path);
    }
    return done;
}

Status<> make_directory(const std::filesystem::path& path) {
    const bool made = ::mkdir(path.c_str(), 0700) == 0;
    if (!made && errno != EEXIST) {
        return failed("make the directory", path);
    }
    const std::filesystem::path parent = parent_of(path);
    if (!made && ::access(parent.c_str(), R_OK | W_OK) != 0) {
        return done;  // made by somebody who may write there, which we may not
    }
    return sync_directory(parent);
}

Status<> put_file(const std::filesystem::path& path, ByteView content) {
    const std::filesystem::path beside = beside_of(path);
    const Status<> written = write_beside(beside, content, Sync::yes);
    if (written && ::rename(beside.c_str(), path.c_str()) != 0) {
        return failed("rename", beside);
    }
    return written;
}

Status<> put_file_unsynced(const std::filesystem::path& path, ByteView content) {
    const std::filesystem::path beside = beside_of(path);
    const Status<> written = write_beside(beside, content, Sync::no);
    if (!written) {
        return written;
    }
    // ext4 starts to write a file back when it is renamed over another one, but not when the two change
    // places.
    if (::renameat2(AT_FDCWD, beside.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE) == 0) {
        ::unlink(beside.c_str());
    } else if (::rename(beside.c_str(), path.c_str()) != 0) {
        return failed("rename", beside);
    }
    return done;
}

Result<Bytes> read_file(const std::filesystem::path& path, std::size_t limit) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    struct stat info {};
    if (file.get() < 0 || ::fstat(file.get(), &info) != 0) {
        return failed("read", path);
    }
    if (!S_ISREG(info.st_mode) || static_cast<std::uint64_t>(info.st_size) > limit) {
        return Error(Errc::io_error, path.string() + ": not a regular file, or longer than " +
                                         std::to_string(limit) + " bytes");
    }
    Bytes content(static_cast<std::size_t>(info.st_size));
    const std::optional<std::size_t> size = read_all(file.get(), content);
    if (!size) {
        return failed("read", path);
    }
    content.resize(*size);  // it may have become shorter
    return content;
}

Status<> replace_file(const std::filesystem::path& path, ByteView content) {
    const Status<> written = put_file(path, content);
    return written ? sync_directory(parent_of(path)) : written;
}

}  // namespace claviger
