// The only include of the PKCS#11 header, and what it lacks. Private to hsm/.
#pragma once

#include <pkcs11-helper-1.0/pkcs11.h>

#include <type_traits>

#include <claviger/base/bytes.hpp>
#include <claviger/hsm/error.hpp>

// PKCS#11 v2.40 mechanisms §2.14 and base §4.4, §5.1: absent from the header.
#ifndef CKM_AES_KEY_WRAP_KWP
#define CKM_AES_KEY_WRAP_KWP (0x210BUL)
#endif
#ifndef CKA_COPYABLE
#define CKA_COPYABLE (0x171UL)
#endif
#ifndef CKA_DESTROYABLE
#define CKA_DESTROYABLE (0x172UL)
#endif

namespace claviger::hsm {

static_assert(std::is_same_v<CK_RV, ReturnValue>);
static_assert(sizeof(CK_GCM_PARAMS) == 48, "six members, v2.40 errata 01");

struct Functions {
    CK_FUNCTION_LIST_PTR list = nullptr;
    CK_FUNCTION_LIST_PTR operator->() const noexcept { return list; }
};

// Cryptoki takes pointers to non-const where it only reads.
inline CK_BYTE_PTR in_ptr(ByteView bytes) noexcept {
    return const_cast<CK_BYTE_PTR>(reinterpret_cast<const CK_BYTE*>(bytes.data()));
}
inline CK_BYTE_PTR out_ptr(std::span<std::byte> bytes) noexcept {
    return reinterpret_cast<CK_BYTE_PTR>(bytes.data());
}

}  // namespace claviger::hsm
