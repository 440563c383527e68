#include "src/store/sqlite/transaction.hpp"

#include <array>

namespace claviger::store::sqlite {
namespace {

// Outbox ids are the commit's sequence and a number within it, so they rise over restarts and accepted
// restores.
constexpr unsigned kOutboxBits = 20;

// Whether a transaction may go on after this error: it was about a row, not about the database.
bool is_about_a_row(Errc code) noexcept {
    return code == Errc::conflict || code == Errc::not_found || code == Errc::integrity;
}

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

std::string aliases_of(const std::string& account, std::string_view region, const std::string& key) {
    return keys_of(account, region) + '/' + key;
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
    Status<> made = done;
    const auto prepare_one = [&](auto& table) {
        return (made = prepare_into(table, database, sealer)).has_value();
    };
    if (!(prepare_one(accounts) && prepare_one(principals) && prepare_one(access_keys) && prepare_one(keys) &&
          prepare_one(materials) && prepare_one(aliases) && prepare_one(clusters) && prepare_one(hsms) &&
          prepare_one(settings) && prepare_one(outbox))) {
        return made.error();
    }
    Result<Statement> material_ids =
        database.prepare("SELECT id FROM materials WHERE account = ?1 AND region = ?2 AND key = ?3");
    if (!material_ids) {
        return material_ids.error();
    }
    Result<Statement> alias_names =
        database.prepare("SELECT name FROM aliases WHERE account = ?1 AND region = ?2 AND target = ?3");
    if (!alias_names) {
        return alias_names.error();
    }
    return Tables{std::move(*accounts), std::move(*principals),   std::move(*access_keys),
                  std::move(*keys),     std::move(*materials),    std::move(*aliases),
                  std::move(*clusters), std::move(*hsms),         std::move(*settings),
                  std::move(*outbox),   std::move(*material_ids), std::move(*alias_names)};
}

template <class T>
T SqliteTxn::noted(T result) {
    if (!result && !failure_ && !is_about_a_row(result.error().code)) {
        failure_ = result.error();
    }
    return result;
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

Result<std::optional<SettingRecord>> SqliteTxn::setting(std::string_view name) {
    const std::array cells{Cell::of_text(name)};
    return noted(tables_.settings.find(cells));
}

Status<> SqliteTxn::put(KeyRecord record) {
    const bool first = record.version == 0;
    const std::string counted = keys_of(record.account.value(), record.region);
    Status<> written = write(tables_.keys, std::move(record), change_.keys);
    if (written && first) {
        counts_.raise(counted);
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

Status<> SqliteTxn::put(MaterialRecord record) {
    return write(tables_.materials, std::move(record), change_.materials);
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
Status<> SqliteTxn::put(SettingRecord record) {
    return write(tables_.settings, std::move(record), change_.settings);
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
    const Result<std::vector<std::string>> materials = noted(names_of_key(tables_.material_ids, cells));
    if (!materials) {
        return materials.error();
    }
    for (const std::string& name : *aliases) {
        const Status<> erased = erase_alias(account, region, name);
        if (!erased) {
            return erased;
        }
    }
    for (const std::string& material : *materials) {
        const std::array material_cells{cells[0], cells[1], cells[2], Cell::of_text(material)};
        const Status<> erased = noted(tables_.materials.erase(material_cells, set_of<MaterialRecord>()));
        if (!erased) {
            return erased;
        }
    }
    Status<> erased = noted(tables_.keys.erase(cells, set_of<KeyRecord>()));
    if (erased) {
        counts_.lower(keys_of(account.value(), region));
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
