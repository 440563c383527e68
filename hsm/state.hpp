// What Token and Key keep behind their public faces. Private to hsm/.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <claviger/hsm/token.hpp>

#include "hsm/cryptoki.hpp"
#include "hsm/key_kind.hpp"
#include "hsm/link/blob.hpp"
#include "hsm/link/key_token.hpp"

namespace claviger::hsm {

struct CwkEntry {
    CwkId id;
    CK_OBJECT_HANDLE handle;
};

struct Token::State {
    const Functions& p11;
    CK_SLOT_ID slot;
    TokenOptions options;
    const Clock& clock;

    // Raised at each login: lanes draw new nonce prefixes, handles of an earlier login are dead.
    std::atomic<std::uint64_t> login_epoch{0};

    // The object mutex. Guards the keeper session and all members below, and serialises everything that
    // finds, makes or destroys token objects: SoftHSM 2.6.1 fails 3-18 % of generations beside a search (its
    // issue 576).
    std::mutex objects{};
    CK_SESSION_HANDLE keeper = CK_INVALID_HANDLE;
    std::vector<CwkEntry> cwks{};
    std::map<KeyNameBytes, CK_OBJECT_HANDLE> resident_keys{};  // token objects of KMS keys, by resident_name
    CK_OBJECT_HANDLE identity = CK_INVALID_HANDLE;

    // Looks up cluster keys and resident keys, once. Takes the mutex.
    Status<> index_objects();
    // Takes the mutex. not_found: no such CWK on this token.
    Result<CK_OBJECT_HANDLE> cwk(std::string_view cluster_id, std::uint32_t generation);
};

struct Key::State {
    Bytes token_bytes;
    link::KeyToken token;  // views into token_bytes
    const KeyKindRow* kind = nullptr;
    Residency residency = Residency::session;
    KeyNameBytes name{};
    std::array<std::byte, link::kBlobHeader> blob_header{};
    Bytes check_input;                            // what the check value binds the key to
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;  // the session object that works
    RsaParts rsa;                                 // of the public part, once it was needed
    MonoTime settled_at{};                        // when a refusal last made us verify it, and it was good
    MonoTime resident_at{};                       // when its token object was last seen
};

// Labels of what is ours on a token; the wipe and the orphan report go by them.
inline constexpr std::string_view kLabelPrefix = "claviger-";
inline constexpr std::string_view kCwkLabel = "claviger-cwk";
inline constexpr std::string_view kTransportLabel = "claviger-transport";
inline constexpr std::string_view kRecoveryLabel = "claviger-recovery";
inline constexpr std::string_view kTrustedTransportLabel = "claviger-trusted-transport";
inline constexpr std::string_view kTrustedRecoveryLabel = "claviger-trusted-recovery";
inline constexpr std::string_view kIdentityLabel = "claviger-identity";
inline constexpr std::string_view kCertificateLabel = "claviger-certificate-";  // and the caller's label
inline constexpr std::string_view kKeyLabel = "claviger-key";

// CKA_ID of a CWK: cluster id, '#', generation in decimal.
std::string cwk_object_id(const CwkId& id);

KeyNameBytes flat_name(const link::KeyName& name) noexcept;

// How the token object of a KMS key is labelled, known on the token, and known to us.
struct ResidentObject {
    std::string label;
    Bytes id;
    KeyNameBytes name{};
};
ResidentObject resident_object(const TokenOptions& options, const link::KeyTokenHeader& header);
// The same of an object that lies on a token; nullopt: it is of no KMS key that serves here. One of another
// Region is a copy that only bears a key's label.
std::optional<KeyNameBytes> resident_name(const TokenOptions& options, std::string_view label, ByteView id);
bool is_key_label(const TokenOptions& options, std::string_view label);  // in whatever Region
// Ours by its label: a KMS key's, or one of the labels above.
bool is_our_label(const TokenOptions& options, std::string_view label);

// Unwraps the key token's material as a new object on the keeper session. Takes the object mutex.
Result<CK_OBJECT_HANDLE> unwrap_material(Token::State& token, const Capabilities& capabilities,
                                         const Key::State& key, Residency residency);

}  // namespace claviger::hsm
