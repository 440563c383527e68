// RSAES-OAEP decoding (RFC 8017 section 7.1.2, step 3) for tokens that know RSA but not this hash. Private to
// hsm/.
#pragma once

#include <optional>

#include <claviger/base/digest.hpp>
#include <claviger/base/secret.hpp>

namespace claviger::hsm {

// `block` is the result of the RSA operation, as long as the modulus; its content is destroyed. nullopt: the
// padding is wrong. First byte, label hash, separator and length give one verdict in the end, reached in the
// same time whatever is wrong: an attacker who could tell them apart decrypts ciphertexts (Manger 2001).
std::optional<SecretBytes> oaep_decode(Hash hash, std::span<std::byte> block);

}  // namespace claviger::hsm
