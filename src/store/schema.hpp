// Which member of a record stands in which column: the only place that knows. Reading, writing, sealing and
// the tests that tamper with each column all follow from these lists. Primary-key columns come first.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "src/store/cells.hpp"
#include "src/store/records.hpp"

namespace claviger::store {

// An outbox row: an audit record until the audit files have it.
struct OutboxRow {
    std::uint64_t id = 0;
    std::uint64_t sequence = 0;
    std::string record;
    std::uint64_t version = 0;
};

// Order is part of the sealed state: append only.
enum class TableId : std::uint8_t {
    accounts,
    principals,
    access_keys,
    keys,
    materials,
    aliases,
    clusters,
    hsms,
    settings,
    outbox,
    grants,
    rotation_schedules,
    rotations,
    key_usages,
    cloudhsm_clusters,
    cloudhsm_hsms,
    cluster_users,
    key_stores,
    backups,
    imports,
};
inline constexpr std::size_t kTableCount = 20;

template <class Record, class Member>
struct Column {
    std::string_view name;
    Member Record::*member;
};
template <class Record, class Member>
constexpr Column<Record, Member> column(std::string_view name, Member Record::*member) {
    return {name, member};
}

template <class Record>
struct Table;

template <>
struct Table<AccountRecord> {
    static constexpr TableId id = TableId::accounts;
    static constexpr std::string_view name = "accounts";
    static constexpr std::size_t key_columns = 1;
    static constexpr auto columns =
        std::tuple(column("id", &AccountRecord::id), column("alias", &AccountRecord::alias));
};

template <>
struct Table<PrincipalRecord> {
    static constexpr TableId id = TableId::principals;
    static constexpr std::string_view name = "principals";
    static constexpr std::size_t key_columns = 1;
    static constexpr auto columns = std::tuple(
        column("arn", &PrincipalRecord::arn), column("account", &PrincipalRecord::account),
        column("name", &PrincipalRecord::name), column("principal_id", &PrincipalRecord::principal_id));
};

template <>
struct Table<AccessKeyRecord> {
    static constexpr TableId id = TableId::access_keys;
    static constexpr std::string_view name = "access_keys";
    static constexpr std::size_t key_columns = 1;
    static constexpr auto columns =
        std::tuple(column("id", &AccessKeyRecord::id), column("owner_arn", &AccessKeyRecord::owner_arn),
                   column("sealed_secret", &AccessKeyRecord::sealed_secret),
                   column("active", &AccessKeyRecord::active), column("created", &AccessKeyRecord::created));
};

template <>
struct Table<KeyRecord> {
    static constexpr TableId id = TableId::keys;
    static constexpr std::string_view name = "keys";
    static constexpr std::size_t key_columns = 3;
    static constexpr auto columns = std::tuple(
        column("account", &KeyRecord::account), column("region", &KeyRecord::region),
        column("id", &KeyRecord::id), column("cluster", &KeyRecord::cluster),
        column("state", &KeyRecord::state), column("spec", &KeyRecord::spec),
        column("usage", &KeyRecord::usage), column("origin", &KeyRecord::origin),
        column("description", &KeyRecord::description), column("policy", &KeyRecord::policy),
        column("multi_region", &KeyRecord::multi_region), column("tags", &KeyRecord::tags),
        column("created", &KeyRecord::created), column("deletion_date", &KeyRecord::deletion_date),
        column("pending_window_days", &KeyRecord::pending_window_days),
        column("current_material", &KeyRecord::current_material), column("key_store", &KeyRecord::key_store),
        column("primary_region", &KeyRecord::primary_region));
    static constexpr std::size_t added_columns = 2;
};

template <>
struct Table<MaterialRecord> {
    static constexpr TableId id = TableId::materials;
    static constexpr std::string_view name = "materials";
    static constexpr std::size_t key_columns = 4;
    static constexpr auto columns = std::tuple(
        column("account", &MaterialRecord::account), column("region", &MaterialRecord::region),
        column("key", &MaterialRecord::key), column("id", &MaterialRecord::id),
        column("key_token", &MaterialRecord::key_token), column("created", &MaterialRecord::created));
};

template <>
struct Table<ImportRecord> {
    static constexpr TableId id = TableId::imports;
    static constexpr std::string_view name = "imports";
    static constexpr std::size_t key_columns = 4;
    static constexpr auto columns = std::tuple(
        column("account", &ImportRecord::account), column("region", &ImportRecord::region),
        column("key", &ImportRecord::key), column("material", &ImportRecord::material),
        column("status", &ImportRecord::status), column("description", &ImportRecord::description),
        column("valid_to", &ImportRecord::valid_to), column("public_key", &ImportRecord::public_key),
        column("created", &ImportRecord::created));
};

template <>
struct Table<AliasRecord> {
    static constexpr TableId id = TableId::aliases;
    static constexpr std::string_view name = "aliases";
    static constexpr std::size_t key_columns = 3;
    static constexpr auto columns =
        std::tuple(column("account", &AliasRecord::account), column("region", &AliasRecord::region),
                   column("name", &AliasRecord::name), column("target", &AliasRecord::target),
                   column("created", &AliasRecord::created), column("updated", &AliasRecord::updated));
};

template <>
struct Table<GrantRecord> {
    static constexpr TableId id = TableId::grants;
    static constexpr std::string_view name = "grants";
    static constexpr std::size_t key_columns = 4;
    static constexpr auto columns = std::tuple(
        column("account", &GrantRecord::account), column("region", &GrantRecord::region),
        column("key", &GrantRecord::key), column("id", &GrantRecord::id), column("name", &GrantRecord::name),
        column("grantee", &GrantRecord::grantee), column("retiring", &GrantRecord::retiring),
        column("issuer", &GrantRecord::issuer), column("operations", &GrantRecord::operations),
        column("context_equals", &GrantRecord::context_equals),
        column("context_subset", &GrantRecord::context_subset), column("created", &GrantRecord::created));
};

template <>
struct Table<RotationScheduleRecord> {
    static constexpr TableId id = TableId::rotation_schedules;
    static constexpr std::string_view name = "rotation_schedules";
    static constexpr std::size_t key_columns = 3;
    static constexpr auto columns = std::tuple(column("account", &RotationScheduleRecord::account),
                                               column("region", &RotationScheduleRecord::region),
                                               column("key", &RotationScheduleRecord::key),
                                               column("period_days", &RotationScheduleRecord::period_days),
                                               column("next", &RotationScheduleRecord::next));
};

template <>
struct Table<RotationRecord> {
    static constexpr TableId id = TableId::rotations;
    static constexpr std::string_view name = "rotations";
    static constexpr std::size_t key_columns = 4;
    static constexpr auto columns =
        std::tuple(column("account", &RotationRecord::account), column("region", &RotationRecord::region),
                   column("key", &RotationRecord::key), column("material", &RotationRecord::material),
                   column("type", &RotationRecord::type), column("date", &RotationRecord::date));
};

template <>
struct Table<KeyUsageRecord> {
    static constexpr TableId id = TableId::key_usages;
    static constexpr std::string_view name = "key_usages";
    static constexpr std::size_t key_columns = 3;
    static constexpr auto columns =
        std::tuple(column("account", &KeyUsageRecord::account), column("region", &KeyUsageRecord::region),
                   column("key", &KeyUsageRecord::key), column("operation", &KeyUsageRecord::operation),
                   column("time", &KeyUsageRecord::time), column("event_id", &KeyUsageRecord::event_id),
                   column("request_id", &KeyUsageRecord::request_id));
};

template <>
struct Table<ClusterRecord> {
    static constexpr TableId id = TableId::clusters;
    static constexpr std::string_view name = "clusters";
    static constexpr std::size_t key_columns = 1;
    static constexpr auto columns = std::tuple(
        column("id", &ClusterRecord::id), column("state", &ClusterRecord::state),
        column("cwk_generation", &ClusterRecord::cwk_generation),
        column("recovery_bundle", &ClusterRecord::recovery_bundle),
        column("recovery_public", &ClusterRecord::recovery_public),
        column("check_token", &ClusterRecord::check_token),
        column("identity_token", &ClusterRecord::identity_token),
        column("certificate_pem", &ClusterRecord::certificate_pem),
        column("trust_anchor_pem", &ClusterRecord::trust_anchor_pem),
        column("lineage", &ClusterRecord::lineage), column("membership", &ClusterRecord::membership));
    static constexpr std::size_t added_columns = 2;
};

template <>
struct Table<HsmRecord> {
    static constexpr TableId id = TableId::hsms;
    static constexpr std::string_view name = "hsms";
    static constexpr std::size_t key_columns = 1;
    static constexpr auto columns = std::tuple(
        column("id", &HsmRecord::id), column("cluster", &HsmRecord::cluster),
        column("zone", &HsmRecord::zone), column("serial", &HsmRecord::serial),
        column("state", &HsmRecord::state), column("sealed_officer_pin", &HsmRecord::sealed_officer_pin));
};

template <>
struct Table<KeyStoreRecord> {
    static constexpr TableId id = TableId::key_stores;
    static constexpr std::string_view name = "key_stores";
    static constexpr std::size_t key_columns = 3;
    static constexpr auto columns =
        std::tuple(column("account", &KeyStoreRecord::account), column("region", &KeyStoreRecord::region),
                   column("id", &KeyStoreRecord::id), column("name", &KeyStoreRecord::name),
                   column("cluster", &KeyStoreRecord::cluster),
                   column("trust_anchor_pem", &KeyStoreRecord::trust_anchor_pem),
                   column("state", &KeyStoreRecord::state), column("error_code", &KeyStoreRecord::error_code),
                   column("sealed_password", &KeyStoreRecord::sealed_password),
                   column("created", &KeyStoreRecord::created));
};

template <>
struct Table<SettingRecord> {
    static constexpr TableId id = TableId::settings;
    static constexpr std::string_view name = "settings";
    static constexpr std::size_t key_columns = 1;
    static constexpr auto columns =
        std::tuple(column("name", &SettingRecord::name), column("value", &SettingRecord::value));
};

template <>
struct Table<OutboxRow> {
    static constexpr TableId id = TableId::outbox;
    static constexpr std::string_view name = "outbox";
    static constexpr std::size_t key_columns = 1;
    static constexpr auto columns =
        std::tuple(column("id", &OutboxRow::id), column("sequence", &OutboxRow::sequence),
                   column("record", &OutboxRow::record));
};

template <>
struct Table<CloudHsmClusterRecord> {
    using R = CloudHsmClusterRecord;
    static constexpr TableId id = TableId::cloudhsm_clusters;
    static constexpr std::string_view name = "cloudhsm_clusters";
    static constexpr std::size_t key_columns = 1;
    static constexpr auto columns = std::tuple(
        column("id", &R::id), column("account", &R::account), column("region", &R::region),
        column("state", &R::state), column("state_message", &R::state_message),
        column("hsm_type", &R::hsm_type), column("mode", &R::mode), column("network_type", &R::network_type),
        column("retention_days", &R::retention_days), column("subnets", &R::subnets), column("vpc", &R::vpc),
        column("security_group", &R::security_group), column("source_backup", &R::source_backup),
        column("csr_pem", &R::csr_pem), column("hsm_certificate_pem", &R::hsm_certificate_pem),
        column("aws_hardware_pem", &R::aws_hardware_pem),
        column("manufacturer_hardware_pem", &R::manufacturer_hardware_pem),
        column("logged_out", &R::logged_out), column("tags", &R::tags), column("created", &R::created));
};

template <>
struct Table<CloudHsmRecord> {
    using R = CloudHsmRecord;
    static constexpr TableId id = TableId::cloudhsm_hsms;
    static constexpr std::string_view name = "cloudhsm_hsms";
    static constexpr std::size_t key_columns = 1;
    static constexpr auto columns =
        std::tuple(column("id", &R::id), column("cluster", &R::cluster), column("zone", &R::zone),
                   column("subnet", &R::subnet), column("eni", &R::eni), column("ip", &R::ip),
                   column("state", &R::state), column("state_message", &R::state_message),
                   column("place", &R::place), column("created", &R::created));
};

template <>
struct Table<ClusterUserRecord> {
    using R = ClusterUserRecord;
    static constexpr TableId id = TableId::cluster_users;
    static constexpr std::string_view name = "cluster_users";
    static constexpr std::size_t key_columns = 2;
    static constexpr auto columns =
        std::tuple(column("cluster", &R::cluster), column("name", &R::name), column("role", &R::role),
                   column("password_hash", &R::password_hash), column("created", &R::created));
};

template <>
struct Table<BackupRecord> {
    using R = BackupRecord;
    static constexpr TableId id = TableId::backups;
    static constexpr std::string_view name = "backups";
    static constexpr std::size_t key_columns = 1;
    static constexpr auto columns =
        std::tuple(column("id", &R::id), column("account", &R::account), column("region", &R::region),
                   column("cluster", &R::cluster), column("state", &R::state), column("created", &R::created),
                   column("copied", &R::copied), column("deletion", &R::deletion),
                   column("never_expires", &R::never_expires), column("source_region", &R::source_region),
                   column("source_backup", &R::source_backup), column("source_cluster", &R::source_cluster),
                   column("hsm_type", &R::hsm_type), column("mode", &R::mode), column("tags", &R::tags),
                   column("policy", &R::policy), column("digest", &R::digest));
};

template <class Record>
inline constexpr std::size_t kColumnCount =
    std::tuple_size_v<std::remove_cvref_t<decltype(Table<Record>::columns)>>;

// What the seal of a row covers. Columns that came with a later migration (`added_columns`) stand last, as
// text; those that are empty are left out from the end, so that the seals of older rows stay good.
template <class Record>
std::span<const Cell> sealed_cells(std::span<const Cell> cells) {
    if constexpr (requires { Table<Record>::added_columns; }) {
        for (std::size_t i = 0; i < Table<Record>::added_columns; ++i) {
            if (cells.back().type != CellType::text || !cells.back().bytes.empty()) {
                break;
            }
            cells = cells.first(cells.size() - 1);
        }
    }
    return cells;
}

// Bytes that a cell views and no record owns, such as encoded tags.
using CellStorage = std::deque<Bytes>;

// To cells. `storage` must outlive them.
inline Cell to_cell(const std::string& text, CellStorage&) {
    return Cell::of_text(text);
}
inline Cell to_cell(const Bytes& blob, CellStorage&) {
    return Cell::of_blob(blob);
}
inline Cell to_cell(bool flag, CellStorage&) {
    return Cell::of(flag ? 1 : 0);
}
inline Cell to_cell(std::uint32_t number, CellStorage&) {
    return Cell::of(number);
}
inline Cell to_cell(std::uint64_t number, CellStorage&) {
    return Cell::of(static_cast<std::int64_t>(number));
}
template <class State>
    requires std::is_enum_v<State>
Cell to_cell(State state, CellStorage&) {
    return Cell::of(static_cast<std::int64_t>(state));
}
inline Cell to_cell(WallTime time, CellStorage&) {
    return Cell::of(time.time_since_epoch().count());
}
template <class Tag_>
Cell to_cell(const Id<Tag_>& id, CellStorage&) {
    return Cell::of_text(id.value());
}
inline Cell to_cell(const std::optional<WallTime>& time, CellStorage& storage) {
    return time ? to_cell(*time, storage) : Cell{};
}
Cell to_cell(const std::vector<Tag>& tags, CellStorage& storage);
Cell to_cell(const std::vector<std::string>& texts, CellStorage& storage);

// From cells; false if the cell cannot be such a value.
bool from_cell(const Cell& cell, std::string& text);
bool from_cell(const Cell& cell, Bytes& blob);
bool from_cell(const Cell& cell, bool& flag);
bool from_cell(const Cell& cell, std::uint32_t& number);
bool from_cell(const Cell& cell, std::uint64_t& number);
bool from_cell(const Cell& cell, KeyState& state);
bool from_cell(const Cell& cell, RotationType& type);
bool from_cell(const Cell& cell, ImportStatus& status);
bool from_cell(const Cell& cell, ConnectionState& state);
bool from_cell(const Cell& cell, ClusterState& state);
bool from_cell(const Cell& cell, HsmState& state);
bool from_cell(const Cell& cell, BackupState& state);
bool from_cell(const Cell& cell, WallTime& time);
bool from_cell(const Cell& cell, std::optional<WallTime>& time);
bool from_cell(const Cell& cell, std::vector<Tag>& tags);
bool from_cell(const Cell& cell, std::vector<std::string>& texts);
template <class Tag_>
bool from_cell(const Cell& cell, Id<Tag_>& id) {
    std::string text;
    if (!from_cell(cell, text)) {
        return false;
    }
    id = Id<Tag_>(std::move(text));
    return true;
}

// All columns of the record in schema order, without version and seal.
template <class Record>
std::vector<Cell> cells_of(const Record& record, CellStorage& storage) {
    return std::apply(
        [&](const auto&... column) { return std::vector<Cell>{to_cell(record.*column.member, storage)...}; },
        Table<Record>::columns);
}

// nullopt if a cell is of another type or out of limits. Nothing of the kind is ever written.
template <class Record>
std::optional<Record> record_of(std::span<const Cell> cells) {
    Record record;
    std::size_t next = 0;
    const bool ok = std::apply(
        [&](const auto&... column) { return (from_cell(cells[next++], record.*column.member) && ...); },
        Table<Record>::columns);
    return ok ? std::optional(std::move(record)) : std::nullopt;
}

}  // namespace claviger::store
