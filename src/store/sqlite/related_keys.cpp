// Multi-Region keys, and what goes into a new one.
#include <array>

#include "src/store/sqlite/transaction.hpp"

namespace claviger::store::sqlite {

// Steps from Region to Region in the primary key's tree, however many keys the account has.
const char kRegionsOfKey[] =
    "WITH RECURSIVE regions(region) AS ("
    "SELECT min(region) FROM keys WHERE account = ?1 UNION ALL "
    "SELECT (SELECT min(region) FROM keys WHERE account = ?1 AND region > regions.region) FROM regions "
    "WHERE regions.region IS NOT NULL) "
    "SELECT region FROM regions WHERE region IS NOT NULL AND EXISTS "
    "(SELECT 1 FROM keys WHERE account = ?1 AND region = regions.region AND id = ?2)";

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

Result<std::vector<MaterialRecord>> SqliteTxn::materials(const AccountId& account, std::string_view region,
                                                         const KeyId& key) {
    const std::array cells{Cell::of_text(account.value()), Cell::of_text(region), Cell::of_text(key.value())};
    return rows_of_key(tables_.materials, tables_.material_ids, cells);
}

}  // namespace claviger::store::sqlite
