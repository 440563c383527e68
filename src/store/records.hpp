// The rows of the metadata store as plain values. Every type here is sealed: see store/seal.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <claviger/base/bytes.hpp>
#include <claviger/base/clock.hpp>
#include <claviger/base/id.hpp>

namespace claviger::store {

// Each record carries the version of its row: 0 before the first write, raised by one at each write.

struct AccountRecord {
    AccountId id;
    std::string alias;
    std::uint64_t version = 0;
};

// A user, or the root of an account (name empty).
struct PrincipalRecord {
    AccountId account;
    std::string arn;
    std::string name;
    std::string principal_id;
    std::uint64_t version = 0;
};

struct AccessKeyRecord {
    std::string id;  // AKIA…
    std::string owner_arn;
    Bytes sealed_secret;  // see seal.hpp
    bool active = true;
    WallTime created;
    std::uint64_t version = 0;
};

enum class KeyState : std::uint8_t {  // stored values: append only
    creating = 0,
    enabled = 1,
    disabled = 2,
    pending_deletion = 3,
    pending_import = 4,
    unavailable = 5,
    pending_replica_deletion = 6,
    updating = 7,
};

struct Tag {
    std::string key;
    std::string value;
    friend bool operator==(const Tag&, const Tag&) = default;
};

// (account, region, id) is the primary key.
struct KeyRecord {
    AccountId account;
    std::string region;
    KeyId id;
    ClusterId cluster;
    KeyState state = KeyState::enabled;
    std::string spec;  // KMS wire values throughout
    std::string usage;
    std::string origin;
    std::string description;
    std::string policy;  // JSON text as given or the default
    bool multi_region = false;
    std::vector<Tag> tags;
    WallTime created;  // life clock
    std::optional<WallTime> deletion_date;
    std::uint32_t pending_window_days = 0;
    std::string current_material;  // 64 hex digits
    KeyStoreId key_store;          // empty: the default key store
    std::string primary_region;    // of a multi-Region key: where the primary among its related keys is
    std::uint64_t version = 0;
};

// (account, region, key id, material id) is the primary key; rows are sealed apart from their key's row.
struct MaterialRecord {
    AccountId account;
    std::string region;
    KeyId key;
    std::string id;  // 64 hex digits
    Bytes key_token;
    WallTime created;
    std::uint64_t version = 0;
};

enum class ImportStatus : std::uint8_t {  // stored values: append only
    associated = 0,                       // for good: it is or was the current material
    pending_rotation = 1,                 // RotateKeyOnDemand makes it current
    pending_replicas = 2,                 // the same, once every replica has imported it
};

// What is known of a material that was imported into a key, whether or not its bytes are there: they are as
// long as there is a MaterialRecord of the same name. (account, region, key, material) is the primary key.
struct ImportRecord {
    AccountId account;
    std::string region;
    KeyId key;
    std::string material;  // 64 hex digits
    ImportStatus status = ImportStatus::associated;
    std::string description;
    std::optional<WallTime> valid_to;  // life clock; empty: does not expire
    Bytes public_key;                  // SubjectPublicKeyInfo DER; empty for secret keys
    WallTime created;
    std::uint64_t version = 0;
};

// A permission to use one key. (account, region, key, id) is the primary key; account and region are the
// key's.
struct GrantRecord {
    AccountId account;
    std::string region;
    KeyId key;
    std::string id;    // 64 hex digits
    std::string name;  // empty if none was given
    std::string grantee;
    std::string retiring;  // empty if none
    AccountId issuer;      // the account that called CreateGrant
    std::vector<std::string> operations;
    std::vector<Tag> context_equals;  // pairs of an encryption context; both empty: no constraint
    std::vector<Tag> context_subset;
    WallTime created;
    std::uint64_t version = 0;
};

// Automatic rotation of a key: the row is there while it is enabled.
struct RotationScheduleRecord {
    AccountId account;
    std::string region;
    KeyId key;
    std::uint32_t period_days = 365;
    WallTime next;  // life clock
    std::uint64_t version = 0;
};

enum class RotationType : std::uint8_t { automatic = 0, on_demand = 1 };  // stored values: append only

// That a key began to use `material`, which was not its first.
struct RotationRecord {
    AccountId account;
    std::string region;
    KeyId key;
    std::string material;  // 64 hex digits
    RotationType type = RotationType::automatic;
    WallTime date;
    std::uint64_t version = 0;
};

// The newest cryptographic use of a key, as far as it was written down.
struct KeyUsageRecord {
    AccountId account;
    std::string region;
    KeyId key;
    std::string operation;
    WallTime time;
    std::string event_id;  // of the audit record
    std::string request_id;
    std::uint64_t version = 0;
};

struct AliasRecord {
    AccountId account;
    std::string region;
    std::string name;  // "alias/…"
    KeyId target;
    WallTime created;
    WallTime updated;
    std::uint64_t version = 0;
};

// The cluster and its members; how a token is reached stands in the configuration, not here.
struct ClusterRecord {
    ClusterId id;
    std::string state;
    std::uint32_t cwk_generation = 1;
    Bytes recovery_bundle;        // CWK wrapped to the recovery key
    Bytes recovery_public;        // SubjectPublicKeyInfo DER
    Bytes check_token;            // key token of the cluster's check key
    Bytes identity_token;         // key token of the identity pair
    std::string certificate_pem;  // cluster certificate
    std::string trust_anchor_pem;
    // The cluster that the wrapping key was made for, by which tokens and key tokens name it; empty: this
    // one. A cluster made from a backup has the lineage of the one that was backed up.
    ClusterId lineage{};
    std::string membership{};  // "sealed": no member hands the wrapping key on, for ever; empty: open
    std::uint64_t version = 0;

    const ClusterId& lineage_id() const noexcept { return lineage.value().empty() ? id : lineage; }
    bool sealed() const noexcept { return membership == kSealed; }
    static constexpr std::string_view kSealed = "sealed";
};

struct HsmRecord {
    HsmId id;
    ClusterId cluster;
    std::string zone;
    std::string serial;
    std::string state;
    Bytes sealed_officer_pin;
    std::uint64_t version = 0;
};

// States of the CloudHSM v2 API; stored values: append only.
enum class ClusterState : std::uint8_t {
    create_in_progress = 0,
    uninitialized = 1,
    initialize_in_progress = 2,
    initialized = 3,
    active = 4,
    delete_in_progress = 5,
    deleted = 6,
    degraded = 7,
};
enum class HsmState : std::uint8_t {
    create_in_progress = 0,
    active = 1,
    degraded = 2,
    delete_in_progress = 3,
    pin_unknown = 4,  // DEGRADED to the API: its token does not take the user PIN that its host keeps
    pin_locked = 5,   // the same, because the token has locked it
    unplaced = 6,     // DEGRADED to the API: the configuration does not name its token
};
// Whether the HSM belongs to its cluster and its host runs with the cluster's, whatever came of its user PIN.
constexpr bool is_member(HsmState state) noexcept {
    return state == HsmState::active || state == HsmState::pin_unknown || state == HsmState::pin_locked;
}
enum class BackupState : std::uint8_t {
    create_in_progress = 0,
    ready = 1,
    pending_deletion = 2,
    deleted = 3
};

// A cluster as the CloudHSM v2 API knows it. What its HSMs need to be a cluster stands in its ClusterRecord,
// from its first HSM on. The cluster of the default key store has no such row: no API made it.
struct CloudHsmClusterRecord {
    ClusterId id;
    AccountId account;
    std::string region;
    ClusterState state = ClusterState::create_in_progress;
    std::string state_message;
    std::string hsm_type;
    std::string mode;
    std::string network_type;
    std::uint32_t retention_days = 90;
    std::vector<Tag> subnets;  // zone -> subnet id
    std::string vpc;
    std::string security_group;
    std::string source_backup;  // empty: made anew
    std::string csr_pem;        // until it is initialised
    std::string hsm_certificate_pem;
    std::string aws_hardware_pem;
    std::string manufacturer_hardware_pem;
    bool logged_out = false;  // by its key store; its hosts run for cluster work only
    std::vector<Tag> tags;
    WallTime created;  // life clock
    std::uint64_t version = 0;
};

// An HSM as that API knows it; its HsmRecord of the same id follows when its token is made.
struct CloudHsmRecord {
    HsmId id;
    ClusterId cluster;
    std::string zone;  // "us-east-1a"
    std::string subnet;
    std::string eni;
    std::string ip;
    HsmState state = HsmState::create_in_progress;
    std::string state_message;
    std::string place;  // name of the configured HSM; empty: a soft token of our own
    WallTime created;
    std::uint64_t version = 0;
};

// A user of a cluster. `kmsuser` is the user of every token: its password is no secret of ours and not here.
struct ClusterUserRecord {
    ClusterId cluster;
    std::string name;
    std::string role;     // "admin", "crypto-user"
    Bytes password_hash;  // of admins; see cloudhsm/password.hpp
    WallTime created;
    std::uint64_t version = 0;
};

// A backup of a cluster as that API knows it. Its file is named by its id.
struct BackupRecord {
    BackupId id;
    AccountId account;
    std::string region;
    ClusterId cluster;  // that was backed up; empty: a copy, which belongs to no cluster
    BackupState state = BackupState::create_in_progress;
    WallTime created;  // life clock, as all below
    std::optional<WallTime> copied;
    std::optional<WallTime> deletion;  // when a deletion that is pending becomes final
    bool never_expires = false;
    std::string source_region;  // of a copy, as the two below
    BackupId source_backup;
    ClusterId source_cluster;
    std::string hsm_type;
    std::string mode;
    std::vector<Tag> tags;
    std::string policy;  // resource policy, JSON; empty: none
    Bytes digest;        // SHA-256 of the file, from READY on
    std::uint64_t version = 0;
};

enum class ConnectionState : std::uint8_t {  // stored values: append only
    disconnected = 0,
    connecting = 1,
    connected = 2,
    failed = 3,
    disconnecting = 4,
};

// A custom key store whose keys live in a cluster of the CloudHSM v2 API. (account, region, id) is the
// primary key.
struct KeyStoreRecord {
    AccountId account;
    std::string region;
    KeyStoreId id;
    std::string name;
    ClusterId cluster;
    std::string trust_anchor_pem;  // as given
    ConnectionState state = ConnectionState::disconnected;
    std::string error_code;  // ConnectionErrorCode while failed
    Bytes sealed_password;   // of kmsuser, see seal.hpp; empty once a connect has used it
    WallTime created;        // life clock
    std::uint64_t version = 0;
};

// A fact of the whole store that has no table of its own: the life clock's offset, a wall-clock mark.
struct SettingRecord {
    std::string name;
    Bytes value;
    std::uint64_t version = 0;
};

}  // namespace claviger::store
