#pragma once

#include <claviger/hsm/token.hpp>

#include "hsm/cryptoki.hpp"

namespace claviger::hsm {

// Tries on published test values which wrap mechanism is RFC 5649 and which OAEP hash is taken. Needs a
// login; a few milliseconds; leaves nothing behind.
Capabilities find_capabilities(const Functions& p11, CK_SESSION_HANDLE session);

struct OaepParams {
    CK_RSA_PKCS_OAEP_PARAMS params;
    explicit OaepParams(unsigned long hash) noexcept
        : params{hash, hash == CKM_SHA256 ? CKG_MGF1_SHA256 : CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, nullptr, 0} {
    }
    CK_MECHANISM mechanism() noexcept { return {CKM_RSA_PKCS_OAEP, &params, sizeof(params)}; }
};

}  // namespace claviger::hsm
