// The messages of the data socket: key operations, never PKCS#11 calls. No message carries readable key
// material of a KMS key, none takes a template. Requests and replies are views: what they point at must
// outlive them.
//
// encode() appends the payload to a buffer; decode() reads hostile bytes and answers nullopt for anything
// that is short, long, over a limit or trailed by more. Frames (frame.hpp) carry id, operation, deadline and
// status.
#pragma once

#include <array>
#include <compare>
#include <optional>

#include <claviger/base/bytes.hpp>
#include <claviger/base/error.hpp>
#include <claviger/base/public_key.hpp>
#include <claviger/base/secret.hpp>
#include <claviger/base/wire.hpp>

#include "hsm/link/operation.hpp"

namespace claviger::link {

using WipedBuffer = SecretBytes::Buffer;  // frames hold plaintexts: both ends wipe their buffers

inline constexpr std::size_t kMaxPlaintext = 4096;    // KMS limit of Encrypt
inline constexpr std::size_t kMaxMessage = 4096;      // KMS limit of GenerateMac
inline constexpr std::size_t kMaxPeerKey = 8192;      // KMS limit of DeriveSharedSecret
inline constexpr std::size_t kMaxBlob = 6144;         // KMS limit of CiphertextBlob
inline constexpr std::size_t kMaxContext = 64 << 10;  // canonical encryption context
inline constexpr std::size_t kMaxKeyToken = 16 << 10;
inline constexpr std::size_t kMaxRandom = 1024;
inline constexpr std::size_t kMaxDetail = 512;       // text of an error reply
inline constexpr std::size_t kMaxFrame = 192 << 10;  // one payload: two key tokens, two contexts, a blob

// What names a key's material inside a host: the first 16 bytes of SHA-256(account ‖ key id), then the first
// 16 bytes of the key material id. The same 32 bytes open every ciphertext blob.
struct KeyName {
    std::array<std::byte, 16> key_tag{};
    std::array<std::byte, 16> material{};
    friend auto operator<=>(const KeyName&, const KeyName&) = default;
};

// A key to work with. `token` empty: the host answers key_not_loaded if it does not hold the key.
// `token` present: the host loads it first (slow lane), then does the work.
struct KeyUse {
    KeyName name;
    ByteView token;
};

struct EncryptRequest {
    KeyUse key;
    ByteView plaintext;
    ByteView context;  // canonical encryption context; the host prepends the blob header to make the AAD
};
struct DecryptRequest {
    KeyUse key;
    ByteView blob;
    ByteView context;
};
struct ReEncryptRequest {
    KeyUse source;
    ByteView blob;
    ByteView source_context;
    KeyUse destination;
    ByteView destination_context;
};
struct GenerateDataKeyRequest {
    KeyUse key;
    std::uint16_t size = 0;  // 1..kMaxRandom
    bool with_plaintext = true;
    ByteView context;
};
struct RandomRequest {
    std::uint16_t size = 0;  // 1..kMaxRandom
};
// Identity of the key to be made; the host puts it into the key token's header and reads it only from there
// later.
struct CreateKeyRequest {
    std::string_view account;  // 12 digits
    std::string_view key_id;
    std::array<std::byte, 32> material_id{};
    std::string_view spec;    // "SYMMETRIC_DEFAULT", "RSA_4096", …: KMS KeySpec values
    std::string_view usage;   // KMS KeyUsage values
    std::string_view origin;  // "AWS_KMS", …
};
struct LoadKeyRequest {
    KeyUse key;  // token required
};
struct DestroyKeyRequest {
    KeyName name;
};
struct MacRequest {
    KeyUse key;
    ByteView message;  // 1..kMaxMessage
};
struct SignRequest {
    KeyUse key;
    SignatureKind kind;
    ByteView digest;  // of kind.hash
};
struct RsaDecryptRequest {
    KeyUse key;
    Hash hash = Hash::sha256;  // of OAEP: SHA-1 or SHA-256
    ByteView ciphertext;
};
struct DeriveRequest {
    KeyUse key;
    ByteView peer;  // SubjectPublicKeyInfo DER
};
struct GeneratePairRequest {
    std::string_view spec;  // KMS DataKeyPairSpec
};
enum class Envelope : std::uint8_t {  // wire values: append only
    oaep = 1,                         // RSAES-OAEP of the material
    oaep_and_key_wrap = 2,            // RSAES-OAEP of an AES key, then the material under it (RFC 5649)
};
// Who the key will be, as in CreateKeyRequest; its material id is made of the material.
struct ImportKeyRequest {
    ByteView wrapping_token;  // key token of the pair that opens the envelope
    Envelope envelope = Envelope::oaep;
    Hash hash = Hash::sha256;            // of OAEP: SHA-1 or SHA-256
    ByteView wrapped;                    // 1..kMaxBlob
    std::array<std::byte, 32> id_key{};  // of the HMAC whose result is the material id
    std::string_view account, key_id, spec, usage, origin;
};
// What the identity key signs begins with this: a host asked to sign anything else refuses.
inline constexpr std::string_view kProofPrefix = "claviger-slot-proof-v1";

struct ProveRequest {
    ByteView challenge;  // the whole message to sign, at most 512 bytes
};
struct CanaryRequest {};

struct BlobReply {  // encrypt, re_encrypt
    ByteView blob;
};
struct PlaintextReply {  // decrypt, random, rsa_decrypt, derive
    ByteView plaintext;
};
struct DataKeyReply {
    ByteView plaintext;  // empty unless asked for
    ByteView blob;
};
struct KeyTokenReply {  // create_key
    ByteView token;
    ByteView public_key;  // SubjectPublicKeyInfo DER, empty for secret keys
};
struct ImportReply {  // import_key; both empty: it opens, but holds no key of this spec
    ByteView token;
    ByteView public_key;
};
struct KeyPairReply {      // generate_pair
    ByteView private_key;  // PKCS#8 DER
    ByteView public_key;   // SubjectPublicKeyInfo DER
};
struct SignatureReply {  // prove, sign, mac
    ByteView signature;
};
struct EmptyReply {};  // load_key, destroy_key, canary

// Status other than success: the reply's payload is this instead.
struct ErrorReply {
    Errc code = Errc::internal;
    std::uint64_t ckr = 0;
    std::string_view detail;  // at most 512 bytes, free of secrets
};

template <class Message>
void encode(WipedBuffer& to, const Message& message);

template <class Message>
std::optional<Message> decode(ByteView payload);

}  // namespace claviger::link
