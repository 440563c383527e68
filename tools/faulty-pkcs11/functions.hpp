// The one table of PKCS#11 v2.40 functions, in the order of CK_FUNCTION_LIST (pkcs11f.h of the standard).
#pragma once

#include <pkcs11-helper-1.0/pkcs11.h>

#include <array>
#include <cstddef>
#include <string_view>

// X(function, positions of its object handles as a bit mask; argument 0 is the first)
#define FAULTY_PKCS11_FUNCTIONS(X)  \
    X(C_Initialize, 0b0)            \
    X(C_Finalize, 0b0)              \
    X(C_GetInfo, 0b0)               \
    X(C_GetFunctionList, 0b0)       \
    X(C_GetSlotList, 0b0)           \
    X(C_GetSlotInfo, 0b0)           \
    X(C_GetTokenInfo, 0b0)          \
    X(C_GetMechanismList, 0b0)      \
    X(C_GetMechanismInfo, 0b0)      \
    X(C_InitToken, 0b0)             \
    X(C_InitPIN, 0b0)               \
    X(C_SetPIN, 0b0)                \
    X(C_OpenSession, 0b0)           \
    X(C_CloseSession, 0b0)          \
    X(C_CloseAllSessions, 0b0)      \
    X(C_GetSessionInfo, 0b0)        \
    X(C_GetOperationState, 0b0)     \
    X(C_SetOperationState, 0b11000) \
    X(C_Login, 0b0)                 \
    X(C_Logout, 0b0)                \
    X(C_CreateObject, 0b0)          \
    X(C_CopyObject, 0b10)           \
    X(C_DestroyObject, 0b10)        \
    X(C_GetObjectSize, 0b10)        \
    X(C_GetAttributeValue, 0b10)    \
    X(C_SetAttributeValue, 0b10)    \
    X(C_FindObjectsInit, 0b0)       \
    X(C_FindObjects, 0b0)           \
    X(C_FindObjectsFinal, 0b0)      \
    X(C_EncryptInit, 0b100)         \
    X(C_Encrypt, 0b0)               \
    X(C_EncryptUpdate, 0b0)         \
    X(C_EncryptFinal, 0b0)          \
    X(C_DecryptInit, 0b100)         \
    X(C_Decrypt, 0b0)               \
    X(C_DecryptUpdate, 0b0)         \
    X(C_DecryptFinal, 0b0)          \
    X(C_DigestInit, 0b0)            \
    X(C_Digest, 0b0)                \
    X(C_DigestUpdate, 0b0)          \
    X(C_DigestKey, 0b10)            \
    X(C_DigestFinal, 0b0)           \
    X(C_SignInit, 0b100)            \
    X(C_Sign, 0b0)                  \
    X(C_SignUpdate, 0b0)            \
    X(C_SignFinal, 0b0)             \
    X(C_SignRecoverInit, 0b100)     \
    X(C_SignRecover, 0b0)           \
    X(C_VerifyInit, 0b100)          \
    X(C_Verify, 0b0)                \
    X(C_VerifyUpdate, 0b0)          \
    X(C_VerifyFinal, 0b0)           \
    X(C_VerifyRecoverInit, 0b100)   \
    X(C_VerifyRecover, 0b0)         \
    X(C_DigestEncryptUpdate, 0b0)   \
    X(C_DecryptDigestUpdate, 0b0)   \
    X(C_SignEncryptUpdate, 0b0)     \
    X(C_DecryptVerifyUpdate, 0b0)   \
    X(C_GenerateKey, 0b0)           \
    X(C_GenerateKeyPair, 0b0)       \
    X(C_WrapKey, 0b1100)            \
    X(C_UnwrapKey, 0b100)           \
    X(C_DeriveKey, 0b100)           \
    X(C_SeedRandom, 0b0)            \
    X(C_GenerateRandom, 0b0)        \
    X(C_GetFunctionStatus, 0b0)     \
    X(C_CancelFunction, 0b0)        \
    X(C_WaitForSlotEvent, 0b0)

namespace claviger::faulty {

struct FunctionRow {
    std::string_view name;
    unsigned handles;
};

inline constexpr std::array kFunctions{
#define FAULTY_PKCS11_ROW(name, handles) FunctionRow{#name, handles},
    FAULTY_PKCS11_FUNCTIONS(FAULTY_PKCS11_ROW)
#undef FAULTY_PKCS11_ROW
};
static_assert(kFunctions.size() == 68, "PKCS#11 v2.40 has 68 functions");

// The row of a function, or the number of rows if there is none.
constexpr std::size_t row_of(std::string_view name) noexcept {
    for (std::size_t row = 0; row < kFunctions.size(); ++row) {
        if (kFunctions[row].name == name) {
            return row;
        }
    }
    return kFunctions.size();
}

}  // namespace claviger::faulty
