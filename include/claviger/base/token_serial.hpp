// The name that a PKCS#11 token keeps for life.
#pragma once

#include <cstddef>

namespace claviger {

inline constexpr std::size_t kMaxTokenSerial = 16;  // CK_TOKEN_INFO.serialNumber, PKCS#11 v2.40 section 3.2

}  // namespace claviger
