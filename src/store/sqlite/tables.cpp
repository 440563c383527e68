#include "src/store/sqlite/tables.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace claviger::store::sqlite {

namespace {

// Steps from Region to Region in the primary key's tree, however many keys the account has.
constexpr char kRegionsOfKey[] =
    "WITH RECURSIVE regions(region) AS ("
    "SELECT min(region) FROM keys WHERE account = ?1 UNION ALL "
    "SELECT (SELECT min(region) FROM keys WHERE account = ?1 AND region > regions.region) FROM regions "
    "WHERE regions.region IS NOT NULL) "
    "SELECT region FROM regions WHERE region IS NOT NULL AND EXISTS "
    "(SELECT 1 FROM keys WHERE account = ?1 AND region = regions.region AND id = ?2)";

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
          R"(SELECT account, region, id FROM keys
             WHERE cluster = ?1 OR key_store IN (SELECT id FROM key_stores WHERE cluster = ?1))",
          "SELECT cluster, name FROM cluster_users WHERE cluster = ?1",
          "SELECT account, region, id FROM key_stores WHERE cluster = ?1",
          "SELECT material FROM imports WHERE account = ?1 AND region = ?2 AND key = ?3", kRegionsOfKey,
          "SELECT id FROM cloudhsm_hsms"}) {
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
                  std::move(of_key[10]),     std::move(of_key[11])};
}

}  // namespace claviger::store::sqlite
