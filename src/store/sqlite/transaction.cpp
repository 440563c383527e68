#include "src/store/sqlite/transaction.hpp"

#include <array>

namespace claviger::store::sqlite {
namespace {

// Outbox ids are the commit's sequence and a number within it, so they rise over restarts and accepted
// restores.
constexpr unsigned kOutboxBits = 20;

template <class Record>
Status<> prepare_into(std::optional<SealedTable<Record>>& table, Database& database, const Sealer& sealer) {
    Result<SealedTable<Record>> prepared = SealedTable<Record>::prepare(database, sealer);
    if (!prepared) {
        return prepared.error();
    }
    table.emplace(std::move(*prepared));
    return done;
}

}  // namespace

std::string keys_of(const std::string& account, std::string_view region) {
    return account + '/' + std::string(region);
}

std::string keys_in(const KeyStoreId& store) {
    return "store " + store.value();
}

std::string aliases_of(const std::string& account, std::string_view region, const std::string& key) {
    return keys_of(account, region) + '/' + key;
}

std::string grants_of(const std::string& account, std::string_view region, const std::string& key) {
    return aliases_of(account, region, key) + "/grants";
}

Result<Tables> Tables::prepare(Database& database, const Sealer& sealer) {
    std::optional<SealedTable<AccountRecord>> accounts;
    std::optional<SealedTable<PrincipalRecord>> principals;
    std::optional<SealedTable<AccessKeyRecord>> access_keys;
    std::optional<SealedTable<KeyRecord>> keys;
    std::optional<SealedTable<MaterialRecord>> materials;
    std::optional<SealedTable<AliasRecord>> aliases;
    std::optional<SealedTable<ClusterRecord>> clusters;
    std::optional<SealedTable<HsmRecord>> hsms;
    std::optional<SealedTable<SettingRecord>> settings;
    std::optional<SealedTable<OutboxRow>> outbox;
    std::optional<SealedTable<GrantRecord>> grants;
    std::optional<SealedTable<RotationScheduleRecord>> rotation_schedules;
    std::optional<SealedTable<RotationRecord>> rotations;
    std::optional<SealedTable<KeyUsageRecord>> key_usages;
    std::optional<SealedTable<CloudHsmClusterRecord>> cloudhsm_clusters;
    std::optional<SealedTable<CloudHsmRecord>> cloudhsm_hsms;
    std::optional<SealedTable<ClusterUserRecord>> cluster_users;
    std::optional<SealedTable<KeyStoreRecord>> key_stores;
    std::optional<SealedTable<BackupRecord>> backups;
    std::optional<SealedTable<ImportRecord>> imports;
    Status<> made = done;
    const auto prepare_one = [&](auto& table) {
        return (made = prepare_into(table, database, sealer)).has_value();
    };
    if (!(prepare_one(accounts) && prepare_one(principals) && prepare_one(access_keys) && prepare_one(keys) &&
          prepare_one(materials) && prepare_one(aliases) && prepare_one(clusters) && prepare_one(hsms) &&
          prepare_one(settings) && prepare_one(outbox) && prepare_one(grants) &&
          prepare_one(rotation_schedules) && prepare_one(rotations) && prepare_one(key_usages) &&
          prepare_one(cloudhsm_clusters) && prepare_one(cloudhsm_hsms) && prepare_one(cluster_users) &&
          prepare_one(key_stores) && prepare_one(backups) && prepare_one(imports))) {
        return made.error();
    }
    std::vector<Statement> of_key;
    for (const char* const sql :
         {"SELECT id FROM materials WHERE account = ?1 AND region = ?2 AND key = ?3",
          "SELECT name FROM aliases WHERE account = ?1 AND region = ?2 AND target = ?3",
          "SELECT id FROM grants WHERE account = ?1 AND region = ?2 AND key = ?3",
          "SELECT id FROM grants WHERE account = ?1 AND region = ?2 AND key = ?3 AND name = ?4",
          "SELECT material FROM rotations WHERE account = ?1 AND region = ?2 AND key = ?3",
          "SELECT id FROM key_stores WHERE account = ?1 AND region = ?2",
          "SELECT account, region, id FROM keys WHERE cluster = ?1 OR "
          "key_store IN (SELECT id FROM key_stores WHERE cluster = ?1)",
          "SELECT cluster, name FROM cluster_users WHERE cluster = ?1",
          "SELECT account, region, id FROM key_stores WHERE cluster = ?1",
          "SELECT material FROM imports WHERE account = ?1 AND region = ?2 AND key = ?3", kRegionsOfKey}) {
        Result<Statement> statement = database.prepare(sql);
        if (!statement) {
            return statement.error();
        }
        of_key.push_back(std::move(*statement));
    }
    return Tables{std::move(*accounts),      std::move(*principals),    std::move(*access_keys),
                  std::move(*keys),          std::move(*materials),     std::move(*aliases),
                  std::move(*clusters),      std::move(*hsms),          std::move(*settings),
                  std::move(*outbox),        std::move(*grants),        std::move(*rotation_schedules),
                  std::move(*rotations),     std::move(*key_usages),    std::move(*cloudhsm_clusters),
                  std::move(*cloudhsm_hsms), std::move(*cluster_users), std::move(*key_stores),
                  std::move(*backups),       std::move(*imports),       std::move(of_key[0]),
                  std::move(of_key[1]),      std::move(of_key[2]),      std::move(of_key[3]),
                  std::move(of_key[4]),      std::move(of_key[5]),      std::move(of_key[6]),
                  std::move(of_key[7]),      std::move(of_key[8]),      std::move(of_key[9]),
                  std::move(of_key[10])};
}

// The primary key of a row about one thing of a key. A view of its arguments.
std::array<Cell, 4> key_and_name(const AccountId& account, std::string_view region, const KeyId& key,
                                 std::string_view name) {
    return {Cell::of_text(account.value()), Cell::of_text(region), Cell::of_text(key.value()),
            Cell::of_text(name)};
}

template <class Record>
Status<> SqliteTxn::erase_one(SealedTable<Record>& table, std::span<const Cell> key,
                              std::vector<Record>& erased) {
    Result<std::optional<Record>> found = noted(table.find(key));
    if (!found) {
        return found.error();
    }
    Status<> gone = noted(table.erase(key, set_of<Record>()));
    if (gone) {
        erased.push_back(**std::move(found));
    }
    return gone;
}

template <class Record>
Status<> SqliteTxn::write(SealedTable<Record>& table, Record record, std::vector<Record>& changed) {
    Status<> written = noted(table.write(record, set_of<Record>()));
    if (written) {
        changed.push_back(std::move(record));
    }
    return written;
}

Result<std::optional<KeyRecord>> SqliteTxn::key(const AccountId& account, std::string_view region,
                                                const KeyId& id) {
    const std::array cells{Cell::of_text(account.value()), Cell::of_text(region), Cell::of_text(id.value())};
    return noted(tables_.keys.find(cells));
}

Result<std::optional<AliasRecord>> SqliteTxn::alias(const AccountId& account, std::string_view region,
                                                    std::string_view name) {
    const std::array cells{Cell::of_text(account.value()), Cell::of_text(region), Cell::of_text(name)};
    return noted(tables_.aliases.find(cells));
}

Result<std::uint64_t> SqliteTxn::count_aliases(const AccountId& account, std::string_view region,
                                               const KeyId& key) {
    return counts_.get(aliases_of(account.value(), region, key.value()));
}

Result<std::uint64_t> SqliteTxn::count_keys(const AccountId& account, std::string_view region) {
    return counts_.get(keys_of(account.value(), region));
}

Result<std::optional<MaterialRecord>> SqliteTxn::material(const AccountId& account, std::string_view region,
                                                          const KeyId& key, std::string_view id) {
    const std::array cells{Cell::of_text(account.value()), Cell::of_text(region), Cell::of_text(key.value()),
                           Cell::of_text(id)};
    return noted(tables_.materials.find(cells));
}

Result<std::optional<GrantRecord>> SqliteTxn::grant(const AccountId& account, std::string_view region,
                                                    const KeyId& key, std::string_view id) {
    const std::array cells{Cell::of_text(account.value()), Cell::of_text(region), Cell::of_text(key.value()),
                           Cell::of_text(id)};
    return noted(tables_.grants.find(cells));
}

Result<std::vector<GrantRecord>> SqliteTxn::grants_named(const AccountId& account, std::string_view region,
                                                         const KeyId& key, std::string_view name) {
    const std::array cells{Cell::of_text(account.value()), Cell::of_text(region), Cell::of_text(key.value()),
                           Cell::of_text(name)};
    return rows_of_key(tables_.grants, tables_.grant_ids_named, cells);
}

Result<std::uint64_t> SqliteTxn::count_grants(const AccountId& account, std::string_view region,
                                              const KeyId& key) {
    return counts_.get(grants_of(account.value(), region, key.value()));
}

Result<std::optional<RotationScheduleRecord>> SqliteTxn::rotation_schedule(const AccountId& account,
                                                                           std::string_view region,
                                                                           const KeyId& key) {
    const std::array cells{Cell::of_text(account.value()), Cell::of_text(region), Cell::of_text(key.value())};
    return noted(tables_.rotation_schedules.find(cells));
}

Result<std::vector<ImportRecord>> SqliteTxn::imports(const AccountId& account, std::string_view region,
                                                     const KeyId& key) {
    const std::array cells{Cell::of_text(account.value()), Cell::of_text(region), Cell::of_text(key.value())};
    return rows_of_key(tables_.imports, tables_.import_materials, cells);
}

Result<std::vector<RotationRecord>> SqliteTxn::rotations(const AccountId& account, std::string_view region,
                                                         const KeyId& key) {
    const std::array cells{Cell::of_text(account.value()), Cell::of_text(region), Cell::of_text(key.value())};
    return rows_of_key(tables_.rotations, tables_.rotation_materials, cells);
}

Result<std::optional<KeyUsageRecord>> SqliteTxn::key_usage(const AccountId& account, std::string_view region,
                                                           const KeyId& key) {
    const std::array cells{Cell::of_text(account.value()), Cell::of_text(region), Cell::of_text(key.value())};
    return noted(tables_.key_usages.find(cells));
}

Result<std::optional<AccessKeyRecord>> SqliteTxn::access_key(std::string_view id) {
    const std::array cells{Cell::of_text(id)};
    return noted(tables_.access_keys.find(cells));
}

Result<std::optional<ClusterRecord>> SqliteTxn::cluster(const ClusterId& id) {
    const std::array cells{Cell::of_text(id.value())};
    return noted(tables_.clusters.find(cells));
}

Result<std::optional<HsmRecord>> SqliteTxn::hsm(const HsmId& id) {
    const std::array cells{Cell::of_text(id.value())};
    return noted(tables_.hsms.find(cells));
}

Result<std::optional<CloudHsmClusterRecord>> SqliteTxn::cloudhsm_cluster(const ClusterId& id) {
    const std::array cells{Cell::of_text(id.value())};
    return noted(tables_.cloudhsm_clusters.find(cells));
}

Result<std::optional<CloudHsmRecord>> SqliteTxn::cloudhsm_hsm(const HsmId& id) {
    const std::array cells{Cell::of_text(id.value())};
    return noted(tables_.cloudhsm_hsms.find(cells));
}

Result<std::optional<ClusterUserRecord>> SqliteTxn::cluster_user(const ClusterId& cluster,
                                                                 std::string_view name) {
    const std::array cells{Cell::of_text(cluster.value()), Cell::of_text(name)};
    return noted(tables_.cluster_users.find(cells));
}

Result<std::optional<KeyStoreRecord>> SqliteTxn::key_store(const AccountId& account, std::string_view region,
                                                           const KeyStoreId& id) {
    const std::array cells{Cell::of_text(account.value()), Cell::of_text(region), Cell::of_text(id.value())};
    return noted(tables_.key_stores.find(cells));
}

Result<std::vector<KeyStoreRecord>> SqliteTxn::key_stores(const AccountId& account, std::string_view region) {
    const std::array cells{Cell::of_text(account.value()), Cell::of_text(region)};
    const Result<std::vector<std::string>> ids = noted(names_of_key(tables_.key_store_ids, cells));
    if (!ids) {
        return ids.error();
    }
    std::vector<KeyStoreRecord> rows;
    for (const std::string& id : *ids) {
        Result<std::optional<KeyStoreRecord>> row = key_store(account, region, KeyStoreId(id));
        if (!row) {
            return row.error();
        }
        rows.push_back(**std::move(row));
    }
    return rows;
}

Result<std::uint64_t> SqliteTxn::count_keys_in(const KeyStoreId& id) {
    return counts_.get(keys_in(id));
}

Result<std::optional<SettingRecord>> SqliteTxn::setting(std::string_view name) {
    const std::array cells{Cell::of_text(name)};
    return noted(tables_.settings.find(cells));
}

Result<std::optional<BackupRecord>> SqliteTxn::backup(const BackupId& id) {
    const std::array cells{Cell::of_text(id.value())};
    return noted(tables_.backups.find(cells));
}

Status<> SqliteTxn::put(KeyRecord record) {
    const bool first = record.version == 0;
    const std::string counted = keys_of(record.account.value(), record.region);
    const std::string held = keys_in(record.key_store);
    Status<> written = write(tables_.keys, std::move(record), change_.keys);
    if (written && first) {
        counts_.raise(counted);
        counts_.raise(held);
    }
    return written;
}

Status<> SqliteTxn::put(AliasRecord record) {
    const Result<std::optional<AliasRecord>> old = alias(record.account, record.region, record.name);
    if (!old) {
        return old.error();
    }
    const std::string counted = aliases_of(record.account.value(), record.region, record.target.value());
    Status<> written = write(tables_.aliases, std::move(record), change_.aliases);
    if (!written) {
        return written;
    }
    if (*old) {
        counts_.lower(aliases_of((*old)->account.value(), (*old)->region, (*old)->target.value()));
    }
    counts_.raise(counted);
    return done;
}

Status<> SqliteTxn::put(GrantRecord record) {
    const bool first = record.version == 0;
    const std::string counted = grants_of(record.account.value(), record.region, record.key.value());
    Status<> written = write(tables_.grants, std::move(record), change_.grants);
    if (written && first) {
        counts_.raise(counted);
    }
    return written;
}

Status<> SqliteTxn::put(MaterialRecord record) {
    return write(tables_.materials, std::move(record), change_.materials);
}
Status<> SqliteTxn::put(RotationScheduleRecord record) {
    return write(tables_.rotation_schedules, std::move(record), change_.rotation_schedules);
}
Status<> SqliteTxn::put(ImportRecord record) {
    return write(tables_.imports, std::move(record), change_.imports);
}
Status<> SqliteTxn::put(RotationRecord record) {
    return write(tables_.rotations, std::move(record), change_.rotations);
}
Status<> SqliteTxn::put(KeyUsageRecord record) {
    return write(tables_.key_usages, std::move(record), change_.key_usages);
}
Status<> SqliteTxn::put(AccountRecord record) {
    return write(tables_.accounts, std::move(record), change_.accounts);
}
Status<> SqliteTxn::put(PrincipalRecord record) {
    return write(tables_.principals, std::move(record), change_.principals);
}
Status<> SqliteTxn::put(AccessKeyRecord record) {
    return write(tables_.access_keys, std::move(record), change_.access_keys);
}
Status<> SqliteTxn::put(ClusterRecord record) {
    return write(tables_.clusters, std::move(record), change_.clusters);
}
Status<> SqliteTxn::put(HsmRecord record) {
    return write(tables_.hsms, std::move(record), change_.hsms);
}
Status<> SqliteTxn::put(KeyStoreRecord record) {
    return write(tables_.key_stores, std::move(record), change_.key_stores);
}
Status<> SqliteTxn::put(SettingRecord record) {
    return write(tables_.settings, std::move(record), change_.settings);
}
Status<> SqliteTxn::put(CloudHsmClusterRecord record) {
    return write(tables_.cloudhsm_clusters, std::move(record), change_.cloudhsm_clusters);
}
Status<> SqliteTxn::put(CloudHsmRecord record) {
    return write(tables_.cloudhsm_hsms, std::move(record), change_.cloudhsm_hsms);
}
Status<> SqliteTxn::put(ClusterUserRecord record) {
    return write(tables_.cluster_users, std::move(record), change_.cluster_users);
}

Status<> SqliteTxn::put(BackupRecord record) {
    return write(tables_.backups, std::move(record), change_.backups);
}

Status<> SqliteTxn::erase_hsm(const HsmId& id) {
    const std::array cells{Cell::of_text(id.value())};
    Status<> erased = noted(tables_.cloudhsm_hsms.erase(cells, set_of<CloudHsmRecord>()));
    if (erased || erased.error().code == Errc::not_found) {
        erased = noted(tables_.hsms.erase(cells, set_of<HsmRecord>()));
    }
    if (!erased && erased.error().code != Errc::not_found) {
        return erased;
    }
    change_.erased_hsms.push_back(id);
    return done;
}

Status<> SqliteTxn::erase_cluster_user(const ClusterId& cluster, std::string_view name) {
    const std::array cells{Cell::of_text(cluster.value()), Cell::of_text(name)};
    Status<> erased = noted(tables_.cluster_users.erase(cells, set_of<ClusterUserRecord>()));
    if (erased) {
        ClusterUserRecord gone;
        gone.cluster = cluster;
        gone.name = name;
        change_.erased_cluster_users.push_back(std::move(gone));
    }
    return erased;
}

Status<> SqliteTxn::erase_found_alias(const AliasRecord& found) {
    const std::array cells{Cell::of_text(found.account.value()), Cell::of_text(found.region),
                           Cell::of_text(found.name)};
    Status<> erased = noted(tables_.aliases.erase(cells, set_of<AliasRecord>()));
    if (erased) {
        counts_.lower(aliases_of(found.account.value(), found.region, found.target.value()));
        change_.erased_aliases.push_back(found);
    }
    return erased;
}

Status<> SqliteTxn::erase_alias(const AccountId& account, std::string_view region, std::string_view name) {
    const Result<std::optional<AliasRecord>> found = alias(account, region, name);
    if (!found) {
        return found.error();
    }
    if (!*found) {
        return Error(Errc::not_found, "alias " + std::string(name));
    }
    return erase_found_alias(**found);
}

Result<std::vector<std::string>> SqliteTxn::names_of_key(Statement& statement, std::span<const Cell> key) {
    const StatementUse use(statement);
    const Status<> bound = statement.bind(key);
    if (!bound) {
        return bound.error();
    }
    std::vector<std::string> names;
    while (true) {
        const Result<Step> stepped = statement.step();
        if (!stepped) {
            return stepped.error();
        }
        if (*stepped == Step::done) {
            return names;
        }
        names.emplace_back(as_text(statement.cell(0).bytes));
    }
}

template <class Record>
Status<> SqliteTxn::erase_rows_of_key(SealedTable<Record>& table, Statement& names,
                                      std::span<const Cell> key) {
    const Result<std::vector<std::string>> found = noted(names_of_key(names, key));
    if (!found) {
        return found.error();
    }
    for (const std::string& name : *found) {
        const std::array cells{key[0], key[1], key[2], Cell::of_text(name)};
        Status<> erased = noted(table.erase(cells, set_of<Record>()));
        if (!erased) {
            return erased;
        }
    }
    return done;
}

template <class Record>
Status<> SqliteTxn::erase_if_there(SealedTable<Record>& table, std::span<const Cell> key) {
    Status<> erased = noted(table.erase(key, set_of<Record>()));
    return !erased && erased.error().code == Errc::not_found ? Status<>(done) : erased;
}

Status<> SqliteTxn::erase_grant(const AccountId& account, std::string_view region, const KeyId& key,
                                std::string_view id) {
    const Result<std::optional<GrantRecord>> found = grant(account, region, key, id);
    if (!found) {
        return found.error();
    }
    const std::array cells{Cell::of_text(account.value()), Cell::of_text(region), Cell::of_text(key.value()),
                           Cell::of_text(id)};
    Status<> erased = noted(tables_.grants.erase(cells, set_of<GrantRecord>()));
    if (erased) {
        counts_.lower(grants_of(account.value(), region, key.value()));
        change_.erased_grants.push_back(**found);
    }
    return erased;
}

Status<> SqliteTxn::erase_material(const AccountId& account, std::string_view region, const KeyId& key,
                                   std::string_view id) {
    const Status<> erased =
        erase_one(tables_.materials, key_and_name(account, region, key, id), change_.erased_materials);
    batch_.erased_keys = batch_.erased_keys || erased.has_value();
    return erased;
}

Status<> SqliteTxn::erase_import(const AccountId& account, std::string_view region, const KeyId& key,
                                 std::string_view material) {
    return erase_one(tables_.imports, key_and_name(account, region, key, material), change_.erased_imports);
}

Status<> SqliteTxn::erase_rotation_schedule(const AccountId& account, std::string_view region,
                                            const KeyId& key) {
    const Result<std::optional<RotationScheduleRecord>> found = rotation_schedule(account, region, key);
    if (!found) {
        return found.error();
    }
    const std::array cells{Cell::of_text(account.value()), Cell::of_text(region), Cell::of_text(key.value())};
    Status<> erased = noted(tables_.rotation_schedules.erase(cells, set_of<RotationScheduleRecord>()));
    if (erased) {
        change_.erased_rotation_schedules.push_back(**found);
    }
    return erased;
}

Status<> SqliteTxn::erase_key_store(const AccountId& account, std::string_view region, const KeyStoreId& id) {
    const Result<std::optional<KeyStoreRecord>> found = key_store(account, region, id);
    if (!found) {
        return found.error();
    }
    const std::array cells{Cell::of_text(account.value()), Cell::of_text(region), Cell::of_text(id.value())};
    Status<> erased = noted(tables_.key_stores.erase(cells, set_of<KeyStoreRecord>()));
    if (erased) {
        change_.erased_key_stores.push_back(**found);
    }
    return erased;
}

Status<> SqliteTxn::erase_key(const AccountId& account, std::string_view region, const KeyId& id) {
    const Result<std::optional<KeyRecord>> found = key(account, region, id);
    if (!found) {
        return found.error();
    }
    if (!*found) {
        return Error(Errc::not_found, "key " + id.value());
    }
    const std::array cells{Cell::of_text(account.value()), Cell::of_text(region), Cell::of_text(id.value())};
    const Result<std::vector<std::string>> aliases = noted(names_of_key(tables_.alias_names, cells));
    if (!aliases) {
        return aliases.error();
    }
    for (const std::string& name : *aliases) {
        const Status<> erased = erase_alias(account, region, name);
        if (!erased) {
            return erased;
        }
    }
    const Result<std::vector<std::string>> grants = noted(names_of_key(tables_.grant_ids, cells));
    if (!grants) {
        return grants.error();
    }
    for (Status<> erased :
         {erase_rows_of_key(tables_.materials, tables_.material_ids, cells),
          erase_rows_of_key(tables_.grants, tables_.grant_ids, cells),
          erase_rows_of_key(tables_.rotations, tables_.rotation_materials, cells),
          erase_rows_of_key(tables_.imports, tables_.import_materials, cells),
          erase_if_there(tables_.rotation_schedules, cells), erase_if_there(tables_.key_usages, cells)}) {
        if (!erased) {
            return erased;
        }
    }
    for (std::size_t i = 0; i < grants->size(); ++i) {
        counts_.lower(grants_of(account.value(), region, id.value()));
    }
    Status<> erased = noted(tables_.keys.erase(cells, set_of<KeyRecord>()));
    if (erased) {
        counts_.lower(keys_of(account.value(), region));
        counts_.lower(keys_in((*found)->key_store));
        change_.erased_keys.push_back(**found);
        batch_.erased_keys = true;
    }
    return erased;
}

Status<> SqliteTxn::audit(std::string record) {
    if (record.find('\n') != std::string::npos || record.find('\0') != std::string::npos) {
        return noted(Status<>(Error(Errc::internal, "an audit record must be one line")));
    }
    if (outbox_ == OutboxState::full) {
        return noted(
            Status<>(Error(Errc::io_error, "the audit files take no records and the outbox is full")));
    }
    if (batch_.outbox.size() >= (1U << kOutboxBits)) {
        return noted(Status<>(Error(Errc::overloaded, "too many audit records in one commit")));
    }
    OutboxRow row;
    row.id = (batch_.sequence << kOutboxBits) + batch_.outbox.size();
    row.sequence = batch_.sequence;
    row.record = record;
    Status<> written = noted(tables_.outbox.write(row, set_of<OutboxRow>()));
    if (written) {
        batch_.outbox.push_back({row.id, row.sequence, std::move(record)});
    }
    return written;
}

}  // namespace claviger::store::sqlite
