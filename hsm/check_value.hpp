// Check values: proof by ordinary use that a handle is the key its key token names.
//
// AES: IV ‖ AES-GCM of a constant, so that verifying is one decryption and no IV is ever used twice. HMAC:
// the MAC of the check input. RSA and EC have none: the public part in the key token decides.
#pragma once

#include <claviger/hsm/token.hpp>

#include "hsm/key_kind.hpp"
#include "hsm/link/key_token.hpp"

namespace claviger::hsm {

// Account, key id, material id, spec and usage: what a check value of one key proves nothing about in
// another.
Bytes check_input(const link::KeyTokenHeader& header);

// Empty for RSA and EC.
Result<Bytes> make_check_value(Lane& lane, const KeyKindRow& kind, CK_OBJECT_HANDLE handle, ByteView input);

struct CheckedKey {
    const KeyKindRow& kind;
    CK_OBJECT_HANDLE handle;
    ByteView input;
    ByteView value;
    ByteView public_key;
};
// key_fault: the handle answers, but it is not this key, or the token cannot say so in a way that differs
// from bad input. Other errors: the token or the session failed.
Status<> verify_check_value(Lane& lane, const CheckedKey& key);

}  // namespace claviger::hsm
