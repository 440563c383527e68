// Private keys as PKCS#8 PrivateKeyInfo (RFC 5958), written into wiped memory only. Private to hsm/.
#pragma once

#include <array>
#include <string_view>

#include <claviger/base/secret.hpp>

namespace claviger::hsm {

// Big-endian, in the order of RFC 8017 appendix A.1.2: n, e, d, p, q, d mod p-1, d mod q-1, q^-1 mod p.
using RsaNumbers = std::array<SecretBytes, 8>;

SecretBytes rsa_pkcs8(const RsaNumbers& numbers);

struct EcNumbers {
    std::string_view curve_oid;  // DER of the namedCurve
    ByteView scalar;             // as long as the field
    ByteView point;              // uncompressed
};
// With the public point and without parameters inside ECPrivateKey, as OpenSSL writes it (RFC 5915).
SecretBytes ec_pkcs8(const EcNumbers& numbers);

}  // namespace claviger::hsm
