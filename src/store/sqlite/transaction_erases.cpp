// Rows erased, the rows that go with them, and the counts that follow.
#include "src/store/sqlite/transaction.hpp"

namespace claviger::store::sqlite {

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

Status<> SqliteTxn::erase_alias(const AccountId& account, std::string_view region, std::string_view name) {
    Status<> erased = erase_one(tables_.aliases, row_key(account, region, name), change_.erased_aliases);
    if (erased) {
        const AliasRecord& gone = change_.erased_aliases.back();
        counts_.lower(aliases_of(account.value(), region, gone.target.value()));
    }
    return erased;
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
    Status<> erased = erase_one(tables_.grants, row_key(account, region, key, id), change_.erased_grants);
    if (erased) {
        counts_.lower(grants_of(account.value(), region, key.value()));
    }
    return erased;
}

Status<> SqliteTxn::erase_material(const AccountId& account, std::string_view region, const KeyId& key,
                                   std::string_view id) {
    const Status<> erased =
        erase_one(tables_.materials, row_key(account, region, key, id), change_.erased_materials);
    batch_.erased_keys = batch_.erased_keys || erased.has_value();
    return erased;
}

Status<> SqliteTxn::erase_import(const AccountId& account, std::string_view region, const KeyId& key,
                                 std::string_view material) {
    return erase_one(tables_.imports, row_key(account, region, key, material), change_.erased_imports);
}

Status<> SqliteTxn::erase_rotation_schedule(const AccountId& account, std::string_view region,
                                            const KeyId& key) {
    return erase_one(tables_.rotation_schedules, row_key(account, region, key.value()),
                     change_.erased_rotation_schedules);
}

Status<> SqliteTxn::erase_key_store(const AccountId& account, std::string_view region, const KeyStoreId& id) {
    return erase_one(tables_.key_stores, row_key(account, region, id.value()), change_.erased_key_stores);
}

Status<> SqliteTxn::erase_key(const AccountId& account, std::string_view region, const KeyId& id) {
    const Result<std::optional<KeyRecord>> found = key(account, region, id);
    if (!found) {
        return found.error();
    }
    if (!*found) {
        return Error(Errc::not_found, "key " + id.value());
    }
    const auto cells = row_key(account, region, id.value());
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

}  // namespace claviger::store::sqlite
