// One transaction over the tables.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "src/store/sqlite/counts.hpp"
#include "src/store/sqlite/state.hpp"
#include "src/store/sqlite/tables.hpp"

namespace claviger::store::sqlite {

// What a batch of transactions changes besides the database; thrown away if its commit fails.
struct Batch {
    RowSets sets{};
    std::uint64_t sequence = 0;  // the one the commit will have
    std::vector<OutboxRecord> outbox;
    bool erased_keys = false;
};

enum class OutboxState { taking, full };

// Whether a transaction may go on after this error: it was about a row, not about the database.
inline bool is_about_a_row(Errc code) noexcept {
    return code == Errc::conflict || code == Errc::not_found || code == Errc::integrity;
}

// Primary keys of rows of an account and Region, and of rows about one of its keys. Views of their arguments.
inline std::array<Cell, 3> row_key(const AccountId& account, std::string_view region, std::string_view id) {
    return {Cell::of_text(account.value()), Cell::of_text(region), Cell::of_text(id)};
}
inline std::array<Cell, 4> row_key(const AccountId& account, std::string_view region, const KeyId& key,
                                   std::string_view name) {
    return {Cell::of_text(account.value()), Cell::of_text(region), Cell::of_text(key.value()),
            Cell::of_text(name)};
}

// One transaction between its SAVEPOINT and RELEASE. Remembers the first failure that only a rollback can
// answer.
class SqliteTxn final : public Txn {
public:
    SqliteTxn(Tables& tables, Counts& counts, Batch& batch, OutboxState outbox)
        : tables_(tables), counts_(counts), batch_(batch), outbox_(outbox) {}

    Result<std::optional<KeyRecord>> key(const AccountId&, std::string_view region, const KeyId&) override;
    Result<std::vector<KeyRecord>> related_keys(const AccountId&, const KeyId&) override;
    Result<std::optional<AliasRecord>> alias(const AccountId&, std::string_view region,
                                             std::string_view name) override;
    Result<std::uint64_t> count_aliases(const AccountId&, std::string_view region, const KeyId&) override;
    Result<std::uint64_t> count_keys(const AccountId&, std::string_view region) override;
    Result<std::optional<MaterialRecord>> material(const AccountId&, std::string_view region, const KeyId&,
                                                   std::string_view id) override;
    Result<std::optional<GrantRecord>> grant(const AccountId&, std::string_view region, const KeyId&,
                                             std::string_view id) override;
    Result<std::vector<GrantRecord>> grants_named(const AccountId&, std::string_view region, const KeyId&,
                                                  std::string_view name) override;
    Result<std::uint64_t> count_grants(const AccountId&, std::string_view region, const KeyId&) override;
    Result<std::optional<RotationScheduleRecord>> rotation_schedule(const AccountId&, std::string_view region,
                                                                    const KeyId&) override;
    Result<std::vector<MaterialRecord>> materials(const AccountId&, std::string_view region,
                                                  const KeyId&) override;
    Result<std::vector<ImportRecord>> imports(const AccountId&, std::string_view region,
                                              const KeyId&) override;
    Result<std::vector<RotationRecord>> rotations(const AccountId&, std::string_view region,
                                                  const KeyId&) override;
    Result<std::optional<KeyUsageRecord>> key_usage(const AccountId&, std::string_view region,
                                                    const KeyId&) override;
    Result<std::optional<AccessKeyRecord>> access_key(std::string_view id) override;
    Result<std::optional<ClusterRecord>> cluster(const ClusterId&) override;
    Result<std::optional<HsmRecord>> hsm(const HsmId&) override;
    Result<std::optional<CloudHsmClusterRecord>> cloudhsm_cluster(const ClusterId&) override;
    Result<std::optional<CloudHsmRecord>> cloudhsm_hsm(const HsmId&) override;
    Result<std::vector<CloudHsmRecord>> cloudhsm_hsms() override;
    Result<std::optional<ClusterUserRecord>> cluster_user(const ClusterId&, std::string_view name) override;
    Result<std::optional<KeyStoreRecord>> key_store(const AccountId&, std::string_view region,
                                                    const KeyStoreId&) override;
    Result<std::vector<KeyStoreRecord>> key_stores(const AccountId&, std::string_view region) override;
    Result<std::uint64_t> count_keys_in(const KeyStoreId&) override;
    Result<std::optional<SettingRecord>> setting(std::string_view name) override;
    Result<std::optional<BackupRecord>> backup(const BackupId&) override;
    Result<Contents> contents_of(const ClusterId&) override;
    Status<> put(KeyRecord) override;
    Status<> put(MaterialRecord) override;
    Status<> put(AliasRecord) override;
    Status<> put(GrantRecord) override;
    Status<> put(RotationScheduleRecord) override;
    Status<> put(ImportRecord) override;
    Status<> put(RotationRecord) override;
    Status<> put(KeyUsageRecord) override;
    Status<> put(AccountRecord) override;
    Status<> put(PrincipalRecord) override;
    Status<> put(AccessKeyRecord) override;
    Status<> put(ClusterRecord) override;
    Status<> put(HsmRecord) override;
    Status<> put(KeyStoreRecord) override;
    Status<> put(SettingRecord) override;
    Status<> put(CloudHsmClusterRecord) override;
    Status<> put(CloudHsmRecord) override;
    Status<> put(ClusterUserRecord) override;
    Status<> put(BackupRecord) override;
    Status<> erase_hsm(const HsmId&) override;
    Status<> erase_cluster_user(const ClusterId&, std::string_view name) override;
    Status<> erase_alias(const AccountId&, std::string_view region, std::string_view name) override;
    Status<> erase_grant(const AccountId&, std::string_view region, const KeyId&,
                         std::string_view id) override;
    Status<> erase_material(const AccountId&, std::string_view region, const KeyId&,
                            std::string_view id) override;
    Status<> erase_import(const AccountId&, std::string_view region, const KeyId&,
                          std::string_view material) override;
    Status<> erase_rotation_schedule(const AccountId&, std::string_view region, const KeyId&) override;
    Status<> erase_key_store(const AccountId&, std::string_view region, const KeyStoreId&) override;
    Status<> erase_key(const AccountId&, std::string_view region, const KeyId&) override;
    Status<> audit(std::string record) override;

    const std::optional<Error>& failure() const noexcept { return failure_; }
    Change take_change() noexcept { return std::move(change_); }

private:
    template <class T>
    T noted(T result);
    template <class Record>
    Status<> write(SealedTable<Record>& table, Record record, std::vector<Record>& changed);
    template <class Record>
    Status<> erase_one(SealedTable<Record>& table, std::span<const Cell> key, std::vector<Record>& erased);
    template <class Record>
    RowSet& set_of() noexcept {
        return batch_.sets[static_cast<std::size_t>(Table<Record>::id)];
    }
    Result<std::vector<std::string>> names_of_key(Statement& statement, std::span<const Cell> key);
    template <class Record>
    Result<std::vector<Record>> rows_of_key(SealedTable<Record>& table, Statement& names,
                                            std::span<const Cell> bound);
    Status<> add_rows_of(const KeyRecord& key, Contents& contents);
    template <class Record>
    Status<> erase_rows_of_key(SealedTable<Record>& table, Statement& names, std::span<const Cell> key);
    template <class Record>
    Status<> erase_if_there(SealedTable<Record>& table, std::span<const Cell> key);

    Tables& tables_;
    Counts& counts_;
    Batch& batch_;
    OutboxState outbox_;
    Change change_;
    std::optional<Error> failure_;
};

template <class T>
T SqliteTxn::noted(T result) {
    if (!result && !failure_ && !is_about_a_row(result.error().code)) {
        failure_ = result.error();
    }
    return result;
}

template <class Record>
Result<std::vector<Record>> SqliteTxn::rows_of_key(SealedTable<Record>& table, Statement& names,
                                                   std::span<const Cell> bound) {
    const Result<std::vector<std::string>> found = noted(names_of_key(names, bound));
    if (!found) {
        return found.error();
    }
    std::vector<Record> rows;
    for (const std::string& name : *found) {
        const std::array cells{bound[0], bound[1], bound[2], Cell::of_text(name)};
        Result<std::optional<Record>> row = noted(table.find(cells));
        if (!row) {
            return row.error();
        }
        if (*row) {
            rows.push_back(**std::move(row));
        }
    }
    return rows;
}

}  // namespace claviger::store::sqlite
