// Single PKCS#11 calls with private keys that more than one file makes. Private to hsm/.
#pragma once

#include <claviger/base/secret.hpp>

#include "hsm/cryptoki.hpp"

namespace claviger::hsm {

struct EcdhCall {
    CK_OBJECT_HANDLE key;
    ByteView point;  // of the peer, uncompressed
    CK_ULONG size;   // of the secret: bytes of a coordinate
};
// C_DeriveKey into a readable session object, which is read and destroyed. `secret` is filled on CKR_OK.
CK_RV ecdh(const Functions& p11, CK_SESSION_HANDLE session, const EcdhCall& call, SecretBytes& secret);

}  // namespace claviger::hsm
