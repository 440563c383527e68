// The return values of a login that travel with errors, and the flag of a token, that both ends of the link
// act on (PKCS#11 v2.40 sections 5.1.6 and 3.2; hsm/pin.cpp holds them against the header).
#pragma once

namespace claviger::link {

inline constexpr unsigned long kPinIncorrect = 0xA0;
inline constexpr unsigned long kPinLocked = 0xA4;
inline constexpr unsigned long kUserPinNotInitialized = 0x102;
inline constexpr unsigned long kUserAnotherAlreadyLoggedIn = 0x104;

inline constexpr unsigned long kFlagUserPinLocked = 0x40000;

}  // namespace claviger::link
