// Single rows, rows of a key, and counts.
#include "src/store/sqlite/transaction.hpp"

namespace claviger::store::sqlite {

Result<std::optional<KeyRecord>> SqliteTxn::key(const AccountId& account, std::string_view region,
                                                const KeyId& id) {
    return noted(tables_.keys.find(row_key(account, region, id.value())));
}

Result<std::vector<KeyRecord>> SqliteTxn::related_keys(const AccountId& account, const KeyId& id) {
    const std::array wanted{Cell::of_text(account.value()), Cell::of_text(id.value())};
    const Result<std::vector<std::string>> regions = noted(names_of_key(tables_.regions_of_key, wanted));
    if (!regions) {
        return regions.error();
    }
    std::vector<KeyRecord> rows;
    for (const std::string& region : *regions) {
        Result<std::optional<KeyRecord>> row = key(account, region, id);
        if (!row) {
            return row.error();
        }
        if (*row && (**row).multi_region) {
            rows.push_back(**std::move(row));
        }
    }
    return rows;
}

Result<std::optional<AliasRecord>> SqliteTxn::alias(const AccountId& account, std::string_view region,
                                                    std::string_view name) {
    return noted(tables_.aliases.find(row_key(account, region, name)));
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
    return noted(tables_.materials.find(row_key(account, region, key, id)));
}

Result<std::optional<GrantRecord>> SqliteTxn::grant(const AccountId& account, std::string_view region,
                                                    const KeyId& key, std::string_view id) {
    return noted(tables_.grants.find(row_key(account, region, key, id)));
}

Result<std::vector<GrantRecord>> SqliteTxn::grants_named(const AccountId& account, std::string_view region,
                                                         const KeyId& key, std::string_view name) {
    return rows_of_key(tables_.grants, tables_.grant_ids_named, row_key(account, region, key, name));
}

Result<std::uint64_t> SqliteTxn::count_grants(const AccountId& account, std::string_view region,
                                              const KeyId& key) {
    return counts_.get(grants_of(account.value(), region, key.value()));
}

Result<std::optional<RotationScheduleRecord>> SqliteTxn::rotation_schedule(const AccountId& account,
                                                                           std::string_view region,
                                                                           const KeyId& key) {
    return noted(tables_.rotation_schedules.find(row_key(account, region, key.value())));
}

Result<std::vector<MaterialRecord>> SqliteTxn::materials(const AccountId& account, std::string_view region,
                                                         const KeyId& key) {
    return rows_of_key(tables_.materials, tables_.material_ids, row_key(account, region, key.value()));
}

Result<std::vector<ImportRecord>> SqliteTxn::imports(const AccountId& account, std::string_view region,
                                                     const KeyId& key) {
    return rows_of_key(tables_.imports, tables_.import_materials, row_key(account, region, key.value()));
}

Result<std::vector<RotationRecord>> SqliteTxn::rotations(const AccountId& account, std::string_view region,
                                                         const KeyId& key) {
    return rows_of_key(tables_.rotations, tables_.rotation_materials, row_key(account, region, key.value()));
}

Result<std::optional<KeyUsageRecord>> SqliteTxn::key_usage(const AccountId& account, std::string_view region,
                                                           const KeyId& key) {
    return noted(tables_.key_usages.find(row_key(account, region, key.value())));
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

Result<std::vector<CloudHsmRecord>> SqliteTxn::cloudhsm_hsms() {
    const Result<std::vector<std::string>> ids = noted(names_of_key(tables_.cloudhsm_hsm_ids, {}));
    if (!ids) {
        return ids.error();
    }
    std::vector<CloudHsmRecord> rows;
    for (const std::string& id : *ids) {
        Result<std::optional<CloudHsmRecord>> row = cloudhsm_hsm(HsmId(id));
        if (!row) {
            return row.error();
        }
        rows.push_back(**std::move(row));
    }
    return rows;
}

Result<std::optional<ClusterUserRecord>> SqliteTxn::cluster_user(const ClusterId& cluster,
                                                                 std::string_view name) {
    const std::array cells{Cell::of_text(cluster.value()), Cell::of_text(name)};
    return noted(tables_.cluster_users.find(cells));
}

Result<std::optional<KeyStoreRecord>> SqliteTxn::key_store(const AccountId& account, std::string_view region,
                                                           const KeyStoreId& id) {
    return noted(tables_.key_stores.find(row_key(account, region, id.value())));
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

}  // namespace claviger::store::sqlite
