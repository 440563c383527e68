#include "src/audit/chained_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <claviger/base/files.hpp>

#include "src/audit/series.hpp"
#include "src/observe/log.hpp"

namespace claviger::audit {
namespace {

constexpr std::size_t kKeptBuffer = 256U << 10U;  // a burst must not keep its memory for ever
constexpr std::size_t kProbeBytes = 64U << 10U;
// A disk that others have filled still takes about 1,500 records of each writer: time to make room while
// cryptography goes on.
constexpr std::uint64_t kReserve = 1U << 20U;
constexpr std::uint64_t kReserveStep = kReserve / 2;  // how far beyond, so that few calls are needed

bool is_writer_name(std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    });
}

// Where the last whole line ends. Our lines hold no NUL: a block of them is what a power failure leaves of
// data that never reached the disk, and all behind it is as little worth.
std::size_t whole_lines(std::string_view text) noexcept {
    const std::size_t hole = text.find('\0');
    const std::size_t end = text.substr(0, hole).rfind('\n');
    return end == std::string_view::npos ? 0 : end + 1;
}

}  // namespace

ChainedFile::ChainedFile(const FileOptions& options, const Clock& clock)
    : directory_(options.directory),
      writer_(options.writer),
      rotate_bytes_(options.rotate_bytes),
      clock_(&clock) {}

Result<ChainedFile> ChainedFile::open(const FileOptions& options, const Clock& clock) {
    if (!is_writer_name(options.writer)) {
        return Error(Errc::bad_config,
                     "audit writer name '" + options.writer + "' has other than letters, digits, -");
    }
    const Status<> made = make_directory(options.directory);
    if (!made) {
        return made.error();
    }
    ChainedFile opened(options, clock);
    opened.directory_fd_ = Descriptor(::open(options.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened.directory_fd_) {
        return os_error("open audit directory " + options.directory.string());
    }
    const Status<> recovered = opened.recover();
    if (!recovered) {
        return recovered.error();
    }
    return opened;
}

Status<> ChainedFile::recover() {
    const auto series = list_series(directory_);
    if (!series) {
        return series.error();
    }
    const auto mine = series->find(writer_);
    if (mine != series->end()) {
        // Newest first: it is the one to go on with; older ones only tell where the chain stands if it is
        // empty.
        for (auto file = mine->second.rbegin(); file != mine->second.rend(); ++file) {
            Descriptor opened;
            Result<std::optional<ChainHead>> head = recover_file(file->path, opened);
            if (!head) {
                return head.error();
            }
            if (!file_) {
                file_ = std::move(opened);
                size_ = static_cast<std::uint64_t>(std::max<off_t>(::lseek(file_.get(), 0, SEEK_END), 0));
            }
            if (*head) {
                head_ = written_head_ = **head;
                break;
            }
        }
    }
    if (!file_) {
        const Status<> started = start_file(1);
        if (!started) {
            return started;
        }
    }
    keep_reserve();
    return ::fsync(directory_fd_.get()) == 0 ? Status<>(done) : os_error("sync audit directory");
}

// Opens one file for appending and brings it to whole lines; the head behind its last line, if it has one.
Result<std::optional<ChainHead>> ChainedFile::recover_file(const std::filesystem::path& path,
                                                           Descriptor& file) {
    Result<std::string> text = read_whole(path);
    if (!text) {
        return text.error();
    }
    file = Descriptor(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
    if (!file) {
        return os_error("open audit file " + path.string());
    }
    const std::size_t whole = whole_lines(*text);
    if (whole < text->size()) {
        // Kept beside the file: it may be all that is left of something.
        const std::filesystem::path kept = path.string() + ".torn";
        const Descriptor out(::open(kept.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
        if (!out) {
            return os_error("open " + kept.string());
        }
        if (!write_all(out.get(), as_bytes(std::string_view(*text).substr(whole)))) {
            return os_error("write " + kept.string());
        }
        if (::fsync(out.get()) != 0 || ::ftruncate(file.get(), static_cast<off_t>(whole)) != 0 ||
            ::fsync(file.get()) != 0) {
            return os_error("cut the torn end of " + path.string());
        }
        torn_ = {text->size() - whole, kept};
    }
    if (whole == 0) {
        return std::optional<ChainHead>();
    }
    const std::string_view lines = std::string_view(*text).substr(0, whole - 1);
    const std::size_t start = lines.rfind('\n');
    const std::optional<Line> last =
        parse_line(start == std::string_view::npos ? lines : lines.substr(start + 1));
    if (!last || last->writer != writer_) {
        return Error(Errc::integrity, "the last line of audit file " + path.string() +
                                          " was not written by this service: move the file away to go on");
    }
    return std::optional(last->head());
}

Status<> ChainedFile::start_file(std::uint64_t first_number) {
    const std::filesystem::path path = directory_ / file_name(writer_, first_number, clock_->wall());
    Descriptor fresh(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fresh) {
        return os_error("make audit file " + path.string());
    }
    retired_ = std::exchange(file_, std::move(fresh));
    if (retired_ && ::ftruncate(retired_.get(), static_cast<off_t>(size_)) != 0) {
        observe::warn("audit.reserve_kept", {{"writer", writer_}, {"reason", std::strerror(errno)}});
    }
    size_ = 0;
    reserved_end_ = 0;
    return done;
}

void ChainedFile::add(std::string_view record, const LineFacts& facts) {
    append_line(buffer_, head_, writer_, record, facts);
}

Status<> ChainedFile::flush() {
    if (buffer_.empty()) {
        return done;
    }
    Status<> written = write_buffer();
    if (written) {
        written_head_ = head_;
    } else {
        head_ = written_head_;
    }
    buffer_.clear();
    if (buffer_.capacity() > kKeptBuffer) {
        buffer_.shrink_to_fit();
    }
    return written;
}

Status<> ChainedFile::write(std::string_view text) {
    return write_all(file_.get(), as_bytes(text)) ? Status<>(done) : os_error("write audit file");
}

Status<> ChainedFile::write_buffer() {
    const Status<> clean = cut_dirty_tail();
    if (!clean) {
        return clean;
    }
    if (size_ != 0 && size_ + buffer_.size() > rotate_bytes_) {
        const Status<> started = start_file(written_head_.number + 1);
        if (!started) {
            return started;
        }
    }
    ++writes_;
    const Status<> written = write(buffer_);
    if (!written) {
        tail_is_dirty_ = true;
        (void)cut_dirty_tail();  // tried again before the next write
        return written;
    }
    size_ += buffer_.size();
    keep_reserve();
    return done;
}

// Takes the reserve with it: file systems free what lies behind the new end.
Status<> ChainedFile::cut_dirty_tail() {
    if (tail_is_dirty_) {
        if (::ftruncate(file_.get(), static_cast<off_t>(size_)) != 0) {
            return os_error("cut a failed write off the audit file");
        }
        tail_is_dirty_ = false;
        reserved_end_ = 0;
    }
    return done;
}

// A failure is no news: it means the disk is full, or the file system cannot do it, and writes will say so.
void ChainedFile::keep_reserve() noexcept {
    if (reserved_end_ >= size_ + kReserve) {
        return;
    }
    const std::uint64_t wanted = kReserve + kReserveStep;
    if (::fallocate(file_.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(size_),
                    static_cast<off_t>(wanted)) == 0) {
        reserved_end_ = size_ + wanted;
    }
}

Status<> ChainedFile::probe() {
    const Status<> clean = cut_dirty_tail();
    if (!clean) {
        return clean;
    }
    // Zeros, because that is what recovery cuts off if the process ends before it is done here.
    const Status<> written = write(std::string(kProbeBytes, '\0'));
    tail_is_dirty_ = true;
    if (cut_dirty_tail() && written) {
        keep_reserve();
    }
    return written;
}

}  // namespace claviger::audit
