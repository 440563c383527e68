// The jobs of a Manager that make, read and end backups, and bring clusters back from them.
#include <algorithm>
#include <chrono>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <claviger/base/files.hpp>
#include <claviger/cluster/certificates.hpp>

#include "src/cloudhsm/ids.hpp"
#include "src/cloudhsm/manager.hpp"
#include "src/cloudhsm/vault_file.hpp"
#include "src/observe/log.hpp"

namespace claviger::cloudhsm {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using namespace std::chrono_literals;

constexpr auto kInterval = 24h;  // CloudHSM user guide: at least one in 24 hours
constexpr auto kRetry = 1h;      // after one that failed
constexpr std::uint32_t kRetention = 90;
constexpr std::size_t kMaxFile = std::size_t{1} << 30;

bool has_failed(const store::BackupRecord& backup) {
    return backup.state == store::BackupState::deleted && backup.digest.empty();
}

// When the next one of this cluster should be there.
WallTime next_backup(const std::vector<BackupPtr>& backups, const ClusterId& cluster) {
    WallTime next{};
    for (const BackupPtr& backup : backups) {
        if (backup->cluster == cluster) {
            next = std::max<WallTime>(next, backup->created + (has_failed(*backup) ? kRetry : kInterval));
        }
    }
    return next;
}

bool is_last(const std::vector<BackupPtr>& backups, const store::BackupRecord& backup) {
    return std::ranges::none_of(backups, [&](const BackupPtr& other) {
        return other->cluster == backup.cluster && other->state == store::BackupState::ready &&
               other->created > backup.created;
    });
}

// A deletion that is over, or a READY one that is older than its cluster's policy. A copy has no policy, and
// the last one of a cluster stays.
bool is_over(const store::BackupRecord& backup, const std::vector<BackupPtr>& backups, std::uint32_t days,
             WallTime now) {
    switch (backup.state) {
        case store::BackupState::pending_deletion: return backup.deletion && *backup.deletion <= now;
        case store::BackupState::ready:
            return !backup.never_expires && !backup.cluster.value().empty() &&
                   backup.created + std::chrono::days(days) <= now && !is_last(backups, backup);
        case store::BackupState::create_in_progress:
        case store::BackupState::deleted: break;
    }
    return false;
}

Status<> put_all(store::Txn& txn, auto& records) {
    Status<> put = done;
    for (auto& record : records) {
        put = put ? txn.put(record) : put;
    }
    return put;
}

// The rows of keys and key stores that this store does not know.
Result<store::Contents> unknown_keys(store::Txn& txn, const store::Contents& rows) {
    store::Contents fresh;
    for (const store::KeyStoreRecord& row : rows.key_stores) {
        const auto known = txn.key_store(row.account, row.region, row.id);
        if (!known) {
            return known.error();
        }
        if (!*known) {
            fresh.key_stores.push_back(row);
        }
    }
    for (const store::KeyRecord& row : rows.keys) {
        const auto known = txn.key(row.account, row.region, row.id);
        if (!known) {
            return known.error();
        }
        if (*known) {
            continue;
        }
        fresh.keys.push_back(row);
        const auto take = [&]<class Record>(const std::vector<Record>& from, std::vector<Record>& to) {
            std::ranges::copy_if(from, std::back_inserter(to), [&](const Record& other) {
                return other.account == row.account && other.region == row.region && other.key == row.id;
            });
        };
        take(rows.materials, fresh.materials);
        take(rows.grants, fresh.grants);
        take(rows.rotation_schedules, fresh.rotation_schedules);
        take(rows.rotations, fresh.rotations);
        for (const store::AliasRecord& alias : rows.aliases) {
            const auto taken = txn.alias(alias.account, alias.region, alias.name);
            if (taken && !*taken && alias.target == row.id) {
                fresh.aliases.push_back(alias);
            }
        }
    }
    return fresh;
}

}  // namespace

std::filesystem::path Manager::backup_file(const BackupId& id) const {
    return options_.backup_directory / (id.value() + ".backup");
}

awaitable<Result<BackupId>> Manager::begin_backup(ClusterId id) {
    const ClusterPtr view = parts_.inventory.cluster(id);
    if (!view || view->record.state != store::ClusterState::active || view->hsms.empty()) {
        co_return Error(Errc::conflict, "a cluster is backed up while it is ACTIVE and has an HSM");
    }
    store::BackupRecord record;
    record.id = BackupId(new_id("backup-", parts_.random));
    record.account = view->record.account;
    record.region = view->record.region;
    record.cluster = id;
    record.created = parts_.life.now();
    record.hsm_type = view->record.hsm_type;
    record.mode = view->record.mode;
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) { return txn.put(record); };
    const Status<> begun = co_await commit(std::move(work));
    if (!begun) {
        co_return begun.error();
    }
    co_return record.id;
}

awaitable<Status<>> Manager::finish_backup(BackupId id) {
    const BackupPtr record = parts_.inventory.backup(id);
    const Lease::Held held = co_await lease(record->cluster).take();
    co_return co_await write_backup(id);
}

awaitable<Result<Bytes>> Manager::make_backup_file(const store::BackupRecord& record) {
    if (!record.source_backup.value().empty()) {
        co_return read_file(backup_file(record.source_backup), kMaxFile);
    }
    const ClusterPtr view = parts_.inventory.cluster(record.cluster);
    const auto row = parts_.inventory.facts(record.cluster);
    Result<Bytes> signature =
        Error(Errc::no_hsm, record.cluster.value() + " has no HSM that could sign a backup");
    if (!row || !view) {
        co_return signature;
    }
    BackupContents contents{record.id, record.created, {}};
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) -> Status<> {
        auto rows = txn.contents_of(record.cluster);
        if (!rows) {
            return std::move(rows).error();
        }
        contents.rows = *std::move(rows);
        return done;
    };
    if (const Status<> read = co_await commit(std::move(work)); !read) {
        co_return read.error();
    }
    Bytes encoded = encode_backup(std::move(contents));
    const Sha256Digest digest = sha256(encoded);
    for (cluster::KeySource& signer : member_sources(*view, store::HsmState::delete_in_progress)) {
        cluster::Site where = site();
        cluster::ClusterFacts facts = facts_of(*row);
        Bytes asked = to_bytes(digest);
        signature = co_await cluster::sign_backup(std::move(where), std::move(facts), std::move(signer),
                                                  std::move(asked));
        if (signature) {
            break;
        }
    }
    if (!signature) {
        co_return signature.error();
    }
    co_return sign_off(std::move(encoded), *signature);
}

awaitable<Status<>> Manager::write_backup(BackupId id) {
    store::BackupRecord record = *parts_.inventory.backup(id);
    Status<> made = make_directory(options_.backup_directory);
    if (made) {
        const Result<Bytes> file = co_await make_backup_file(record);
        made = file ? replace_file(backup_file(id), *file) : Status<>(file.error());
        record.digest = file ? to_bytes(sha256(*file)) : Bytes();
    }
    if (made) {
        const Result<BackupContents> read_back = read_backup(record);
        made = read_back ? Status<>(done) : Status<>(read_back.error());
    }
    if (!made) {
        record.digest.clear();
        observe::error("cloudhsm.backup_failed",
                       {{"backup", id.value()}, {"reason", made.error().describe()}});
    }
    record.state = made ? store::BackupState::ready : store::BackupState::deleted;
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) -> Status<> {
        const auto row = txn.backup(id);
        if (!row || !*row) {
            return row ? Error(Errc::not_found, id.value()) : row.error();
        }
        record.version = (*row)->version;
        record.tags = (*row)->tags;  // what may be changed meanwhile
        return txn.put(record);
    };
    const Status<> recorded = co_await commit(std::move(work));
    co_return made ? recorded : made;
}

Result<BackupContents> Manager::read_backup(const store::BackupRecord& record) const {
    const Result<Bytes> file = read_file(backup_file(record.id), kMaxFile);
    if (!file) {
        return file.error();
    }
    if (to_bytes(sha256(*file)) != record.digest) {
        return Error(Errc::integrity, "the file of " + record.id.value() + " is not the one that was made");
    }
    return open_backup(*file);
}

awaitable<Status<>> Manager::check_backup(const store::BackupRecord& record) {
    Status<> verdict = done;
    const auto work = [&]() -> awaitable<void> {
        if (const Result<BackupContents> read = read_backup(record); !read) {
            verdict = read.error();
        }
        co_return;
    };
    auto running = asio::co_spawn(parts_.control, work(), asio::use_awaitable);
    co_await std::move(running);
    co_return verdict;
}

awaitable<void> Manager::tend_backups() {
    const WallTime now = parts_.life.now();
    std::vector<BackupPtr> backups = parts_.inventory.backups();
    for (const ClusterPtr& view : parts_.inventory.clusters()) {
        if (view->record.state == store::ClusterState::active && view->active_hsms() > 0 &&
            next_backup(backups, view->record.id) <= now) {
            const Result<BackupId> begun = co_await begin_backup(view->record.id);
            if (begun) {
                take_up(*begun);
            }
        }
    }
    for (const BackupPtr& backup : backups) {
        const ClusterPtr of = parts_.inventory.cluster(backup->cluster);
        if (is_over(*backup, backups, of ? of->record.retention_days : kRetention, now)) {
            run_job(backup->id.value() + " deletion", end_backup(backup->id));
        }
    }
}

// The file first: whatever ends this process in between, the row makes it be tried again.
awaitable<Status<>> Manager::end_backup(BackupId id) {
    std::error_code error;
    std::filesystem::remove(backup_file(id), error);
    Status<> removed = error ? Error(Errc::io_error, backup_file(id).string() + ": " + error.message())
                             : sync_directory(options_.backup_directory);
    if (!removed) {
        co_return removed;
    }
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) -> Status<> {
        auto row = txn.backup(id);
        if (!row || !*row) {
            return row ? Error(Errc::not_found, id.value()) : std::move(row).error();
        }
        (*row)->state = store::BackupState::deleted;
        (*row)->deletion = parts_.life.now();
        return txn.put(**std::move(row));
    };
    co_return co_await commit(std::move(work));
}

// ACTIVE without HSMs: the first one that is created gets the wrapping key from the vault.
awaitable<Status<>> Manager::found_from_backup(const ClusterView& view) {
    const ClusterId id = view.record.id;
    const BackupPtr record = parts_.inventory.backup(BackupId(view.record.source_backup));
    const Result<BackupContents> contents =
        record ? read_backup(*record) : Error(Errc::not_found, view.record.source_backup);
    if (!contents) {
        const Status<> told =
            co_await set_state(id, store::ClusterState::deleted, "The backup cannot be used.");
        co_return told ? Status<>(contents.error()) : told;
    }
    store::ClusterRecord facts = contents->facts();
    facts.lineage = ClusterId(facts.lineage_id().value());
    facts.id = id;
    if (options_.membership == cluster::MembershipRule::sealed) {
        facts.membership = store::ClusterRecord::kSealed;
    }
    std::vector<store::ClusterUserRecord> users = contents->rows.cluster_users;
    for (store::ClusterUserRecord& user : users) {
        user.cluster = id;
    }
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) -> Status<> {
        auto row = txn.cloudhsm_cluster(id);
        if (!row || !*row) {
            return row ? Error(Errc::not_found, id.value()) : std::move(row).error();
        }
        (*row)->state = store::ClusterState::active;
        Status<> put = txn.put(**std::move(row));
        put = put ? txn.put(facts) : put;
        return put ? put_all(txn, users) : put;
    };
    co_return co_await commit(std::move(work));
}

awaitable<Result<Imported>> Manager::import_backup(Bytes file, std::string anchor_pem) {
    Result<BackupContents> opened = open_backup(file);
    if (!opened) {
        co_return opened.error();
    }
    const BackupContents contents = *std::move(opened);
    if (!cluster::same_certificate(contents.facts().trust_anchor_pem, anchor_pem)) {
        co_return Error(Errc::conflict, "the backup's cluster has another trust anchor than the one given");
    }
    if (parts_.inventory.backup(contents.id)) {
        co_return Error(Errc::conflict, contents.id.value() +
                                            " is known here: aws cloudhsmv2 create-cluster "
                                            "--source-backup-id makes a cluster of it");
    }
    const ClusterId lineage = contents.facts().lineage_id();
    const cluster::HsmOptions vault_is_here = vault_options(lineage);
    const bool knows_vault = parts_.inventory.token(HsmId(vault_is_here.hsm_id)).has_value();
    const Result<store::HsmRecord> vault = find_vault(vault_is_here.state_dir);
    if (!knows_vault && !vault && options_.recovery_public.empty()) {
        co_return Error(vault.error().code, vault.error().detail +
                                                ": without the vault of the recovery key nothing in the "
                                                "backup can be opened; put its directory and the file "
                                                "beside it back first");
    }
    Status<> kept = make_directory(options_.backup_directory);
    kept = kept ? replace_file(backup_file(contents.id), file) : kept;
    if (!kept) {
        co_return kept.error();
    }
    store::BackupRecord record;
    record.id = contents.id;
    record.account = contents.cluster().account;
    record.region = contents.cluster().region;
    record.cluster = contents.cluster().id;
    record.state = store::BackupState::ready;
    record.created = contents.created;
    record.hsm_type = contents.cluster().hsm_type;
    record.mode = contents.cluster().mode;
    record.digest = to_bytes(sha256(file));
    Imported imported{record.id, record.cluster, 0, 0};
    const bool knows_cluster = parts_.inventory.cluster(record.cluster) != nullptr;
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) -> Status<> {
        Result<store::Contents> fresh = unknown_keys(txn, contents.rows);
        if (!fresh) {
            return std::move(fresh).error();
        }
        Status<> put = txn.put(record);
        if (put && !knows_cluster) {
            store::CloudHsmClusterRecord lost = contents.cluster();
            lost.state = store::ClusterState::deleted;
            put = txn.put(std::move(lost));
            put = put ? txn.put(contents.facts()) : put;
        }
        put = put && !knows_vault && vault ? txn.put(*vault) : put;
        put = put ? put_all(txn, fresh->key_stores) : put;
        put = put ? put_all(txn, fresh->keys) : put;
        put = put ? put_all(txn, fresh->materials) : put;
        put = put ? put_all(txn, fresh->aliases) : put;
        put = put ? put_all(txn, fresh->grants) : put;
        put = put ? put_all(txn, fresh->rotation_schedules) : put;
        put = put ? put_all(txn, fresh->rotations) : put;
        imported.keys = fresh->keys.size();
        imported.key_stores = fresh->key_stores.size();
        return put;
    };
    const Status<> taken = co_await commit(std::move(work));
    if (!taken) {
        co_return taken.error();
    }
    co_return imported;
}

}  // namespace claviger::cloudhsm
