// How a Manager brings back from a backup what was lost: a cluster, or the rows of a file from elsewhere.
#include <algorithm>

#include <boost/asio/awaitable.hpp>

#include <claviger/base/files.hpp>
#include <claviger/cluster/certificates.hpp>

#include "src/cloudhsm/manager.hpp"
#include "src/cloudhsm/vault_file.hpp"

namespace claviger::cloudhsm {
namespace {

using boost::asio::awaitable;

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

// ACTIVE without HSMs: the first one that is created gets the wrapping key from the vault.
awaitable<Status<>> Manager::found_from_backup(const ClusterView& view) {
    const ClusterId id = view.record.id;
    const BackupPtr record = parts_.inventory.backup(BackupId(view.record.source_backup));
    const auto read = [&]() -> Result<BackupContents> {
        return record ? read_backup(*record) : Error(Errc::not_found, view.record.source_backup);
    };
    const Result<BackupContents> contents = co_await aside_.run(read);
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
    const auto open = [&] { return open_backup(file); };
    Result<BackupContents> opened = co_await aside_.run(open);
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
    const auto keep = [&] {
        const Status<> made = make_directory(options_.backup_directory);
        return made ? replace_file(backup_file(contents.id), file) : made;
    };
    const Status<> kept = co_await aside_.run(keep);
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
