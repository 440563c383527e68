// Passwords of cluster users that are accounts of ours, not of a token.
#pragma once

#include <claviger/base/bytes.hpp>
#include <claviger/base/clock.hpp>
#include <claviger/base/result.hpp>
#include <claviger/base/secret.hpp>

namespace claviger::cloudhsm {

// Salt and scrypt (RFC 7914; N = 2^14, r = 8, p = 1: 16 MB and some 40 ms) of the password.
Result<Bytes> hash_password(const SecretBytes& password, Random& random);
bool is_password(const SecretBytes& password, ByteView hash);

}  // namespace claviger::cloudhsm
