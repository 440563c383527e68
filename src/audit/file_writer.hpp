// Audit records into hash-chained files: the Writer of one io thread, and the one behind the store's outbox.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>

#include <claviger/base/clock.hpp>
#include <claviger/base/result.hpp>

#include "src/audit/writer.hpp"

namespace claviger::audit {

enum class Sync {
    off,    // a record is handed to the operating system before its answer leaves
    always  // a record is on the disk before its answer leaves
};

struct FileOptions {
    std::filesystem::path directory;  // made with mode 0700 if absent
    std::string writer;               // names the series: letters, digits and '-'
    Sync sync = Sync::off;
    std::uint64_t rotate_bytes = 64U << 20U;
    std::chrono::milliseconds probe_interval{250};  // between attempts after a failed write
    std::function<std::uint64_t()> store_sequence;  // stands in every record; empty: 0
};

// What the start found behind the last whole line and moved to `kept_in`.
struct TornTail {
    std::uint64_t bytes = 0;
    std::filesystem::path kept_in;
};

// Calls fdatasync for writers, many turns with one call, so that no io thread ever waits for a disk.
// Thread-safe; must outlive the writers that use it.
class Syncer {
public:
    Syncer();
    ~Syncer();
    // `done` runs on the syncer's thread, after an fdatasync that began after this call, and in the order of
    // the calls.
    using Done = std::function<void(const Status<>&)>;
    void sync(int fd, Done done);
    void sync_and_close(int fd, Done done);
    void sync_directory(int fd, Done done);  // after a file was made in it

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

// See Writer. Made and used on one io thread. Handlers it has posted keep its state alive, so it may go while
// they are queued; coroutines that wait in append() must be gone or the context stopped.
class FileWriter final : public Writer {
public:
    // Continues the chain of the series. Errc::integrity if its newest file ends in a line that is not ours.
    static Result<std::unique_ptr<FileWriter>> open(boost::asio::any_io_executor executor,
                                                    FileOptions options, Syncer& syncer, const Clock& clock);
    ~FileWriter() override;

    bool accepting() const noexcept override;
    boost::asio::awaitable<Status<>> append(std::string_view record) override;
    const TornTail& torn_tail() const noexcept;
    std::uint64_t writes() const noexcept;  // write(2) calls, for metrics and tests

private:
    class Impl;
    explicit FileWriter(std::shared_ptr<Impl> impl);

    std::shared_ptr<Impl> impl_;
};

// The series of the store's outbox. Used by one thread (the store's writer thread). Exactly once: a record
// whose id is not above the newest id in the files is skipped, so draining again after a crash repeats
// nothing.
class OutboxWriter {
public:
    static Result<std::unique_ptr<OutboxWriter>> open(const FileOptions& options, const Clock& clock);
    ~OutboxWriter();

    void add(std::uint64_t id, std::uint64_t store_sequence, std::string_view record);
    Status<> flush();  // what was added: one write(2), all or none
    Status<> sync();   // fdatasync
    const TornTail& torn_tail() const noexcept;

private:
    class Impl;
    explicit OutboxWriter(std::unique_ptr<Impl> impl);

    std::unique_ptr<Impl> impl_;
};

}  // namespace claviger::audit
