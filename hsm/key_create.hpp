// Key generation and the reading of key tokens. Private to hsm/.
#pragma once

#include <claviger/hsm/token.hpp>

#include "hsm/key_kind.hpp"

namespace claviger::hsm {

// A Key without a handle: parsed, checked against the tables. data_invalid otherwise.
Result<std::unique_ptr<Key>> read_key_token(ByteView bytes, Residency residency);

struct GeneratedPair {
    CK_OBJECT_HANDLE private_key;  // a session object of the lane; the caller destroys it
    Bytes public_key;              // SubjectPublicKeyInfo DER
};
Result<GeneratedPair> generate_key_pair(Lane& lane, const KeyKindRow& kind, Template private_part);

struct GenerateCall {
    const CwkId& cwk;
    const KeyKindRow& kind;
    const KeyIdentity& identity;
};
// generate → check value → wrap → destroy.
Result<NewKey> generate_key(Lane& lane, const GenerateCall& call);
// check value → wrap, of material that is in the token as an extractable session object: its key token.
// `public_key`: SubjectPublicKeyInfo DER, empty for secret keys.
Result<NewKey> seal_key(Lane& lane, const GenerateCall& call, CK_OBJECT_HANDLE material, Bytes public_key);

}  // namespace claviger::hsm
