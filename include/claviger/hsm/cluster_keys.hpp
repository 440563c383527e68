// The keys that make a token a member of a cluster: wrapping key, transport pair, recovery key, identity,
// certificates. Slow-lane work under the user's login; each function serialises token-object work with the
// token's object mutex.
#pragma once

#include <string>
#include <vector>

#include <claviger/hsm/token.hpp>

namespace claviger::hsm {

enum class Membership : std::uint8_t {
    open,    // the CWK stays extractable for trusted keys: a member can take in another HSM
    sealed,  // the CWK arrives non-extractable: only the recovery holder can
};

// AES-256, a token object with the template of docs/architecture.md "Keys". conflict: this generation exists
// already.
Status<> generate_cwk(Lane& lane, const CwkId& id);
// The CWK under the public key `recipient` (SubjectPublicKeyInfo DER), which an officer must have installed
// here as TRUSTED: not_found otherwise. The result opens with accept_cwk on the token that holds the private
// half.
Result<Bytes> wrap_cwk(Lane& lane, const CwkId& id, ByteView recipient);
// Unwraps a CWK with the private half that is on this token (transport or recovery key).
enum class PrivateHalf : std::uint8_t { transport, recovery };
Status<> accept_cwk(Lane& lane, const CwkId& id, PrivateHalf with, Membership membership, ByteView wrapped);
// EXTRACTABLE becomes false, for ever. Idempotent; answers whether this call did it.
Result<bool> seal_cwk(Lane& lane, const CwkId& id);
Status<> destroy_cwk(Lane& lane, const CwkId& id);
// The key token of an AES key that belongs to the cluster itself: whoever can load it holds the CWK.
Result<Bytes> create_check_token(Lane& lane, const CwkId& id);

// RSA-3072; answers the public half as SubjectPublicKeyInfo DER. A transport pair lives for one join:
// drop_transport destroys it and every trusted transport key of others, and is safe to call when there is
// none.
Result<Bytes> make_transport(Lane& lane, Membership membership);
Result<bool> has_transport(Lane& lane);
Status<> drop_transport(Lane& lane);
// The recovery pair of a vault token, permanent there.
Result<Bytes> make_recovery_pair(Lane& lane);
// Is this public key installed here as TRUSTED?
Result<bool> has_trusted(Lane& lane, ByteView public_key);

struct IdentityKey {
    Bytes token;       // key token under the CWK
    Bytes public_key;  // SubjectPublicKeyInfo DER
};
// RSA-2048, generated as a session object and wrapped; nothing of it stays on the token until
// install_identity.
Result<IdentityKey> create_identity(Lane& lane, const CwkId& cwk);
// Unwraps it as a non-extractable token object that signs only, and proves it against the token's public
// part. Replaces an identity of another key. Idempotent.
Status<> install_identity(Lane& lane, ByteView key_token);
Result<bool> has_identity(Lane& lane);
// sha256WithRSAEncryption, made in the token.
Result<Bytes> identity_sign(Lane& lane, ByteView message);
struct CsrSubject {
    std::string common_name;
    std::string organization;
    std::string organizational_unit;
};
// PKCS#10 (RFC 2986) DER, signed by the identity key and verified before it is answered.
Result<Bytes> identity_csr(Lane& lane, const CsrSubject& subject);

// Public certificate objects; a certificate of the same label is replaced.
Status<> install_certificate(Lane& lane, std::string_view label, ByteView der);

// Destroys every object that is ours, one by one, and looks again. Answers how many there were.
Result<std::size_t> wipe_user_objects(Lane& lane);

}  // namespace claviger::hsm
