// A cluster: many HSMs that hold one wrapping key, seen as one. What the service calls for every key
// operation.
//
// Threads: a Cluster is shared and thread-safe. A Client belongs to the io thread that made it: every call
// and every destruction happens there. Lifetime: Cluster outlives its Clients; Clients outlive their calls.
// Failure: values, never exceptions. Errc::data_invalid is the caller's fault; no_hsm and deadline_exceeded
// mean that no good HSM answered in time; unsupported that the members cannot do it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include <claviger/base/bytes.hpp>
#include <claviger/base/clock.hpp>
#include <claviger/base/id.hpp>
#include <claviger/base/public_key.hpp>
#include <claviger/base/result.hpp>
#include <claviger/base/secret.hpp>
#include <claviger/cluster/options.hpp>

namespace boost::asio {
class io_context;
}

namespace claviger::cluster {

// A key's material as the cluster needs it: made from the store's key token, kept in memory, shared by
// requests. An object that exists is valid: the token's header parses and names this account and key id.
class KeyMaterial {
public:
    static Result<std::shared_ptr<const KeyMaterial>> parse(Bytes token);
    const std::array<std::byte, 32>& name() const noexcept { return name_; }  // link::KeyName, flat
    const std::array<std::byte, 32>& material_id() const noexcept { return material_id_; }
    const std::string& account() const noexcept { return account_; }
    const std::string& key_id() const noexcept { return key_id_; }
    std::string_view spec() const noexcept { return spec_; }  // KMS KeySpec value
    std::string_view usage() const noexcept { return usage_; }
    ByteView public_key() const noexcept {
        return public_key_;
    }  // SubjectPublicKeyInfo DER; empty: a secret key
    // public_key(), parsed at the first call; nullptr for a secret key. Thread-safe.
    const PublicKey* parsed_public_key() const;
    ByteView token() const noexcept { return token_; }

private:
    KeyMaterial() = default;
    Bytes token_;
    std::array<std::byte, 32> name_{};
    std::array<std::byte, 32> material_id_{};
    std::string account_;
    std::string key_id_;
    std::string_view spec_;  // these are views of token_
    std::string_view usage_;
    ByteView public_key_;
    mutable std::once_flag parsed_;
    mutable PublicKey parsed_public_key_;
};

struct KeyPair {
    SecretBytes private_key;  // PKCS#8 DER
    Bytes public_key;         // SubjectPublicKeyInfo DER
};

struct DataKey {
    SecretBytes plaintext;  // empty unless asked for
    Bytes blob;
};

struct NewKeyIdentity {
    std::string account;
    std::string key_id;
    std::array<std::byte, 32> material_id{};
    std::string spec;    // KMS KeySpec value
    std::string usage;   // KMS KeyUsage value
    std::string origin;  // KMS Origin value
};

enum class Envelope : bool {
    oaep,               // RSAES-OAEP of the material
    oaep_and_key_wrap,  // RSAES-OAEP of an AES key, then the material under it (RFC 5649)
};

// Key material of a caller, as he wrapped it.
struct WrappedMaterial {
    ByteView wrapping_token;  // of the pair it is wrapped for, which create_key made for this usage alone
    Envelope envelope = Envelope::oaep;
    Hash hash = Hash::sha256;  // of OAEP: SHA-1 or SHA-256
    ByteView bytes;
    std::array<std::byte, 32> id_key{};  // material id: HMAC-SHA-256 of the material under it
};

struct NewKey {
    Bytes token;       // the durable form: commit it before answering the caller
    Bytes public_key;  // SubjectPublicKeyInfo DER; empty for secret keys
};

enum class Plaintext : bool { omit, include };

// Call with a request's deadline; each attempt gets a share of it. `context` is the canonical encryption
// context. Views must stay valid until the awaitable completes.
class Client {
public:
    virtual ~Client() = default;
    virtual boost::asio::awaitable<Result<Bytes>> encrypt(const KeyMaterial& key, ByteView plaintext,
                                                          ByteView context, MonoTime deadline) = 0;
    virtual boost::asio::awaitable<Result<SecretBytes>> decrypt(const KeyMaterial& key, ByteView blob,
                                                                ByteView context, MonoTime deadline) = 0;
    virtual boost::asio::awaitable<Result<Bytes>> re_encrypt(const KeyMaterial& source, ByteView blob,
                                                             ByteView source_context,
                                                             const KeyMaterial& destination,
                                                             ByteView destination_context,
                                                             MonoTime deadline) = 0;
    virtual boost::asio::awaitable<Result<DataKey>> generate_data_key(const KeyMaterial& key,
                                                                      std::uint16_t size, Plaintext want,
                                                                      ByteView context,
                                                                      MonoTime deadline) = 0;
    virtual boost::asio::awaitable<Result<SecretBytes>> random(std::uint16_t size, MonoTime deadline) = 0;
    virtual boost::asio::awaitable<Result<Bytes>> mac(const KeyMaterial& key, ByteView message,
                                                      MonoTime deadline) = 0;
    // `digest` is one of `kind.hash`. ECDSA signatures are DER.
    virtual boost::asio::awaitable<Result<Bytes>> sign(const KeyMaterial& key, SignatureKind kind,
                                                       ByteView digest, MonoTime deadline) = 0;
    // RSAES-OAEP with SHA-1 or SHA-256.
    virtual boost::asio::awaitable<Result<SecretBytes>> rsa_decrypt(const KeyMaterial& key, Hash hash,
                                                                    ByteView ciphertext,
                                                                    MonoTime deadline) = 0;
    // ECDH with a peer's SubjectPublicKeyInfo. data_invalid: no key on the same curve.
    virtual boost::asio::awaitable<Result<SecretBytes>> derive(const KeyMaterial& key, ByteView peer,
                                                               MonoTime deadline) = 0;
    // A key pair for the caller, made in an HSM; `spec` is a KMS DataKeyPairSpec.
    virtual boost::asio::awaitable<Result<KeyPair>> generate_pair(std::string_view spec,
                                                                  MonoTime deadline) = 0;
    // Generated in one HSM, loaded and verified in a second of another zone where there is one. Nothing is
    // durable until the caller commits the token; a token that is never committed leaves no usable key.
    virtual boost::asio::awaitable<Result<NewKey>> create_key(const NewKeyIdentity& identity,
                                                              MonoTime deadline) = 0;
    // As create_key, of material that exists already; `identity.material_id` is not read: the token says it.
    // data_invalid: it does not open. An empty token: it opens, but is no key of `identity.spec`.
    virtual boost::asio::awaitable<Result<NewKey>> import_key(const NewKeyIdentity& identity,
                                                              const WrappedMaterial& material,
                                                              MonoTime deadline) = 0;
    // Destroys what HSMs hold of this key. Absent HSMs are the caller's business (tombstones).
    virtual boost::asio::awaitable<Status<>> destroy_key(const KeyMaterial& key, MonoTime deadline) = 0;
};

// Of a member whose host runs.
struct UserPin {
    bool locked = false;  // by the token (CKF_USER_PIN_LOCKED)
    bool kept = false;    // the host keeps one that the token has not refused
};

// The state of one member, for metrics, doctor pages and `hsm-info`.
struct MemberView {
    std::string hsm_id;
    std::string zone;
    std::string serial;
    std::string state;  // "starting", "admitting", "serving", "broken", "refused: …"
    std::uint64_t operations = 0;
    std::uint64_t faults = 0;
    std::uint64_t restarts = 0;
    std::uint64_t key_loads =
        0;  // requests that brought it a key token: it did not hold the key, so it seemed
    std::uint64_t outstanding = 0;
    std::int64_t process = 0;  // of the host that serves; 0 while none does
    std::string last_error;
    // Why its last start or admission failed; nullopt while it serves. hsm_gone: its host cannot be reached;
    // not_found: no such token; conflict: another process works with the token; pin_refused: ckr says how;
    // integrity: it is not a member of this cluster.
    std::optional<Error> failure;
};

// The token object of a KMS key.
struct KeyObject {
    std::string hsm_id;
    std::string label;
    std::string id;  // hexadecimal CKA_ID
};

// The HSMs of one cluster, their processes, and which of them may serve. Its control work runs on the
// io_context it was made with, which one thread runs until stop() has completed: hosts end when the thread
// that started them ends (prctl(2), PR_SET_PDEATHSIG). start(), client(), members() and serving() may be
// called from any thread; the awaitables run on the control io_context. An HSM that fails admission gets no
// request; its view says why.
class Cluster {
public:
    // Errc::bad_config: the options contradict themselves; integrity: the certificate does not chain to the
    // anchor.
    static Result<std::unique_ptr<Cluster>> make(boost::asio::io_context& control, ClusterOptions options,
                                                 const Clock& clock, Random& random);
    ~Cluster();
    Cluster(const Cluster&) = delete;
    Cluster& operator=(const Cluster&) = delete;

    // Starts the hosts and admits them; returns at once.
    void start();
    // A client for the thread that runs `thread`. Make and destroy it there, or while nothing runs that
    // io_context.
    std::unique_ptr<Client> client(boost::asio::io_context& thread);
    // A further HSM, which is started and admitted when the cluster runs. bad_config: its id, serial or state
    // directory is used already, or there are kMaxMembers. Control thread.
    Status<> add(HsmOptions hsm);
    // No request goes to this HSM any more; what it was asked is answered or asked elsewhere; its host is
    // ended. not_found: no such member.
    boost::asio::awaitable<Status<>> remove(std::string hsm_id);
    // The member's user PIN becomes `fresh`; empty: one that its token draws and nobody else knows. Its host
    // keeps it. not_found, no_hsm: it is no member, or its host does not run.
    boost::asio::awaitable<Status<>> set_user_pin(std::string hsm_id, SecretBytes fresh);
    // What the member's host and its token say now. no_hsm: as above.
    boost::asio::awaitable<Result<UserPin>> user_pin(std::string hsm_id);
    std::vector<MemberView> members() const;
    std::size_t serving() const noexcept;
    // When its certificate ends; options.log has an alarm 90 days before that and one then. No HSM is left
    // for it.
    WallTime certificate_expires() const noexcept;
    // Completes when `count` HSMs serve; no_hsm at the deadline or as soon as too few are left that could.
    boost::asio::awaitable<Status<>> wait_serving(std::size_t count, MonoTime deadline);
    // No request reaches an HSM any more; hosts that are ours are ended (SIGTERM, then SIGKILL) and reaped.
    boost::asio::awaitable<void> stop();
    // Objects on admitted HSMs that belong to none of `known` (link::KeyName, flat): of a create that was
    // never committed, of a deletion that was interrupted.
    boost::asio::awaitable<Result<std::vector<KeyObject>>> report_leftovers(
        std::vector<std::array<std::byte, 32>> known);

    // With KeyObjects::token: what lies on one HSM, what is put there, what is destroyed. no_hsm: it does not
    // serve. place_key is done, too, if the key's object is there.
    boost::asio::awaitable<Result<std::vector<KeyObject>>> key_objects(std::string hsm_id);
    boost::asio::awaitable<Status<>> place_key(std::string hsm_id, std::shared_ptr<const KeyMaterial> key);
    boost::asio::awaitable<Status<>> destroy_object(KeyObject object);

private:
    struct Impl;
    explicit Cluster(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace claviger::cluster
