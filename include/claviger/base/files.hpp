// Files and directories that must be there after a power failure. A file's sync says nothing of its name:
// that lies in the directory, which is synced as well (fsync(2)).
//
// Any thread. Failure: io_error that names the path and has errno's text.
#pragma once

#include <filesystem>
#include <optional>
#include <source_location>
#include <span>
#include <string_view>

#include <claviger/base/bytes.hpp>
#include <claviger/base/result.hpp>

namespace claviger {

// io_error "WHAT: errno's text". For any system call that sets errno; call it before anything else does.
Error os_error(std::string_view what, std::source_location where = std::source_location::current());

// All of it, however often a signal comes between. False: errno says why.
bool write_all(int descriptor, ByteView content) noexcept;

// Fills `room` as far as the file goes; the size of what was read. nullopt: errno says why.
std::optional<std::size_t> read_all(int descriptor, std::span<std::byte> room) noexcept;

// What was made, renamed or removed in this directory stays so.
Status<> sync_directory(const std::filesystem::path& path);

// Mode 0700. One that is there already is success; its name is made to stay in either case, because the
// process that made it may have ended before that. The parent must exist.
Status<> make_directory(const std::filesystem::path& path);

// Mode 0600. Written beside, synced and renamed: readers see the old file or the new one, never a part, and
// neither does a power failure. Which of them is there after one is settled by sync_directory.
Status<> put_file(const std::filesystem::path& path, ByteView content);

// put_file without waiting for the disk, for what can be written again: after a power failure the file may be
// the old one, the new one, empty or in part. No write-back of it is under way afterwards, so that whoever
// truncates it next does not wait either.
Status<> put_file_unsynced(const std::filesystem::path& path, ByteView content);

// All of a regular file. io_error also for more than `limit` bytes.
Result<Bytes> read_file(const std::filesystem::path& path, std::size_t limit);

// put_file and sync_directory: on success the new file stays.
Status<> replace_file(const std::filesystem::path& path, ByteView content);

}  // namespace claviger
