// The one AES-GCM call of the hot path. Private to hsm/.
#pragma once

#include "hsm/cryptoki.hpp"

namespace claviger::hsm {

inline constexpr std::size_t kGcmIv = 12;
inline constexpr CK_ULONG kGcmTagBits = 128;

// PKCS#11 v2.40 mechanisms §2.12.4 with errata 01 (ulIvBits). The IV is writable: some modules write it back.
inline CK_GCM_PARAMS gcm_params(std::span<std::byte> iv, ByteView aad) noexcept {
    CK_GCM_PARAMS params{};
    params.pIv = out_ptr(iv);
    params.ulIvLen = iv.size();
    params.ulIvBits = iv.size() * 8;
    params.pAAD = in_ptr(aad);
    params.ulAADLen = aad.size();
    params.ulTagBits = kGcmTagBits;
    return params;
}

inline CK_RV gcm_encrypt(const Functions& p11, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key,
                         CK_GCM_PARAMS params, ByteView in, std::span<std::byte> out,
                         CK_ULONG& size) noexcept {
    CK_MECHANISM mechanism{CKM_AES_GCM, &params, sizeof(params)};
    const CK_RV rv = p11->C_EncryptInit(session, &mechanism, key);
    if (rv != CKR_OK) {
        return rv;
    }
    size = out.size();
    return p11->C_Encrypt(session, in_ptr(in), in.size(), out_ptr(out), &size);
}

inline CK_RV gcm_decrypt(const Functions& p11, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key,
                         CK_GCM_PARAMS params, ByteView in, std::span<std::byte> out,
                         CK_ULONG& size) noexcept {
    CK_MECHANISM mechanism{CKM_AES_GCM, &params, sizeof(params)};
    const CK_RV rv = p11->C_DecryptInit(session, &mechanism, key);
    if (rv != CKR_OK) {
        return rv;
    }
    size = out.size();
    return p11->C_Decrypt(session, in_ptr(in), in.size(), out_ptr(out), &size);
}

}  // namespace claviger::hsm
