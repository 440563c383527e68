// Key material that a caller brings: out of its wrapping, read and checked before a token sees it. Hostile
// input, in wiped memory. Private to hsm/.
#pragma once

#include <optional>

#include <claviger/base/secret.hpp>

#include "hsm/key_kind.hpp"

namespace claviger::hsm {

struct Material {
    Template value;        // CKA_VALUE, or the numbers of an RSA key
    Bytes public_key;      // SubjectPublicKeyInfo DER; empty for secret keys
    SecretBytes identity;  // equal for equal keys, however they were encoded
};

// Secret keys as they are: 32 bytes for AES, from the size of the MAC to 128 bytes for HMAC. Private keys as
// PKCS#8 PrivateKeyInfo (RFC 5208; inside, RFC 8017 or RFC 5915), BER or DER. nullopt: not a key of this
// kind: another size or curve, explicit curve parameters, more than two primes, numbers that do not belong
// together, or more behind it.
std::optional<Material> read_material(const KeyKindRow& kind, const SecretBytes& bytes);

// RFC 5649 in software: the AES key comes out of the same envelope, so no token holds it. nullopt: not
// wrapped by this key.
std::optional<SecretBytes> key_unwrap(const SecretBytes& key, ByteView wrapped);

}  // namespace claviger::hsm
