// Opening: the database is configured, migrated, read, held against its sealed state, and taken over.
#include <algorithm>

#include "src/store/sqlite/migrations.hpp"
#include "src/store/sqlite/sqlite_store_impl.hpp"

namespace claviger::store {

using namespace sqlite;

namespace {

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

Error wrong_kind(StoreKind found, StoreKind wanted) {
    return {Errc::bad_config, "this is a " + std::string(kind_name(found)) + " store and stays one; a " +
                                  std::string(kind_name(wanted)) + " store needs another data directory"};
}

}  // namespace

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

Status<> SqliteStore::Impl::write_state(const State& next) {
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

}  // namespace claviger::store
