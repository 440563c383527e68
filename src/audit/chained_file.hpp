// One series on disk: recovery at start, lines in memory until flush(), one write(2) per flush, rotation by
// size.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <claviger/base/clock.hpp>
#include <claviger/base/descriptor.hpp>
#include <claviger/base/result.hpp>

#include "src/audit/chain.hpp"
#include "src/audit/file_writer.hpp"

namespace claviger::audit {

// Used by one thread at a time. The clock must outlive it.
class ChainedFile {
public:
    // Makes the directory, cuts a torn tail off the newest file and continues behind its last whole line.
    // integrity if that line is not ours.
    static Result<ChainedFile> open(const FileOptions& options, const Clock& clock);

    void add(std::string_view record, const LineFacts& facts);
    bool has_pending() const noexcept { return !buffer_.empty(); }
    // Writes what was added. After a failure file and chain are as before the first of these add()s.
    Status<> flush();
    // Whether the disk would take records again; writes nothing that stays.
    Status<> probe();

    const ChainHead& head() const noexcept { return head_; }
    int fd() const noexcept { return file_.get(); }
    int directory_fd() const noexcept { return directory_fd_.get(); }
    // The file a rotation has closed off, to be synced and closed by the caller. At most one flush ago.
    Descriptor take_retired() noexcept { return std::move(retired_); }
    const TornTail& torn_tail() const noexcept { return torn_; }
    std::uint64_t writes() const noexcept { return writes_; }

private:
    ChainedFile(const FileOptions& options, const Clock& clock);
    Status<> recover();
    Result<std::optional<ChainHead>> recover_file(const std::filesystem::path& path, Descriptor& file);
    Status<> start_file(std::uint64_t first_number);
    Status<> write(std::string_view text);
    Status<> write_buffer();
    Status<> cut_dirty_tail();
    void keep_reserve() noexcept;

    std::filesystem::path directory_;
    std::string writer_;
    std::uint64_t rotate_bytes_;
    const Clock* clock_;
    Descriptor directory_fd_;
    Descriptor file_;
    Descriptor retired_;
    std::uint64_t size_ = 0;          // of the file, whole lines only
    std::uint64_t reserved_end_ = 0;  // up to here the disk has room set aside; 0: none
    ChainHead head_;                  // behind the buffer
    ChainHead written_head_;          // behind the file
    std::string buffer_;
    bool tail_is_dirty_ = false;  // a failed write left bytes that could not be cut off yet
    TornTail torn_;
    std::uint64_t writes_ = 0;
};

}  // namespace claviger::audit
