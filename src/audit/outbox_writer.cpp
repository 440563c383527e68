#include <unistd.h>

#include <utility>
#include <vector>

#include <claviger/base/files.hpp>

#include "src/audit/chained_file.hpp"
#include "src/audit/file_writer.hpp"

namespace claviger::audit {

class OutboxWriter::Impl {
public:
    explicit Impl(ChainedFile file) : file_(std::move(file)) {}

    ChainedFile& file() noexcept { return file_; }

    Status<> flush() {
        Status<> written = file_.flush();
        if (Descriptor retired = file_.take_retired()) {
            unsynced_.push_back(std::move(retired));
            new_entry_ = true;
        }
        return written;
    }

    Status<> sync() {
        for (const Descriptor& retired : unsynced_) {
            if (::fdatasync(retired.get()) != 0) {
                return os_error("sync audit file");
            }
        }
        if (::fdatasync(file_.fd()) != 0 || (new_entry_ && ::fsync(file_.directory_fd()) != 0)) {
            return os_error("sync audit file");
        }
        unsynced_.clear();
        new_entry_ = false;
        return done;
    }

private:
    ChainedFile file_;
    std::vector<Descriptor> unsynced_;
    bool new_entry_ = false;
};

Result<std::unique_ptr<OutboxWriter>> OutboxWriter::open(const FileOptions& options, const Clock& clock) {
    Result<ChainedFile> file = ChainedFile::open(options, clock);
    if (!file) {
        return file.error();
    }
    return std::unique_ptr<OutboxWriter>(new OutboxWriter(std::make_unique<Impl>(std::move(*file))));
}

OutboxWriter::OutboxWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
OutboxWriter::~OutboxWriter() = default;

void OutboxWriter::add(std::uint64_t id, std::uint64_t store_sequence, std::string_view record) {
    if (id > impl_->file().head().outbox_id) {
        impl_->file().add(record, {.store_sequence = store_sequence, .outbox_id = id});
    }
}

Status<> OutboxWriter::flush() {
    return impl_->flush();
}
Status<> OutboxWriter::sync() {
    return impl_->sync();
}
const TornTail& OutboxWriter::torn_tail() const noexcept {
    return impl_->file().torn_tail();
}

}  // namespace claviger::audit
