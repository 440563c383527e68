// Group commit: many transactions in one, each between a SAVEPOINT and its RELEASE, and their audit records
// out of the outbox.
#include <array>
#include <iterator>

#include "src/observe/log.hpp"
#include "src/store/sqlite/sqlite_store_impl.hpp"

namespace claviger::store {

using namespace sqlite;

namespace {

constexpr std::size_t kForgetDrainedAt =
    256;                                      // drained records are deleted with a commit that happens anyway
constexpr std::size_t kMaxUndrained = 65536;  // then transactions that audit fail: memory is finite

Error ended() {
    return {Errc::io_error, "the database ended the transaction: disk full or I/O error"};
}

}  // namespace

SqliteStore::Impl::Ran SqliteStore::Impl::run_one(Item item, Batch& batch) {
    Ran ran{std::move(item.done), std::nullopt, std::nullopt};
    // A full disk may have ended the whole transaction; a SAVEPOINT would now begin one of its own and commit
    // alone.
    const Status<> opened = database_.in_transaction() ? execute("SAVEPOINT item") : Status<>(ended());
    if (!opened) {
        ran.failure = opened.error();
        return ran;
    }
    const RowSets sets = batch.sets;
    const std::size_t outbox = batch.outbox.size();
    const bool erased = batch.erased_keys;
    const std::size_t mark = counts_.mark();
    SqliteTxn txn(*tables_, counts_, batch,
                  undrained_.size() + outbox < kMaxUndrained ? OutboxState::taking : OutboxState::full);
    bool keep = false;
    try {
        keep = item.work(txn);
    } catch (const std::exception& e) {
        ran.failure = Error(Errc::internal, std::string("a transaction threw: ") + e.what());
    }
    if (!ran.failure) {
        ran.failure = txn.failure();
    }
    if (keep && !ran.failure) {
        const Status<> released = execute("RELEASE item");
        if (released) {
            ran.change = txn.take_change();
            return ran;
        }
        ran.failure = released.error();
    }
    batch.sets = sets;
    batch.outbox.resize(outbox);
    batch.erased_keys = erased;
    counts_.undo_to(mark);
    if (database_.in_transaction()) {  // a full disk may have ended all of it already
        const Status<> undone = execute("ROLLBACK TO item; RELEASE item");
        if (!undone) {
            // Its rows are still there and must not be committed with those of the others: all of it ends.
            observe::error("store.undo_failed", {{"reason", undone.error().describe()}});
            const Status<> rolled_back = execute("ROLLBACK");
            if (!rolled_back) {
                broken_ = rolled_back.error();
            }
        }
    }
    return ran;
}

Status<> SqliteStore::Impl::forget_drained(Batch& batch) {
    forgetting_.clear();
    if (drained_.size() < kForgetDrainedAt) {
        return done;
    }
    const Status<> synced = options_.sync_drained ? options_.sync_drained() : Status<>(done);
    if (!synced) {
        observe::warn("store.audit_sync_failed", {{"reason", synced.error().describe()}});
        return done;  // they stay in the outbox, which is the safe side
    }
    for (const std::uint64_t id : drained_) {
        const std::array key{Cell::of(static_cast<std::int64_t>(id))};
        const Status<> erased =
            tables_->outbox.erase(key, batch.sets[static_cast<std::size_t>(TableId::outbox)]);
        if (!erased) {
            return erased;
        }
    }
    forgetting_ = drained_;
    return done;
}

// Commits what the batch did; nothing to commit is fine.
Status<> SqliteStore::Impl::finish_batch(const Batch& batch, std::size_t kept) {
    if (broken_) {
        return *broken_;
    }
    if (!database_.in_transaction()) {
        return ended();
    }
    if (kept == 0 && forgetting_.empty()) {
        return execute("ROLLBACK");
    }
    State next = state_;
    next.sets = batch.sets;
    next.sequence = batch.sequence;
    Status<> written = state_table_->write(next);
    if (!written) {
        return written;
    }
    Status<> committed = execute("COMMIT");
    if (!committed) {
        return committed;
    }
    state_ = std::move(next);
    counts_.commit();
    fresh_.reset();
    published_.store(state_.sequence, std::memory_order_release);
    commits_.fetch_add(1, std::memory_order_relaxed);
    if (!forgetting_.empty()) {
        drained_.clear();
        forgetting_.clear();
    }
    return done;
}

// After a failed commit: back to what is durable, and proof that it is what we believe it is.
void SqliteStore::Impl::give_up_batch(const Error& error) {
    observe::error("store.commit_failed", {{"reason", error.describe()}});
    if (database_.in_transaction()) {
        (void)execute("ROLLBACK");  // whether it worked shows in the next line
    }
    counts_.undo_to(0);
    forgetting_.clear();
    const Result<std::optional<StoredState>> stored = state_table_->read();
    if (database_.in_transaction() || !stored || !*stored || (*stored)->sequence != state_.sequence) {
        broken_ =
            Error(Errc::io_error, "the store does not know what its last commit did: restart the service");
    }
}

void SqliteStore::Impl::run_batch(std::vector<Item> items) {
    std::vector<Ran> all;
    all.reserve(items.size());
    Batch batch{.sets = state_.sets, .sequence = state_.sequence + 1, .outbox = {}, .erased_keys = false};
    Status<> committed = broken_ ? Status<>(*broken_) : execute("BEGIN IMMEDIATE");
    if (committed) {
        committed = forget_drained(batch);
    }
    std::size_t kept = 0;
    for (Item& item : items) {
        if (!committed) {
            all.push_back({std::move(item.done), std::nullopt, std::nullopt});
            continue;
        }
        all.push_back(run_one(std::move(item), batch));
        kept += all.back().change ? 1 : 0;
    }
    if (committed) {
        committed = finish_batch(batch, kept);
    }
    if (!committed) {
        give_up_batch(committed.error());
    } else {
        for (const Ran& ran : all) {
            if (ran.change && observer_) {
                observer_(*ran.change);
            }
        }
        if (options_.drain) {
            std::move(batch.outbox.begin(), batch.outbox.end(), std::back_inserter(undrained_));
        }
        drain();
        wipe_wal_ = wipe_wal_ || batch.erased_keys;
        // The WAL's copies of an erased key token go too; the file's pages were overwritten by secure_delete.
        if (wipe_wal_ && execute("PRAGMA wal_checkpoint(TRUNCATE)")) {
            wipe_wal_ = false;
        }
    }
    for (Ran& ran : all) {
        if (!ran.done) {
            continue;
        }
        if (!committed) {
            ran.done(committed.error());
        } else if (ran.failure) {
            ran.done(*ran.failure);
        } else {
            ran.done(state_.sequence);
        }
    }
}

void SqliteStore::Impl::drain() {
    if (!undrained_.empty()) {
        const Status<> drained = options_.drain(undrained_);
        if (drained) {
            for (const OutboxRecord& record : undrained_) {
                drained_.push_back(record.id);
            }
            undrained_.clear();
        } else {
            observe::warn("store.audit_drain_failed", {{"reason", drained.error().describe()}});
        }
    }
    backlog_.store(undrained_.size(), std::memory_order_relaxed);
}

}  // namespace claviger::store
