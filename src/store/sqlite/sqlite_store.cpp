#include "src/store/sqlite/sqlite_store.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

#include "src/observe/log.hpp"
#include "src/store/sqlite/migrations.hpp"
#include "src/store/sqlite/transaction.hpp"

namespace claviger::store {
namespace {

using namespace sqlite;

constexpr std::size_t kMaxBatch = 512;
constexpr std::size_t kForgetDrainedAt =
    256;                                      // drained records are deleted with a commit that happens anyway
constexpr std::size_t kMaxUndrained = 65536;  // then transactions that audit fail: memory is finite
constexpr std::chrono::seconds kDrainRetry{1};
constexpr int kBusyWaitMilliseconds = 3000;  // a predecessor may be on its way out

Status<> configure(Database& database, const std::string& path) {
    // EXCLUSIVE before WAL: one process owns the file, so no reader of ours can meet a foreign writer, and
    // the index of the WAL stays in memory (sqlite.org/wal.html, "Use of WAL without shared memory").
    for (const std::string& pragma :
         {"PRAGMA busy_timeout = " + std::to_string(kBusyWaitMilliseconds),
          std::string("PRAGMA locking_mode = EXCLUSIVE"), std::string("PRAGMA journal_mode = WAL"),
          std::string("PRAGMA synchronous = FULL"), std::string("PRAGMA secure_delete = ON"),
          std::string("PRAGMA foreign_keys = OFF"), std::string("PRAGMA cell_size_check = ON"),
          std::string("PRAGMA temp_store = MEMORY"), std::string("BEGIN EXCLUSIVE; COMMIT")}) {
        const Status<> set = database.execute(pragma);
        if (!set && set.error().code == Errc::overloaded) {
            return Error(Errc::bad_config,
                         "the store " + path + " is in use by another process: stop it first");
        }
        if (!set) {
            return set;
        }
    }
    return done;
}

std::string_view kind_name(StoreKind kind) noexcept {
    switch (kind) {
        case StoreKind::dev: return "dev";
        case StoreKind::production: return "production";
    }
    return "unknown";
}

Error ended() {
    return {Errc::io_error, "the database ended the transaction: disk full or I/O error"};
}

Error wrong_kind(StoreKind found, StoreKind wanted) {
    return {Errc::bad_config, "this is a " + std::string(kind_name(found)) + " store and stays one; a " +
                                  std::string(kind_name(wanted)) + " store needs another data directory"};
}

}  // namespace

class SqliteStore::Impl {
public:
    Impl(SqliteOptions options, const SealingKey& key, Database database)
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

    Status<> adopt(Random& random);
    Status<> write_state(State next);
    Result<RowSets> scan(Contents& contents, std::vector<OutboxRecord>* outbox);
    void run();
    void run_batch(std::vector<Item> items);
    Ran run_one(Item item, Batch& batch);
    Status<> execute(const char* sql) { return database_.execute(sql); }
    Status<> forget_drained(Batch& batch);
    Status<> finish_batch(const Batch& batch, std::size_t kept);
    void give_up_batch(const Error& error);
    void drain();
    void stop();

    SqliteOptions options_;
    Sealer sealer_;
    Sha256Digest key_id_;
    std::string store_id_;  // constant once open
    Database database_;
    std::optional<StateTable> state_table_;
    std::optional<Tables> tables_;
    std::function<void(const Change&)> observer_;

    // The writer thread's own, once it runs.
    State state_;
    Counts counts_;
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

Status<> SqliteStore::Impl::start(Random& random) {
    const Status<> configured = configure(database_, options_.path.string());
    if (!configured) {
        return configured;
    }
    const Status<> migrated = migrate(database_);
    if (!migrated) {
        return migrated;
    }
    const Status<> checked = check_schema(database_);
    if (!checked) {
        return checked;
    }
    Result<StateTable> state_table = StateTable::prepare(database_, sealer_, key_id_);
    if (!state_table) {
        return state_table.error();
    }
    state_table_.emplace(std::move(*state_table));
    Result<Tables> tables = Tables::prepare(database_, sealer_);
    if (!tables) {
        return tables.error();
    }
    tables_.emplace(std::move(*tables));
    const Status<> adopted = adopt(random);
    if (!adopted) {
        return adopted;
    }
    // A predecessor may have died between erasing a key and clearing the WAL of its token.
    const Status<> cleared = execute("PRAGMA wal_checkpoint(TRUNCATE)");
    if (!cleared) {
        return cleared;
    }
    drain();
    thread_ = std::thread([this] { run(); });
    return done;
}

// Reads the whole store, holds it against its sealed state, and takes it over.
Status<> SqliteStore::Impl::adopt(Random& random) {
    Contents contents;
    std::vector<OutboxRecord> outbox;
    const Result<RowSets> sets = scan(contents, &outbox);
    if (!sets) {
        return sets.error();
    }
    Result<std::optional<StoredState>> stored = state_table_->read();
    if (!stored) {
        return stored.error();
    }
    State state{.kind = options_.kind, .store_id = {}, .key_id = key_id_, .sequence = 0, .sets = *sets};
    const bool born = !*stored;
    if (born) {
        if (*sets != RowSets{}) {
            return Error(Errc::integrity,
                         "the store has rows but no state row: it was changed by another program");
        }
        state.store_id = random.uuid();
    } else {
        const Status<> same = state_table_->compare(**stored, *sets);
        if (!same) {
            return same;
        }
        if ((*stored)->kind != options_.kind) {
            return wrong_kind((*stored)->kind, options_.kind);
        }
        state.store_id = (*stored)->store_id;
        state.sequence = (*stored)->sequence;
    }
    const bool older = state.sequence < options_.audited_sequence;
    if (older && options_.older_store == OlderStore::refuse) {
        return Error(Errc::integrity,
                     "the store is older (commit " + std::to_string(state.sequence) +
                         ") than the newest audit record (commit " +
                         std::to_string(options_.audited_sequence) +
                         "): put the newer store back, or start once with --accept-older-store if a "
                         "restore was meant");
    }
    if (born || older) {
        // Above everything that was ever audited, so that sequence and outbox ids never repeat.
        state.sequence = std::max(state.sequence, options_.audited_sequence) + 1;
        const Status<> written = write_state(state);
        if (!written) {
            return written;
        }
    }
    for (const KeyRecord& key : contents.keys) {
        counts_.raise(keys_of(key.account.value(), key.region));
        counts_.raise(keys_in(key.key_store));
    }
    for (const AliasRecord& alias : contents.aliases) {
        counts_.raise(aliases_of(alias.account.value(), alias.region, alias.target.value()));
    }
    for (const GrantRecord& grant : contents.grants) {
        counts_.raise(grants_of(grant.account.value(), grant.region, grant.key.value()));
    }
    counts_.commit();
    store_id_ = state.store_id;
    state_ = std::move(state);
    published_.store(state_.sequence, std::memory_order_release);
    fresh_ = std::move(contents);
    if (options_.drain) {
        undrained_ = std::move(outbox);
        backlog_.store(undrained_.size(), std::memory_order_relaxed);
    }
    return done;
}

Status<> SqliteStore::Impl::write_state(State next) {
    const Status<> begun = execute("BEGIN IMMEDIATE");
    if (!begun) {
        return begun;
    }
    Status<> written = state_table_->write(next);
    if (written) {
        written = execute("COMMIT");
    }
    if (!written && database_.in_transaction()) {
        (void)execute("ROLLBACK");  // the failure before it is the one to report
    }
    return written;
}

Result<RowSets> SqliteStore::Impl::scan(Contents& contents, std::vector<OutboxRecord>* outbox) {
    RowSets sets{};
    Status<> scanned = done;
    const auto table = [&]<class Record>(SealedTable<Record>& from, const std::function<void(Record)>& good) {
        constexpr bool kFoundation = std::is_same_v<Record, ClusterRecord> ||
                                     std::is_same_v<Record, HsmRecord> ||
                                     std::is_same_v<Record, SettingRecord>;
        const auto bad = [&](std::string sentence) {
            if (kFoundation) {
                contents.refused_foundation.push_back(sentence);
            }
            contents.refused.push_back(std::move(sentence));
        };
        scanned = from.scan(sets[static_cast<std::size_t>(Table<Record>::id)], good, bad);
        return scanned.has_value();
    };
    const auto into = [&]<class Record>(SealedTable<Record>& from, std::vector<Record>& to) {
        return table(from,
                     std::function<void(Record)>([&](Record record) { to.push_back(std::move(record)); }));
    };
    const std::function<void(OutboxRow)> keep_outbox = [&](OutboxRow row) {
        if (outbox != nullptr) {
            outbox->push_back({row.id, row.sequence, std::move(row.record)});
        }
    };
    if (!(into(tables_->accounts, contents.accounts) && into(tables_->principals, contents.principals) &&
          into(tables_->access_keys, contents.access_keys) && into(tables_->keys, contents.keys) &&
          into(tables_->materials, contents.materials) && into(tables_->aliases, contents.aliases) &&
          into(tables_->clusters, contents.clusters) && into(tables_->hsms, contents.hsms) &&
          into(tables_->settings, contents.settings) && into(tables_->grants, contents.grants) &&
          into(tables_->rotation_schedules, contents.rotation_schedules) &&
          into(tables_->rotations, contents.rotations) && into(tables_->key_usages, contents.key_usages) &&
          into(tables_->cloudhsm_clusters, contents.cloudhsm_clusters) &&
          into(tables_->cloudhsm_hsms, contents.cloudhsm_hsms) &&
          into(tables_->cluster_users, contents.cluster_users) &&
          into(tables_->key_stores, contents.key_stores) && into(tables_->backups, contents.backups) &&
          into(tables_->imports, contents.imports) && table(tables_->outbox, keep_outbox))) {
        return scanned.error();
    }
    return sets;
}

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
