// The tables of the store, and the statements that list rows by something other than their primary key.
#pragma once

#include "src/store/sqlite/sealed_table.hpp"

namespace claviger::store::sqlite {

struct Tables {
    static Result<Tables> prepare(Database& database, const Sealer& sealer);

    SealedTable<AccountRecord> accounts;
    SealedTable<PrincipalRecord> principals;
    SealedTable<AccessKeyRecord> access_keys;
    SealedTable<KeyRecord> keys;
    SealedTable<MaterialRecord> materials;
    SealedTable<AliasRecord> aliases;
    SealedTable<ClusterRecord> clusters;
    SealedTable<HsmRecord> hsms;
    SealedTable<SettingRecord> settings;
    SealedTable<OutboxRow> outbox;
    SealedTable<GrantRecord> grants;
    SealedTable<RotationScheduleRecord> rotation_schedules;
    SealedTable<RotationRecord> rotations;
    SealedTable<KeyUsageRecord> key_usages;
    SealedTable<CloudHsmClusterRecord> cloudhsm_clusters;
    SealedTable<CloudHsmRecord> cloudhsm_hsms;
    SealedTable<ClusterUserRecord> cluster_users;
    SealedTable<KeyStoreRecord> key_stores;
    SealedTable<BackupRecord> backups;
    SealedTable<ImportRecord> imports;
    Statement material_ids;  // of one key, as the four below
    Statement alias_names;
    Statement grant_ids;
    Statement grant_ids_named;
    Statement rotation_materials;
    Statement key_store_ids;    // of one account and region
    Statement keys_in_cluster;  // primary keys, as the two below
    Statement users_in_cluster;
    Statement key_stores_in_cluster;
    Statement import_materials;  // of one key
    Statement regions_of_key;    // of one account and key id
    Statement cloudhsm_hsm_ids;  // all
};

}  // namespace claviger::store::sqlite
