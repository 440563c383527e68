#include "src/audit/file_writer.hpp"

#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "src/audit/chained_file.hpp"
#include "src/observe/log.hpp"

namespace claviger::audit {
namespace asio = boost::asio;
namespace {

using Failure = std::shared_ptr<const Error>;  // empty: success
using Waiter = asio::async_result<asio::use_awaitable_t<>, void(Failure)>::handler_type;
using Waiters = std::vector<Waiter>;

void resume(Waiters waiters, const Failure& failure) {
    for (Waiter& waiter : waiters) {
        std::move(waiter)(failure);
    }
}

}  // namespace

class FileWriter::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(asio::any_io_executor executor, FileOptions options, Syncer& syncer, ChainedFile file)
        : executor_(std::move(executor)),
          options_(std::move(options)),
          syncer_(syncer),
          file_(std::move(file)),
          probe_timer_(executor_) {}

    bool accepting() const noexcept { return accepting_; }
    const ChainedFile& file() const noexcept { return file_; }

    void add(std::string_view record) {
        const std::uint64_t sequence = options_.store_sequence ? options_.store_sequence() : 0;
        file_.add(record, {.store_sequence = sequence, .outbox_id = 0});
        if (!scheduled_) {
            // Behind everything that is ready in this turn, so that its records share the write.
            scheduled_ = true;
            asio::post(executor_, [self = shared_from_this()] { self->flush(); });
        }
    }

    asio::awaitable<Failure> wait() {
        return asio::async_initiate<const asio::use_awaitable_t<>, void(Failure)>(
            [this](Waiter waiter) { waiters_.push_back(std::move(waiter)); }, asio::use_awaitable);
    }

    void close() {
        probe_timer_.cancel();
        closed_ = true;
        (void)file_.flush();  // nobody waits for these any more; those who did have logged the failure
    }

private:
    void flush() {
        scheduled_ = false;
        Waiters waiters = std::exchange(waiters_, {});
        waiters_.reserve(waiters.size());
        const Status<> written = file_.flush();
        Descriptor retired = file_.take_retired();
        if (retired) {
            name_is_new_ = true;
            syncer_.sync_and_close(retired.release(), [self = shared_from_this()](const Status<>& synced) {
                self->log_if_unsynced(synced);
            });
        }
        if (!written) {
            fail(written.error());
            resume(std::move(waiters), std::make_shared<const Error>(written.error()));
            return;
        }
        accepting_ = true;
        switch (options_.sync) {
            case Sync::off:
                if (std::exchange(name_is_new_, false)) {
                    sync_name();
                }
                resume(std::move(waiters), {});
                break;
            case Sync::always: resume_when_synced(std::move(waiters)); break;
        }
    }

    void log_if_unsynced(const Status<>& synced) const {
        if (!synced) {
            observe::error("audit.sync_failed",
                           {{"writer", options_.writer}, {"reason", synced.error().describe()}});
        }
    }

    // Its outcome is known to every later callback of the syncer.
    std::shared_ptr<const Status<>> sync_name() {
        auto outcome = std::make_shared<Status<>>(done);
        auto executor = asio::prefer(executor_, asio::execution::outstanding_work.tracked);
        syncer_.sync_directory(file_.directory_fd(),
                               [self = shared_from_this(), outcome, executor](const Status<>& synced) {
                                   *outcome = synced;
                                   self->log_if_unsynced(synced);
                                   if (synced) {
                                       asio::post(executor, [self] { self->name_is_new_ = false; });
                                   }
                               });
        return outcome;
    }

    void resume_when_synced(Waiters waiters) {
        // Until it is on the disk no record is: without its name the file may be gone after a crash.
        auto named = name_is_new_ ? sync_name() : std::make_shared<const Status<>>(done);
        auto shared = std::make_shared<Waiters>(std::move(waiters));
        // Counts as work: the context must not run dry while a disk is busy.
        auto executor = asio::prefer(executor_, asio::execution::outstanding_work.tracked);
        syncer_.sync(file_.fd(),
                     [self = shared_from_this(), shared, executor, named](const Status<>& synced) {
                         const Status<> all = synced ? *named : synced;
                         const Failure failure = all ? Failure() : std::make_shared<const Error>(all.error());
                         asio::post(executor, [self, shared, failure] {
                             if (failure) {
                                 self->fail(*failure);
                             }
                             resume(std::move(*shared), failure);
                         });
                     });
    }

    void fail(const Error& error) {
        if (accepting_) {
            observe::error("audit.write_failed", {{"writer", options_.writer}, {"reason", error.describe()}});
        }
        accepting_ = false;
        schedule_probe();
    }

    void schedule_probe() {
        if (closed_ || probing_) {
            return;
        }
        probing_ = true;
        probe_timer_.expires_after(options_.probe_interval);
        probe_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& cancelled) {
            const std::shared_ptr<Impl> self = weak.lock();
            if (cancelled || !self) {
                return;
            }
            self->probing_ = false;
            if (self->accepting_) {
                return;
            }
            if (self->file_.probe()) {
                self->accepting_ = true;
                observe::info("audit.accepting_again", {{"writer", self->options_.writer}});
            } else {
                self->schedule_probe();
            }
        });
    }

    asio::any_io_executor executor_;
    FileOptions options_;
    Syncer& syncer_;
    ChainedFile file_;
    asio::steady_timer probe_timer_;
    Waiters waiters_;
    bool name_is_new_ = false;  // of the file in use: the directory has not been synced since it was made
    bool scheduled_ = false;
    bool accepting_ = true;
    bool probing_ = false;
    bool closed_ = false;
};

Result<std::unique_ptr<FileWriter>> FileWriter::open(asio::any_io_executor executor, FileOptions options,
                                                     Syncer& syncer, const Clock& clock) {
    Result<ChainedFile> file = ChainedFile::open(options, clock);
    if (!file) {
        return file.error();
    }
    auto impl = std::make_shared<Impl>(std::move(executor), std::move(options), syncer, std::move(*file));
    return std::unique_ptr<FileWriter>(new FileWriter(std::move(impl)));
}

FileWriter::FileWriter(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
FileWriter::~FileWriter() {
    impl_->close();
}

bool FileWriter::accepting() const noexcept {
    return impl_->accepting();
}

asio::awaitable<Status<>> FileWriter::append(std::string_view record) {
    if (record.find('\n') != std::string_view::npos || record.find('\0') != std::string_view::npos) {
        co_return Error(Errc::internal, "an audit record must be one line");
    }
    impl_->add(record);
    const Failure failure = co_await impl_->wait();
    if (failure) {
        co_return *failure;
    }
    co_return done;
}

const TornTail& FileWriter::torn_tail() const noexcept {
    return impl_->file().torn_tail();
}
std::uint64_t FileWriter::writes() const noexcept {
    return impl_->file().writes();
}

}  // namespace claviger::audit
