// What a CK_RV means to us: one row per return value, read by everybody who reacts to a token's failure.
#pragma once

#include <cstdint>
#include <source_location>
#include <span>
#include <string_view>

#include <claviger/base/error.hpp>

namespace claviger::hsm {

using ReturnValue = unsigned long;  // CK_RV; its names stay inside hsm/

// How far the damage of a failed call reaches: what must be given up before the work may be tried again.
enum class FaultScope : std::uint8_t {
    none,     // the caller's input, or a refusal that is the token's right
    key,      // this key's handle or copy
    session,  // the session the call ran on
    token,    // everything on this token
    module,   // the whole library, so the process
};

enum class Retryable : bool { no, yes };

// An ambiguous value says nothing by itself: bad input and a broken token look alike (SoftHSM answers a bad
// GCM tag with CKR_GENERAL_ERROR), so a check value has to decide.
enum class Meaning : std::uint8_t { clear, ambiguous };

struct ReturnFacts {
    ReturnValue value;
    std::string_view name;
    Errc code;
    FaultScope scope;
    Retryable retryable;
    Meaning meaning;
};

// The row of a value. Total: vendor-defined and unknown values share the last row, an hsm_fault of the token.
const ReturnFacts& classify(ReturnValue rv) noexcept;

// The error of a failed call, in one line: "C_Encrypt: CKR_DEVICE_ERROR". Never made from CKR_OK.
Error call_failed(std::string_view function, ReturnValue rv,
                  std::source_location where = std::source_location::current());

}  // namespace claviger::hsm
