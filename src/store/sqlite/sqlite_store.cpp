#include "src/store/sqlite/sqlite_store.hpp"

#include <chrono>
#include <future>

#include "src/store/sqlite/sqlite_store_impl.hpp"

namespace claviger::store {

using namespace sqlite;

namespace {

constexpr std::size_t kMaxBatch = 512;
constexpr std::chrono::seconds kDrainRetry{1};

}  // namespace

void SqliteStore::Impl::submit(Work work, Completion done_with) {
    {
        const std::lock_guard lock(mutex_);
        queue_.push_back({std::move(work), std::move(done_with), {}});
    }
    wake_.notify_one();
}

Result<Contents> SqliteStore::Impl::load() {
    std::promise<Result<Contents>> promise;
    std::future<Result<Contents>> future = promise.get_future();
    const auto task = [&] {
        if (fresh_) {
            promise.set_value(std::move(*std::exchange(fresh_, std::nullopt)));
            return;
        }
        Contents contents;
        const Result<RowSets> sets = scan(contents, nullptr);
        if (!sets) {
            promise.set_value(sets.error());
        } else if (*sets != state_.sets) {
            promise.set_value(
                Error(Errc::integrity, "the store was changed by another program while it was open"));
        } else {
            promise.set_value(std::move(contents));
        }
    };
    {
        const std::lock_guard lock(mutex_);
        queue_.push_back({{}, {}, task});
    }
    wake_.notify_one();
    return future.get();
}

void SqliteStore::Impl::run() {
    while (true) {
        std::vector<Item> items;
        {
            std::unique_lock lock(mutex_);
            const auto ready = [&] { return stopping_ || !queue_.empty(); };
            if (undrained_.empty()) {
                wake_.wait(lock, ready);
            } else {
                wake_.wait_for(lock, kDrainRetry, ready);
            }
            items.swap(queue_);
            if (items.empty() && stopping_) {
                break;
            }
        }
        std::vector<Item> batch;
        const auto run_collected = [&] {
            if (!batch.empty()) {
                run_batch(std::exchange(batch, {}));
            }
        };
        for (Item& item : items) {
            if (item.task) {
                run_collected();
                item.task();
                continue;
            }
            batch.push_back(std::move(item));
            if (batch.size() == kMaxBatch) {
                run_collected();
            }
        }
        run_collected();
        drain();
    }
}

void SqliteStore::Impl::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) {
        thread_.join();
    }
}

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(SqliteOptions options, const SealingKey& key,
                                                       Random& random) {
    Result<Database> database = Database::open(options.path.string());
    if (!database) {
        return database.error();
    }
    auto impl = std::make_unique<Impl>(std::move(options), key, std::move(*database));
    const Status<> started = impl->start(random);
    if (!started) {
        return started.error();
    }
    return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(impl)));
}

SqliteStore::SqliteStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SqliteStore::~SqliteStore() = default;

void SqliteStore::submit(Work work, Completion done_with) {
    impl_->submit(std::move(work), std::move(done_with));
}
Result<Contents> SqliteStore::load() {
    return impl_->load();
}
std::uint64_t SqliteStore::sequence() const noexcept {
    return impl_->sequence();
}
void SqliteStore::observe(std::function<void(const Change&)> observer) {
    impl_->observe(std::move(observer));
}
StoreKind SqliteStore::kind() const noexcept {
    return impl_->kind();
}
const std::string& SqliteStore::id() const noexcept {
    return impl_->id();
}
std::uint64_t SqliteStore::commits() const noexcept {
    return impl_->commits();
}
std::uint64_t SqliteStore::outbox_backlog() const noexcept {
    return impl_->backlog();
}

}  // namespace claviger::store
