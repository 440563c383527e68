// A token with its one login, and the lanes that work on it.
//
// Threads: Token is thread-safe; a Lane belongs to one thread at a time (a PKCS#11 session may not be shared,
// v2.40 §5.6 and usage guide 2.6.7). Lifetime: Module outlives Token, Token outlives its Lanes and Keys.
// Failure: values. Errors carry the CK_RV.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <claviger/base/bytes.hpp>
#include <claviger/base/clock.hpp>
#include <claviger/base/public_key.hpp>
#include <claviger/base/result.hpp>
#include <claviger/base/secret.hpp>
#include <claviger/hsm/key.hpp>
#include <claviger/hsm/module.hpp>

namespace claviger::hsm {

class Lane;
class NonceSource;

// Entered around C_Login, C_SetPIN, C_InitPIN and C_InitToken: SoftHSM rewrites its token file there and
// loses the token when it is killed in between (hsm/softhsm implements it with a file lock). And around
// C_Initialize and C_GetTokenInfo, which read that file. Not entered twice by one thread.
class TokenFileGuard {
public:
    virtual ~TokenFileGuard() = default;
    virtual Status<> enter() = 0;
    virtual void leave() noexcept = 0;
};

enum class IvScheme : std::uint8_t {
    prefix_counter,  // 64-bit random prefix of this process, 32-bit counter
    random96,        // 96 random bits of the token each time (SP 800-38D section 8.2.2)
    module_writes,   // the module draws the IV and writes it back into the parameter
};

struct TokenOptions {
    IvScheme iv = IvScheme::prefix_counter;
    TokenFileGuard* guard = nullptr;  // nullptr: the token needs none
    const Clock* clock = nullptr;     // nullptr: the machine's
    std::uint32_t nonce_counter = 0;  // where a fresh prefix starts to count; for tests near the wrap
    // "arn:aws:kms:us-east-1": token objects of KMS keys are labelled with the key's ARN, and their id is the
    // 16 bytes of its UUID. Empty: label and id are names of ours.
    std::string key_arn{};
};

// What was found by doing, right after login; decides which mechanisms are used.
struct Capabilities {
    unsigned long key_wrap = 0;   // mechanism that is RFC 5649 on this module, 0: none
    unsigned long oaep_hash = 0;  // best hash CKM_RSA_PKCS_OAEP takes for both wrap and unwrap, 0: none
};

// Which cluster wrapping key: its cluster, and its generation within it.
struct CwkId {
    std::string cluster_id;
    std::uint32_t generation = 1;
    friend bool operator==(const CwkId&, const CwkId&) = default;
};

enum class Attempt : std::uint8_t {
    automatic,    // not made when the token shows COUNT_LOW, FINAL_TRY or LOCKED
    by_operator,  // made unless LOCKED
};

struct TokenObject {  // for reports on what lies on a token
    unsigned long object_class = 0;
    std::string label;
    Bytes id;
};

class Token {
public:
    // Opens the keeper session; does not log in.
    static Result<std::unique_ptr<Token>> open(Module& module, SlotId slot, TokenOptions options = {});
    ~Token();
    Token(const Token&) = delete;
    Token& operator=(const Token&) = delete;

    Result<TokenFacts> facts() const;
    const Module& module() const noexcept { return module_; }

    // One C_Login. pin_refused: wrong, locked or not to be tried; nobody may try this PIN again by himself. A
    // login that is already there is an error (conflict): it proves nothing about this PIN. On success the
    // capabilities are found, cluster keys are looked up once, and every lane draws a new nonce prefix.
    Status<> login(const SecretBytes& pin, Attempt attempt = Attempt::automatic);
    // Ends the login of the whole process on this token: every Key and every CWK handle is dead afterwards.
    Status<> logout();
    bool logged_in() const;  // asks the token
    // C_SetPIN of the user who is logged in, or of the user when nobody is.
    Status<> change_pin(const SecretBytes& current, const SecretBytes& next);

    Result<std::unique_ptr<Lane>> open_lane();

    const Capabilities& capabilities() const noexcept { return capabilities_; }
    // Cluster wrapping keys found at login or made since.
    std::vector<CwkId> cwks() const;
    // Our token objects, for orphan reports. Takes the object mutex; slow.
    Result<std::vector<TokenObject>> objects() const;
    // Destroys the token objects of a KMS key that have this label and id. Answers how many there were.
    // bad_config: no KMS key has such a label.
    Result<std::size_t> destroy_key_objects(std::string_view label, ByteView id);

    struct State;
    State& state() noexcept { return *state_; }

private:
    Token(Module& module, TokenOptions options);
    Module& module_;
    Capabilities capabilities_;
    std::unique_ptr<State> state_;
};

struct LaneCounters {
    std::uint64_t operations = 0;
    std::uint64_t data_faults = 0;      // the caller's bytes did not authenticate
    std::uint64_t key_checks = 0;       // check values verified after an ambiguous failure
    std::uint64_t key_reloads = 0;      // handles dropped and loaded again
    std::uint64_t nonce_draws = 0;      // prefixes drawn
    std::uint64_t random_ivs = 0;       // IVs of 96 random bits
    std::uint64_t sessions_opened = 0;  // the first included
};

struct ReadablePair {
    SecretBytes private_key;  // PKCS#8 PrivateKeyInfo DER (RFC 5958)
    Bytes public_key;         // SubjectPublicKeyInfo DER
};

enum class KeyWrap : std::uint8_t {
    none,     // RSAES-OAEP of the material
    rfc5649,  // RSAES-OAEP of an AES key, then the material under it (v2.40 mechanisms §2.1.21)
};
struct ImportCall {
    ByteView wrapping_token;
    KeyWrap key_wrap = KeyWrap::none;
    Hash hash = Hash::sha256;  // of OAEP: SHA-1 or SHA-256
    ByteView wrapped;
    std::array<std::byte, 32> id_key{};  // of the HMAC
    KeyIdentity identity;                // material_id is not read
};

// What became of a blob.
struct Opening {
    std::size_t size = 0;       // of the plaintext
    unsigned long refused = 0;  // the CK_RV that a bad blob, a handle that is another key's and a fault of
                                // the token have in common; 0: opened
};

// A session of its own. The fast lane uses encrypt, decrypt, mac and random; everything else is slow-lane
// work.
class Lane {
public:
    ~Lane();
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;
    Token& token() noexcept { return token_; }

    // Bytes a blob of this plaintext takes, and what `out` must have room for (modules may append an IV).
    static constexpr std::size_t blob_size(std::size_t plaintext) noexcept {
        return plaintext + 34 + 12 + 16;
    }
    static constexpr std::size_t blob_room(std::size_t plaintext) noexcept {
        return blob_size(plaintext) + 32;
    }

    // AES-GCM into a ciphertext blob (hsm/link/blob.hpp); AAD = blob header ‖ context. Returns the blob's
    // size. `out` holds at least blob_room(plaintext.size()) bytes and does not overlap `plaintext`.
    Result<std::size_t> encrypt(Key& key, ByteView plaintext, ByteView context, std::span<std::byte> out);

    // Opens a blob into `out`, which holds at least blob.size() bytes (SoftHSM wants room for the tag, too);
    // bytes of `out` behind the plaintext are wiped. data_invalid: blob, context or key do not belong
    // together, and the key was seen to be good. key_fault, hsm_fault: the check value says so (design:
    // "Check values").
    Result<std::size_t> decrypt(Key& key, ByteView blob, ByteView context, std::span<std::byte> out);

    // The same in parts, for a caller who has many: decrypt is try_decrypt, settle, try_decrypt. What is
    // refused again after settle() is not_authentic().
    Result<Opening> try_decrypt(Key& key, ByteView blob, ByteView context, std::span<std::byte> out);
    Error not_authentic(const Opening& refused) noexcept;
    // Verifies the check value and, where that is bad, loads the key again. As verify() answers.
    Status<> settle(Key& key);
    // One settle() serves all refusals of this long, so that bad blobs cost little more than good ones.
    static constexpr std::chrono::milliseconds kSettleInterval{5};
    // When the next one is due: kSettleInterval after the last.
    static MonoTime settle_due(Key& key) noexcept;

    // RFC 2104 under an HMAC key, full length. Returns the size; `out` has room for kMaxDigest bytes.
    Result<std::size_t> mac(Key& key, ByteView message, std::span<std::byte> out);

    // Private-key work of the slow lane. The input cannot be bad: what fails is the key or the token.
    // `digest` is one of `kind.hash`; ECDSA signatures come as DER.
    Result<Bytes> sign(Key& key, SignatureKind kind, ByteView digest);
    // The X coordinate of ECDH (SP 800-56A section 5.7.1.2), as long as the field. data_invalid: `peer` is
    // no SubjectPublicKeyInfo on the key's curve.
    Result<SecretBytes> derive(Key& key, ByteView peer);
    // RSAES-OAEP with the same hash in MGF1 and the empty label. data_invalid, whatever is wrong with the
    // ciphertext; nothing else, time included, tells what it was.
    Result<SecretBytes> rsa_decrypt(Key& key, Hash hash, ByteView ciphertext);
    // A key pair for the caller, made in the token as readable session objects. unsupported: no such spec.
    Result<ReadablePair> generate_pair(std::string_view spec);

    // Bytes of the token's generator, drawn in batches and wiped as they are handed out.
    Status<> random(std::span<std::byte> out);

    // Uses the key once and compares with its key token: key_fault when it is not what the token says.
    Status<> verify(Key& key);

    // Generates in the token, wraps under the CWK, destroys; the key token is all that is left.
    Result<NewKey> create_key(const CwkId& cwk, const KeyIdentity& identity);

    // The key that a caller wrapped for the pair in `call.wrapping_token`, wrapped under the same CWK as
    // that; its material id is HMAC-SHA-256 of the material. data_invalid: it does not open. A token of size
    // 0: it opens, but is no key of this spec. The material is in this process's memory for the length of the
    // call.
    Result<NewKey> import_key(const ImportCall& call);

    // Unwraps a key token as a non-extractable key of its one purpose and verifies its check value.
    // data_invalid: the bytes are no key token; not_found: its CWK is not here; key_fault: unwrapped, but not
    // the right key.
    Result<std::unique_ptr<Key>> load_key(ByteView key_token, Residency residency);

    // The token object of a key that is used with token residency is there still: its owner may have
    // destroyed it with tools of his own. The token is asked unless it was within `interval`. key_fault:
    // gone.
    Status<> check_resident(Key& key, std::chrono::milliseconds interval);
    static constexpr std::chrono::milliseconds kResidentInterval{1000};  // for keys in use

    // Destroys the object behind the key and, if `everywhere`, token objects of the same name.
    enum class Reach : std::uint8_t { handle, everywhere };
    Status<> destroy_key(Key& key, Reach reach);
    // Destroys the token object of a key that is not loaded, if there is one.
    Status<> destroy_resident(const KeyNameBytes& name);

    const LaneCounters& counters() const noexcept { return counters_; }

    unsigned long session() const noexcept { return session_; }
    // Closes the session and opens a new one, as after an error of the session-fault class.
    Status<> renew_session();
    // The next 12-byte IV of the token's IvScheme (not module_writes). Never the same twice under one key.
    Status<> draw_iv(std::span<std::byte, 12> out);

private:
    friend class Token;
    explicit Lane(Token& token);
    unsigned long encrypt_once(Key& key, ByteView plaintext, std::size_t aad, std::span<std::byte> out,
                               unsigned long& size);
    unsigned long decrypt_once(Key& key, ByteView iv, ByteView sealed, std::size_t aad,
                               std::span<std::byte> out, unsigned long& size);
    Status<> reload(Key& key);
    Result<SecretBytes> open_oaep(Key& key, Hash hash, ByteView ciphertext);
    Result<SecretBytes> open_envelope(Key& pair, const ImportCall& call);
    template <class Attempt>
    Status<> on_good_input(Key& key, std::string_view function, Attempt attempt);
    template <class Attempt>
    Result<SecretBytes> decrypt_in_token(Key& key, Attempt attempt, SecretBytes& plain,
                                         const unsigned long& size);
    Status<> refill_random();

    Token& token_;
    unsigned long session_ = 0;
    std::unique_ptr<NonceSource> nonces_;
    Bytes aad_;  // scratch, sized once: no allocation per call
    SecretBytes random_batch_;
    std::size_t random_used_ = 0;
    std::uint64_t login_epoch_ = 0;
    LaneCounters counters_;
};

}  // namespace claviger::hsm
