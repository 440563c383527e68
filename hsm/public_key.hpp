// Public keys in software (OpenSSL 3): from attributes to SubjectPublicKeyInfo and back, verification.
// Private to hsm/.
#pragma once

#include <memory>

#include <openssl/evp.h>

#include <claviger/base/result.hpp>
#include <claviger/base/secret.hpp>

#include "hsm/key_kind.hpp"

namespace claviger::hsm {

struct EvpPkeyFree {
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
using PublicKey = std::unique_ptr<EVP_PKEY, EvpPkeyFree>;

struct RsaParts {
    Bytes modulus;  // big-endian, as CKA_MODULUS
    Bytes exponent;
};

Result<PublicKey> rsa_public_key(const RsaParts& parts);
// `point` as CKA_EC_POINT: a DER OCTET STRING of the uncompressed point, or the bare point (some modules).
Result<PublicKey> ec_public_key(std::string_view curve, ByteView point);
// data_invalid when it does not parse or is trailed by more.
Result<PublicKey> parse_public_key(ByteView spki);
Result<Bytes> to_spki(const PublicKey& key);
Result<RsaParts> rsa_parts(const PublicKey& key);  // data_invalid: not RSA

enum class RsaPadding : std::uint8_t { pkcs1, pss };
// SHA-256 throughout. false: the signature is not by this key.
bool rsa_verifies_digest(const PublicKey& key, RsaPadding padding, ByteView digest, ByteView signature);
bool rsa_verifies(const PublicKey& key, RsaPadding padding, ByteView message, ByteView signature);
// `signature` as CKM_ECDSA answers it: r ‖ s, each as long as the group order (v2.40 mechanisms §2.3.1).
bool ec_verifies_digest(const PublicKey& key, ByteView digest, ByteView signature);

enum class RsaBlock : std::uint8_t { raw, oaep_sha1, oaep_sha256 };
Result<Bytes> rsa_encrypt(const PublicKey& key, RsaBlock block, ByteView message);

}  // namespace claviger::hsm
