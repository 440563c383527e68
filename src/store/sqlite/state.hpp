// The store's own row: kind, identity, sequence and the digest of every table's row set, under one seal.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "src/store/schema.hpp"
#include "src/store/set_digest.hpp"
#include "src/store/sqlite/handles.hpp"
#include "src/store/sqlite/sqlite_store.hpp"

namespace claviger::store::sqlite {

inline constexpr std::array<std::string_view, kTableCount> kTableNames{
    Table<AccountRecord>::name,  Table<PrincipalRecord>::name,   Table<AccessKeyRecord>::name,
    Table<KeyRecord>::name,      Table<MaterialRecord>::name,    Table<AliasRecord>::name,
    Table<ClusterRecord>::name,  Table<HsmRecord>::name,         Table<SettingRecord>::name,
    Table<OutboxRow>::name,      Table<GrantRecord>::name,       Table<RotationScheduleRecord>::name,
    Table<RotationRecord>::name, Table<KeyUsageRecord>::name,    Table<CloudHsmClusterRecord>::name,
    Table<CloudHsmRecord>::name, Table<ClusterUserRecord>::name, Table<KeyStoreRecord>::name,
    Table<BackupRecord>::name,   Table<ImportRecord>::name,
};

using RowSets = std::array<RowSet, kTableCount>;

struct State {
    StoreKind kind = StoreKind::production;
    std::string store_id;
    Sha256Digest key_id{};
    std::uint64_t sequence = 0;
    RowSets sets{};
};

// The row as stored: its own seal was verified, the sets can only be compared.
struct StoredState {
    StoreKind kind = StoreKind::production;
    std::string store_id;
    std::uint64_t sequence = 0;
    Bytes tables;
};

class StateTable {
public:
    static Result<StateTable> prepare(Database& database, const Sealer& sealer, const Sha256Digest& key_id);

    // nullopt if the store was never born; bad_config for another sealing key, integrity for a changed row.
    Result<std::optional<StoredState>> read();
    Status<> write(const State& state);
    // integrity, naming the table, if rows were put back, removed or exchanged.
    Status<> compare(const StoredState& stored, const RowSets& found) const;

private:
    StateTable(const Sealer& sealer, const Sha256Digest& key_id, Statement read, Statement write)
        : sealer_(&sealer), key_id_(key_id), read_(std::move(read)), write_(std::move(write)) {}

    const Sealer* sealer_;
    Sha256Digest key_id_;
    Statement read_;
    Statement write_;
    // Most commits change few tables: a table's digest is computed when its set has changed.
    RowSets cached_sets_{};
    std::array<std::optional<Sha256Digest>, kTableCount> cached_{};
};

}  // namespace claviger::store::sqlite
