// Public keys in software (OpenSSL 3): from numbers to SubjectPublicKeyInfo and back, verification,
// encryption. What everybody may do with a key pair needs no HSM.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <claviger/base/bytes.hpp>
#include <claviger/base/digest.hpp>
#include <claviger/base/result.hpp>

struct evp_pkey_st;

namespace claviger {

struct PublicKeyFree {
    void operator()(evp_pkey_st* key) const noexcept;
};
// OpenSSL's EVP_PKEY. Concurrent use of one key is safe as long as nobody changes it.
using PublicKey = std::unique_ptr<evp_pkey_st, PublicKeyFree>;

struct RsaParts {
    Bytes modulus;  // big-endian, as CKA_MODULUS
    Bytes exponent;
};

// All: data_invalid when the numbers make no key.
Result<PublicKey> rsa_public_key(const RsaParts& parts);
// `curve` by OpenSSL's name. `point` as CKA_EC_POINT: a DER OCTET STRING of the point, or the bare point
// (some modules).
Result<PublicKey> ec_public_key(std::string_view curve, ByteView point);
// SubjectPublicKeyInfo in DER, trailed by nothing.
Result<PublicKey> parse_public_key(ByteView spki);
Result<Bytes> to_spki(const PublicKey& key);

Result<RsaParts> rsa_parts(const PublicKey& key);  // data_invalid: not RSA
std::string ec_curve(const PublicKey& key);        // OpenSSL's name; empty: not encoded as a named curve
Result<Bytes> ec_point(const PublicKey& key);      // uncompressed; data_invalid: not EC

enum class SignatureScheme : std::uint8_t {  // wire values of the HSM link: append only
    rsa_pkcs1 = 1,                           // RFC 8017 section 8.2
    rsa_pss = 2,  // RFC 8017 section 8.1; MGF1 with the same hash, salt as long as the hash
    ecdsa = 3,    // FIPS 186-5 section 6; the signature is DER SEQUENCE {r, s}
};
struct SignatureKind {
    SignatureScheme scheme = SignatureScheme::rsa_pkcs1;
    Hash hash = Hash::sha256;
};
// false: the signature is not by this key, or no signature at all.
bool verifies(const PublicKey& key, SignatureKind kind, ByteView digest, ByteView signature);

// r ‖ s, each as long as the group order (v2.40 mechanisms §2.3.1), as DER. data_invalid: of odd size.
Result<Bytes> ecdsa_to_der(ByteView raw);

enum class RsaBlock : std::uint8_t { raw, oaep_sha1, oaep_sha256 };
// data_invalid: the message does not fit.
Result<Bytes> rsa_encrypt(const PublicKey& key, RsaBlock block, ByteView message);

}  // namespace claviger
