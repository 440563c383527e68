// Inside the embedded store: its state, and the writer thread's steps. For this folder alone.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "src/store/sqlite/sqlite_store.hpp"
#include "src/store/sqlite/transaction.hpp"

namespace claviger::store {

class SqliteStore::Impl {
public:
    Impl(SqliteOptions options, const SealingKey& key, sqlite::Database database)
        : options_(std::move(options)), sealer_(key), key_id_(key.id()), database_(std::move(database)) {}
    ~Impl() { stop(); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    Status<> start(Random& random);
    void submit(Work work, Completion done_with);
    Result<Contents> load();
    void observe(std::function<void(const Change&)> observer) { observer_ = std::move(observer); }

    std::uint64_t sequence() const noexcept { return published_.load(std::memory_order_acquire); }
    std::uint64_t commits() const noexcept { return commits_.load(std::memory_order_relaxed); }
    std::uint64_t backlog() const noexcept { return backlog_.load(std::memory_order_relaxed); }
    StoreKind kind() const noexcept { return options_.kind; }
    const std::string& id() const noexcept { return store_id_; }

private:
    struct Item {
        Work work;
        Completion done;
        std::function<void()> task;  // instead of work: something for the writer thread between two batches
    };
    // A transaction that ran and waits for its commit.
    struct Ran {
        Completion done;
        std::optional<Change> change;  // of one that stays
        std::optional<Error> failure;
    };

    // opening.cpp: a database is taken over
    Status<> adopt(Random& random);
    Status<> write_state(const sqlite::State& next);
    Result<sqlite::RowSets> scan(Contents& contents, std::vector<OutboxRecord>* outbox);

    // sqlite_store.cpp: the queue of what callers submit, and its thread
    void run();
    void stop();

    // batches.cpp: many transactions in one commit
    Ran run_one(Item item, sqlite::Batch& batch);
    Status<> forget_drained(sqlite::Batch& batch);
    Status<> finish_batch(const sqlite::Batch& batch, std::size_t kept);
    void give_up_batch(const Error& error);
    void run_batch(std::vector<Item> items);
    void drain();

    Status<> execute(const char* sql) { return database_.execute(sql); }

    SqliteOptions options_;
    Sealer sealer_;
    Sha256Digest key_id_;
    std::string store_id_;  // constant once open
    sqlite::Database database_;
    std::optional<sqlite::StateTable> state_table_;
    std::optional<sqlite::Tables> tables_;
    std::function<void(const Change&)> observer_;

    // The writer thread's own, once it runs.
    sqlite::State state_;
    sqlite::Counts counts_;
    std::optional<Contents> fresh_;  // what open() read, until the first commit
    std::vector<OutboxRecord> undrained_;
    std::vector<std::uint64_t> drained_;     // in the audit files, still in the outbox
    std::vector<std::uint64_t> forgetting_;  // of these, those the running batch deletes
    bool wipe_wal_ = false;                  // erased rows may still be in the WAL
    std::optional<Error> broken_;            // the database and our picture of it disagree

    std::atomic<std::uint64_t> published_{0};
    std::atomic<std::uint64_t> commits_{0};
    std::atomic<std::uint64_t> backlog_{0};

    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<Item> queue_;  // guarded by mutex_
    bool stopping_ = false;    // guarded by mutex_
    std::thread thread_;
};

}  // namespace claviger::store
