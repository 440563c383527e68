// The messages of the control socket (enrolment, PINs, join, admission) and of the officer process: the same
// frames as the data socket, a table and codecs of their own. Only the supervisor gets to send them.
//
// Messages own their content. decode() reads hostile bytes: nullopt for anything short, long, over a limit or
// trailed.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <claviger/base/bytes.hpp>
#include <claviger/base/secret.hpp>

#include "hsm/link/frame.hpp"

namespace claviger::link::control {

// Values are wire values: append, never renumber.
enum class Operation : std::uint8_t {
    status = 1,                // -> Status; also before login, spends no PIN
    login = 2,                 // own PIN, `next` before `current`, each version once
    logout = 3,                //
    set_user_pin = 4,          // SetUserPin
    rotate_pin = 5,            // own PIN -> one drawn in the token
    create_cwk = 6,            // CreateCwk -> CwkCreated; needs the trusted recovery key
    make_transport = 7,        // MakeTransport -> PublicKey; lives until drop_transport or the next login
    wrap_cwk = 8,              // WrapCwk -> Wrapped; under the transport key that an officer trusted
    accept_cwk = 9,            // AcceptCwk
    drop_transport = 10,       //
    create_identity = 11,      // -> IdentityCreated
    install_identity = 12,     // InstallIdentity
    make_csr = 13,             // MakeCsr -> Der
    install_certificate = 14,  // Der
    check_cluster = 15,        // CheckCluster; data_invalid or key_fault: not our CWK
    probe = 16,                // Probe -> Probed; runs every attack
    admit = 17,                // Admit; opens the data socket
    refuse = 18,               // closes it again
    seal_membership = 19,      // CWK not extractable from now on
    drain = 20,                // answered when no work is left; new work gets not_admitted
    wipe = 21,                 // destroys our token objects one by one and looks that none is left
    list_objects = 22,         // ListObjects -> ObjectList
    make_recovery = 23,        // -> PublicKey; the recovery pair of a vault token
    recover_cwk =
        24,  // RecoverCwk -> Wrapped; vault only: bundle -> wrapped to a joining HSM's transport key
    sign_backup = 25,     // SignBackup -> Signature; by the cluster's identity
    destroy_object = 26,  // DestroyObject; token objects of one KMS key

    init_token = 64,       // InitToken -> TokenMade
    install_trusted = 65,  // InstallTrusted
    remove_trusted = 66,   // RemoveTrusted
    init_user_pin = 67,    // InitUserPin
    wipe_token = 68,       // WipeToken
    try_user_pin = 69,     // TryUserPin; one login in this fresh process
    take_token = 70,       // TakeToken; one that its operator made
    give_back_token = 71,  // GiveBackToken; what is ours on it is destroyed
};

enum class ServedBy : std::uint8_t { host, officer };

struct OperationRow {
    Operation operation;
    std::string_view name;
    ServedBy served_by;
};

inline constexpr std::array kOperations{
    OperationRow{Operation::status, "status", ServedBy::host},
    OperationRow{Operation::login, "login", ServedBy::host},
    OperationRow{Operation::logout, "logout", ServedBy::host},
    OperationRow{Operation::set_user_pin, "set_user_pin", ServedBy::host},
    OperationRow{Operation::rotate_pin, "rotate_pin", ServedBy::host},
    OperationRow{Operation::create_cwk, "create_cwk", ServedBy::host},
    OperationRow{Operation::make_transport, "make_transport", ServedBy::host},
    OperationRow{Operation::wrap_cwk, "wrap_cwk", ServedBy::host},
    OperationRow{Operation::accept_cwk, "accept_cwk", ServedBy::host},
    OperationRow{Operation::drop_transport, "drop_transport", ServedBy::host},
    OperationRow{Operation::create_identity, "create_identity", ServedBy::host},
    OperationRow{Operation::install_identity, "install_identity", ServedBy::host},
    OperationRow{Operation::make_csr, "make_csr", ServedBy::host},
    OperationRow{Operation::install_certificate, "install_certificate", ServedBy::host},
    OperationRow{Operation::check_cluster, "check_cluster", ServedBy::host},
    OperationRow{Operation::probe, "probe", ServedBy::host},
    OperationRow{Operation::admit, "admit", ServedBy::host},
    OperationRow{Operation::refuse, "refuse", ServedBy::host},
    OperationRow{Operation::seal_membership, "seal_membership", ServedBy::host},
    OperationRow{Operation::drain, "drain", ServedBy::host},
    OperationRow{Operation::wipe, "wipe", ServedBy::host},
    OperationRow{Operation::list_objects, "list_objects", ServedBy::host},
    OperationRow{Operation::make_recovery, "make_recovery", ServedBy::host},
    OperationRow{Operation::recover_cwk, "recover_cwk", ServedBy::host},
    OperationRow{Operation::sign_backup, "sign_backup", ServedBy::host},
    OperationRow{Operation::destroy_object, "destroy_object", ServedBy::host},
    OperationRow{Operation::init_token, "init_token", ServedBy::officer},
    OperationRow{Operation::install_trusted, "install_trusted", ServedBy::officer},
    OperationRow{Operation::remove_trusted, "remove_trusted", ServedBy::officer},
    OperationRow{Operation::init_user_pin, "init_user_pin", ServedBy::officer},
    OperationRow{Operation::wipe_token, "wipe_token", ServedBy::officer},
    OperationRow{Operation::try_user_pin, "try_user_pin", ServedBy::officer},
    OperationRow{Operation::take_token, "take_token", ServedBy::officer},
    OperationRow{Operation::give_back_token, "give_back_token", ServedBy::officer},
};

constexpr const OperationRow* find_operation(Operation operation) noexcept {
    for (const OperationRow& row : kOperations) {
        if (row.operation == operation) {
            return &row;
        }
    }
    return nullptr;
}

inline constexpr std::size_t kMaxText = 4096;
inline constexpr std::size_t kMaxBytes = 64 << 10;
inline constexpr std::size_t kMaxPin = 255;
inline constexpr std::size_t kMaxList = 1024;

// Requests and replies without content: login, logout, rotate_pin, …
struct Empty {};

// unusable: what a member must do cannot be done on this module.
enum class Verdict : std::uint8_t { unknown = 0, strong = 1, weak = 2, unusable = 3 };

struct Counters {
    std::uint64_t operations = 0;       // data requests answered, good or bad
    std::uint64_t data_faults = 0;      // the caller's bytes were bad
    std::uint64_t key_faults = 0;       // a loaded key failed its check value
    std::uint64_t hsm_faults = 0;       // the module failed
    std::uint64_t late = 0;             // refused: the deadline had passed
    std::uint64_t overloaded = 0;       // refused: a bound was reached
    std::uint64_t keys_loaded = 0;      // held now
    std::uint64_t loads = 0;            // key tokens unwrapped since start
    std::uint64_t evictions = 0;        // session keys given up for memory
    std::uint64_t nonce_redraws = 0;    // AES-GCM prefixes drawn since start
    std::uint64_t shadow_restores = 0;  // token files put back at start
    std::uint64_t refused_peers = 0;    // connections closed by the SO_PEERCRED rule
};

struct Status {
    std::string serial;
    std::string label;
    std::string model;
    std::string firmware;
    std::string module;         // library path
    std::uint64_t flags = 0;    // CK_TOKEN_INFO flags as read now
    std::uint64_t process = 0;  // pid of the host
    Bytes certificate;          // cluster certificate on the token, DER; empty if there is none
    bool has_pin = false;       // the host keeps a PIN that was not refused
    bool logged_in = false;
    bool admitted = false;
    std::string cluster_id;  // of the CWK the host works with; empty before check_cluster or create_cwk
    std::uint32_t generation = 0;
    Verdict profile = Verdict::unknown;
    std::vector<std::string> weaknesses;    // names of the attacks that the module lets pass
    std::vector<std::string> capabilities;  // KMS key specs it can serve
    Counters counters;
};

struct SetUserPin {
    SecretBytes current;  // empty: the PIN the host keeps
    SecretBytes fresh;    // empty: drawn in the token
};
struct CreateCwk {
    std::string cluster_id;
    std::uint32_t generation = 1;
    Bytes recovery_public;  // SubjectPublicKeyInfo; an officer installed it as trusted before: no recovery
                            // key, no CWK
};
struct CwkCreated {
    Bytes recovery_bundle;  // CWK wrapped to the recovery key
    Bytes check_token;      // proves the CWK at every admission
};
struct PublicKey {
    Bytes der;  // SubjectPublicKeyInfo
};
struct MakeTransport {
    bool sealed = false;  // the CWK that arrives will not be extractable
};
struct WrapCwk {
    Bytes transport_public;
};
struct Wrapped {
    Bytes wrapped;
};
struct AcceptCwk {
    Bytes wrapped;
    std::string cluster_id;
    std::uint32_t generation = 1;
    bool sealed = false;  // the cluster's membership is sealed: not extractable from the start
};
struct IdentityCreated {
    Bytes identity_token;
    Bytes public_key;
};
struct InstallIdentity {
    Bytes identity_token;
};
struct MakeCsr {
    std::string common_name;
    std::string organizational_unit;
    std::string organization;
};
struct Der {
    Bytes der;
};
struct CheckCluster {
    Bytes check_token;
    std::string cluster_id;
    std::uint32_t generation = 1;
};
enum class ProbeDepth : std::uint8_t {
    attacks = 1,        // under a second
    all_key_kinds = 2,  // RSA and EC generation too: seconds
};
struct Probe {
    ProbeDepth depth = ProbeDepth::attacks;
};
struct Probed {
    Verdict profile = Verdict::unknown;
    std::vector<std::string> weaknesses;
    std::vector<std::string> capabilities;
};
struct Admit {
    std::string cluster_id;  // must be what check_cluster or create_cwk established
    std::uint32_t generation = 1;
};
struct ListObjects {
    std::uint64_t offset = 0;
};
struct ObjectRow {
    std::uint64_t object_class = 0;  // CKO_…
    std::string label;
    Bytes id;
};
struct ObjectList {
    std::vector<ObjectRow> objects;  // at most kMaxList
    bool more = false;
};
struct DestroyObject {
    std::string label;
    Bytes id;
};
struct RecoverCwk {
    std::string cluster_id;
    std::uint32_t generation = 1;
    Bytes recovery_bundle;
    Bytes transport_public;  // trusted in the vault by its officer
};

// What is signed of a backup is this text, then the SHA-256 of the backup: so the signature is of nothing
// else.
inline constexpr std::string_view kBackupDomain = "claviger-backup-v1";
struct SignBackup {
    Bytes digest;
};
struct Signature {
    Bytes signature;
};

struct InitToken {
    std::string label;
    SecretBytes so_pin;
    SecretBytes user_pin;
};
struct TokenMade {
    std::string serial;
};
enum class TrustedKind : std::uint8_t { recovery = 1, transport = 2 };
struct InstallTrusted {
    SecretBytes so_pin;
    TrustedKind kind = TrustedKind::recovery;
    Bytes public_key;
};
struct RemoveTrusted {
    SecretBytes so_pin;
    TrustedKind kind = TrustedKind::transport;
};
struct InitUserPin {
    SecretBytes so_pin;
    SecretBytes user_pin;
};
struct TryUserPin {
    SecretBytes user_pin;
    bool only_if_kept = false;  // data_invalid, and no attempt, if it is not the PIN that the host keeps
};
// A file of the state directory, with the token's serial: it was empty when it was first looked at.
inline constexpr std::string_view kClaimedFile = "claimed";
struct TakeToken {
    SecretBytes so_pin;    // empty: it is in the officer-pin-file
    SecretBytes user_pin;  // what the user's becomes
};
struct GiveBackToken {
    SecretBytes so_pin;       // as above
    SecretBytes user_pin;     // what the user's becomes for it
    bool init_token = false;  // C_InitToken at the end: the rest goes, too
};
struct WipeToken {
    SecretBytes so_pin;  // C_InitToken wants the present one
    std::string label;   // of the empty token that is left
};

template <class Message>
void encode(WipedBuffer& to, const Message& message);

template <class Message>
std::optional<Message> decode(ByteView payload);

template <class Message>
void append_request(WipedBuffer& to, std::uint64_t id, Operation operation, MonoTime deadline,
                    const Message& message) {
    const std::size_t start = begin_frame(to, id, static_cast<std::uint8_t>(operation), to_wire(deadline));
    control::encode(to, message);
    end_frame(to, start);
}
template <class Message>
void append_reply(WipedBuffer& to, std::uint64_t id, const Message& message) {
    const std::size_t start = begin_frame(to, id, static_cast<std::uint8_t>(ReplyStatus::success), 0);
    control::encode(to, message);
    end_frame(to, start);
}

}  // namespace claviger::link::control
