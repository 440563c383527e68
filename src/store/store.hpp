// The metadata store: every fact that must survive, behind one interface. No SQL outside store/.
//
// Threads: all functions may be called from any thread. Work runs on the store's single writer thread, in the
// order submitted, many transactions in one durable commit (group commit). Reads on the request path never
// come here: they use the Catalogue, which the observer below keeps current.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <claviger/base/result.hpp>

#include "src/store/records.hpp"

namespace claviger::store {

struct Contents;

// One transaction, seen from inside. Lives only during Work. Reads see the writes made before in the same
// transaction and all transactions before it. A row whose seal does not verify reads as Errc::integrity.
class Txn {
public:
    virtual ~Txn() = default;
    virtual Result<std::optional<KeyRecord>> key(const AccountId&, std::string_view region, const KeyId&) = 0;
    // The keys that are related to a multi-Region key, itself among them, in order of Region.
    virtual Result<std::vector<KeyRecord>> related_keys(const AccountId&, const KeyId&) = 0;
    virtual Result<std::optional<AliasRecord>> alias(const AccountId&, std::string_view region,
                                                     std::string_view name) = 0;
    virtual Result<std::uint64_t> count_aliases(const AccountId&, std::string_view region, const KeyId&) = 0;
    virtual Result<std::uint64_t> count_keys(const AccountId&, std::string_view region) = 0;
    virtual Result<std::optional<MaterialRecord>> material(const AccountId&, std::string_view region,
                                                           const KeyId&, std::string_view id) = 0;
    virtual Result<std::vector<MaterialRecord>> materials(const AccountId&, std::string_view region,
                                                          const KeyId&) = 0;
    virtual Result<std::vector<ImportRecord>> imports(const AccountId&, std::string_view region,
                                                      const KeyId&) = 0;
    virtual Result<std::optional<GrantRecord>> grant(const AccountId&, std::string_view region, const KeyId&,
                                                     std::string_view id) = 0;
    virtual Result<std::vector<GrantRecord>> grants_named(const AccountId&, std::string_view region,
                                                          const KeyId&, std::string_view name) = 0;
    virtual Result<std::uint64_t> count_grants(const AccountId&, std::string_view region, const KeyId&) = 0;
    virtual Result<std::optional<RotationScheduleRecord>> rotation_schedule(const AccountId&,
                                                                            std::string_view region,
                                                                            const KeyId&) = 0;
    virtual Result<std::vector<RotationRecord>> rotations(const AccountId&, std::string_view region,
                                                          const KeyId&) = 0;
    virtual Result<std::optional<KeyUsageRecord>> key_usage(const AccountId&, std::string_view region,
                                                            const KeyId&) = 0;
    virtual Result<std::optional<AccessKeyRecord>> access_key(std::string_view id) = 0;
    virtual Result<std::optional<ClusterRecord>> cluster(const ClusterId&) = 0;
    virtual Result<std::optional<HsmRecord>> hsm(const HsmId&) = 0;
    virtual Result<std::optional<CloudHsmClusterRecord>> cloudhsm_cluster(const ClusterId&) = 0;
    virtual Result<std::optional<CloudHsmRecord>> cloudhsm_hsm(const HsmId&) = 0;
    virtual Result<std::vector<CloudHsmRecord>> cloudhsm_hsms() = 0;  // of every cluster
    virtual Result<std::optional<ClusterUserRecord>> cluster_user(const ClusterId&,
                                                                  std::string_view name) = 0;
    virtual Result<std::optional<KeyStoreRecord>> key_store(const AccountId&, std::string_view region,
                                                            const KeyStoreId&) = 0;
    virtual Result<std::vector<KeyStoreRecord>> key_stores(const AccountId&, std::string_view region) = 0;
    virtual Result<std::uint64_t> count_keys_in(const KeyStoreId&) = 0;
    virtual Result<std::optional<SettingRecord>> setting(std::string_view name) = 0;
    virtual Result<std::optional<BackupRecord>> backup(const BackupId&) = 0;
    // What a backup of the cluster must hold: its rows, its users, its key stores, and every row about the
    // keys in it, as this transaction sees them. Usages are no part of it, and neither are HSMs.
    virtual Result<Contents> contents_of(const ClusterId&) = 0;
    virtual Status<> put(KeyRecord) = 0;  // raises version; Errc::conflict if the stored version differs
    virtual Status<> put(MaterialRecord) = 0;
    virtual Status<> put(ImportRecord) = 0;
    virtual Status<> put(AliasRecord) = 0;
    virtual Status<> put(GrantRecord) = 0;
    virtual Status<> put(RotationScheduleRecord) = 0;
    virtual Status<> put(RotationRecord) = 0;
    virtual Status<> put(KeyUsageRecord) = 0;
    virtual Status<> put(AccountRecord) = 0;
    virtual Status<> put(PrincipalRecord) = 0;
    virtual Status<> put(AccessKeyRecord) = 0;
    virtual Status<> put(ClusterRecord) = 0;
    virtual Status<> put(HsmRecord) = 0;
    virtual Status<> put(KeyStoreRecord) = 0;
    virtual Status<> put(SettingRecord) = 0;
    virtual Status<> put(CloudHsmClusterRecord) = 0;
    virtual Status<> put(CloudHsmRecord) = 0;
    virtual Status<> put(ClusterUserRecord) = 0;
    virtual Status<> put(BackupRecord) = 0;
    virtual Status<> erase_hsm(const HsmId&) = 0;  // both rows of it, where they exist
    virtual Status<> erase_cluster_user(const ClusterId&, std::string_view name) = 0;
    virtual Status<> erase_material(const AccountId&, std::string_view region, const KeyId&,
                                    std::string_view id) = 0;  // its key token is overwritten
    virtual Status<> erase_import(const AccountId&, std::string_view region, const KeyId&,
                                  std::string_view material) = 0;
    virtual Status<> erase_alias(const AccountId&, std::string_view region, std::string_view name) = 0;
    virtual Status<> erase_grant(const AccountId&, std::string_view region, const KeyId&,
                                 std::string_view id) = 0;
    virtual Status<> erase_rotation_schedule(const AccountId&, std::string_view region, const KeyId&) = 0;
    virtual Status<> erase_key_store(const AccountId&, std::string_view region, const KeyStoreId&) = 0;
    // The key, its materials (key tokens overwritten) and every other row about it: aliases, grants,
    // rotations, usage.
    virtual Status<> erase_key(const AccountId&, std::string_view region, const KeyId&) = 0;
    // Into the outbox of this transaction; the audit writer drains it after the commit. One JSON object.
    virtual Status<> audit(std::string record) = 0;
};

// Everything, verified row by row; what a snapshot is built from at start.
struct Contents {
    std::vector<AccountRecord> accounts;
    std::vector<PrincipalRecord> principals;
    std::vector<AccessKeyRecord> access_keys;
    std::vector<KeyRecord> keys;
    std::vector<MaterialRecord> materials;
    std::vector<ImportRecord> imports;
    std::vector<AliasRecord> aliases;
    std::vector<GrantRecord> grants;
    std::vector<RotationScheduleRecord> rotation_schedules;
    std::vector<RotationRecord> rotations;
    std::vector<KeyUsageRecord> key_usages;
    std::vector<ClusterRecord> clusters;
    std::vector<HsmRecord> hsms;
    std::vector<SettingRecord> settings;
    std::vector<CloudHsmClusterRecord> cloudhsm_clusters;
    std::vector<CloudHsmRecord> cloudhsm_hsms;
    std::vector<ClusterUserRecord> cluster_users;
    std::vector<KeyStoreRecord> key_stores;
    std::vector<BackupRecord> backups;
    std::vector<std::string> refused;  // one sentence per row whose seal failed; never loaded, never repaired
    // Those of `refused` that cannot be left out: a service that misses its cluster, an HSM or a setting
    // would found another one, or forget what was decided.
    std::vector<std::string> refused_foundation;
};

// What a committed transaction changed; delivered before its submitter hears of the commit.
struct Change {
    std::vector<AccountRecord> accounts;
    std::vector<KeyRecord> keys;
    std::vector<MaterialRecord> materials;
    std::vector<MaterialRecord> erased_materials;  // none of a key that is erased as a whole
    std::vector<ImportRecord> imports;
    std::vector<ImportRecord> erased_imports;  // likewise
    std::vector<AliasRecord> aliases;
    std::vector<AliasRecord> erased_aliases;
    std::vector<GrantRecord> grants;
    std::vector<GrantRecord> erased_grants;  // none of a key that is erased as a whole
    std::vector<RotationScheduleRecord> rotation_schedules;
    std::vector<RotationScheduleRecord> erased_rotation_schedules;
    std::vector<RotationRecord> rotations;
    std::vector<KeyUsageRecord> key_usages;
    std::vector<KeyRecord> erased_keys;
    std::vector<AccessKeyRecord> access_keys;
    std::vector<PrincipalRecord> principals;
    std::vector<ClusterRecord> clusters;
    std::vector<HsmRecord> hsms;
    std::vector<SettingRecord> settings;
    std::vector<CloudHsmClusterRecord> cloudhsm_clusters;
    std::vector<CloudHsmRecord> cloudhsm_hsms;
    std::vector<ClusterUserRecord> cluster_users;
    std::vector<HsmId> erased_hsms;
    std::vector<ClusterUserRecord> erased_cluster_users;
    std::vector<KeyStoreRecord> key_stores;
    std::vector<KeyStoreRecord> erased_key_stores;
    std::vector<BackupRecord> backups;
};

class Store {
public:
    // Returns false to roll this transaction back; what it decided travels in its captures.
    using Work = std::function<bool(Txn&)>;
    // Runs on the writer thread. The value is the store's sequence number of the commit. An error means that
    // nothing of the transaction is durable (disk full, I/O error). A Work that returned false completes with
    // the sequence number it saw.
    using Completion = std::function<void(Result<std::uint64_t>)>;

    virtual ~Store() = default;
    virtual void submit(Work work, Completion done) = 0;
    virtual Result<Contents> load() = 0;
    virtual std::uint64_t sequence() const noexcept = 0;                    // of the newest commit
    virtual void observe(std::function<void(const Change&)> observer) = 0;  // before the first submit
};

}  // namespace claviger::store
