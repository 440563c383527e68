#include <claviger/hsm/error.hpp>

#include <algorithm>
#include <array>

namespace claviger::hsm {
namespace {

// PKCS#11 v2.40 §5.1, all values. The principle: what the caller may have caused is data_invalid and never
// evidence against the token; what a module cannot or may not do is unsupported; a bug of ours is internal
// and not retried; values that both a broken token and bad input produce are ambiguous and left to the check
// value.
// clang-format off
constexpr std::array kTable{
    //          value  name  code  how far the damage reaches  again?  meaning
    ReturnFacts{0x0, "CKR_OK", Errc::internal, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x1, "CKR_CANCEL", Errc::hsm_fault, FaultScope::module, Retryable::yes, Meaning::clear},
    ReturnFacts{0x2, "CKR_HOST_MEMORY", Errc::hsm_fault, FaultScope::module, Retryable::yes, Meaning::clear},
    ReturnFacts{0x3, "CKR_SLOT_ID_INVALID", Errc::hsm_fault, FaultScope::module, Retryable::yes, Meaning::clear},
    ReturnFacts{0x5, "CKR_GENERAL_ERROR", Errc::hsm_fault, FaultScope::token, Retryable::yes, Meaning::ambiguous},
    ReturnFacts{0x6, "CKR_FUNCTION_FAILED", Errc::hsm_fault, FaultScope::token, Retryable::yes, Meaning::ambiguous},
    ReturnFacts{0x7, "CKR_ARGUMENTS_BAD", Errc::internal, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x8, "CKR_NO_EVENT", Errc::internal, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x9, "CKR_NEED_TO_CREATE_THREADS", Errc::internal, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0xA, "CKR_CANT_LOCK", Errc::internal, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x10, "CKR_ATTRIBUTE_READ_ONLY", Errc::internal, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x11, "CKR_ATTRIBUTE_SENSITIVE", Errc::unsupported, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x12, "CKR_ATTRIBUTE_TYPE_INVALID", Errc::unsupported, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x13, "CKR_ATTRIBUTE_VALUE_INVALID", Errc::unsupported, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x1B, "CKR_ACTION_PROHIBITED", Errc::unsupported, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x20, "CKR_DATA_INVALID", Errc::data_invalid, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x21, "CKR_DATA_LEN_RANGE", Errc::data_invalid, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x30, "CKR_DEVICE_ERROR", Errc::hsm_fault, FaultScope::token, Retryable::yes, Meaning::ambiguous},
    ReturnFacts{0x31, "CKR_DEVICE_MEMORY", Errc::overloaded, FaultScope::token, Retryable::yes, Meaning::clear},
    ReturnFacts{0x32, "CKR_DEVICE_REMOVED", Errc::hsm_gone, FaultScope::token, Retryable::yes, Meaning::clear},
    ReturnFacts{0x40, "CKR_ENCRYPTED_DATA_INVALID", Errc::data_invalid, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x41, "CKR_ENCRYPTED_DATA_LEN_RANGE", Errc::data_invalid, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x42, "CKR_AEAD_DECRYPT_FAILED", Errc::data_invalid, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x50, "CKR_FUNCTION_CANCELED", Errc::hsm_fault, FaultScope::token, Retryable::yes, Meaning::ambiguous},
    ReturnFacts{0x51, "CKR_FUNCTION_NOT_PARALLEL", Errc::internal, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x54, "CKR_FUNCTION_NOT_SUPPORTED", Errc::unsupported, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x60, "CKR_KEY_HANDLE_INVALID", Errc::key_fault, FaultScope::key, Retryable::yes, Meaning::clear},
    ReturnFacts{0x62, "CKR_KEY_SIZE_RANGE", Errc::unsupported, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x63, "CKR_KEY_TYPE_INCONSISTENT", Errc::key_fault, FaultScope::key, Retryable::yes, Meaning::clear},
    ReturnFacts{0x64, "CKR_KEY_NOT_NEEDED", Errc::internal, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x65, "CKR_KEY_CHANGED", Errc::internal, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x66, "CKR_KEY_NEEDED", Errc::internal, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x67, "CKR_KEY_INDIGESTIBLE", Errc::unsupported, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x68, "CKR_KEY_FUNCTION_NOT_PERMITTED", Errc::key_fault, FaultScope::key, Retryable::yes, Meaning::clear},
    ReturnFacts{0x69, "CKR_KEY_NOT_WRAPPABLE", Errc::unsupported, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x6A, "CKR_KEY_UNEXTRACTABLE", Errc::unsupported, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x70, "CKR_MECHANISM_INVALID", Errc::unsupported, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x71, "CKR_MECHANISM_PARAM_INVALID", Errc::unsupported, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x82, "CKR_OBJECT_HANDLE_INVALID", Errc::key_fault, FaultScope::key, Retryable::yes, Meaning::clear},
    ReturnFacts{0x90, "CKR_OPERATION_ACTIVE", Errc::session_fault, FaultScope::session, Retryable::yes, Meaning::clear},
    ReturnFacts{0x91, "CKR_OPERATION_NOT_INITIALIZED", Errc::session_fault, FaultScope::session, Retryable::yes, Meaning::clear},
    ReturnFacts{0xA0, "CKR_PIN_INCORRECT", Errc::pin_refused, FaultScope::token, Retryable::no, Meaning::clear},
    ReturnFacts{0xA1, "CKR_PIN_INVALID", Errc::pin_refused, FaultScope::token, Retryable::no, Meaning::clear},
    ReturnFacts{0xA2, "CKR_PIN_LEN_RANGE", Errc::pin_refused, FaultScope::token, Retryable::no, Meaning::clear},
    ReturnFacts{0xA3, "CKR_PIN_EXPIRED", Errc::pin_refused, FaultScope::token, Retryable::no, Meaning::clear},
    ReturnFacts{0xA4, "CKR_PIN_LOCKED", Errc::pin_refused, FaultScope::token, Retryable::no, Meaning::clear},
    ReturnFacts{0xB0, "CKR_SESSION_CLOSED", Errc::session_fault, FaultScope::session, Retryable::yes, Meaning::clear},
    ReturnFacts{0xB1, "CKR_SESSION_COUNT", Errc::overloaded, FaultScope::token, Retryable::yes, Meaning::clear},
    ReturnFacts{0xB3, "CKR_SESSION_HANDLE_INVALID", Errc::session_fault, FaultScope::session, Retryable::yes, Meaning::clear},
    ReturnFacts{0xB4, "CKR_SESSION_PARALLEL_NOT_SUPPORTED", Errc::internal, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0xB5, "CKR_SESSION_READ_ONLY", Errc::internal, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0xB6, "CKR_SESSION_EXISTS", Errc::internal, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0xB7, "CKR_SESSION_READ_ONLY_EXISTS", Errc::internal, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0xB8, "CKR_SESSION_READ_WRITE_SO_EXISTS", Errc::hsm_fault, FaultScope::module, Retryable::yes, Meaning::clear},
    ReturnFacts{0xC0, "CKR_SIGNATURE_INVALID", Errc::data_invalid, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0xC1, "CKR_SIGNATURE_LEN_RANGE", Errc::data_invalid, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0xD0, "CKR_TEMPLATE_INCOMPLETE", Errc::hsm_fault, FaultScope::none, Retryable::yes, Meaning::ambiguous},
    ReturnFacts{0xD1, "CKR_TEMPLATE_INCONSISTENT", Errc::hsm_fault, FaultScope::none, Retryable::yes, Meaning::ambiguous},
    ReturnFacts{0xE0, "CKR_TOKEN_NOT_PRESENT", Errc::hsm_gone, FaultScope::token, Retryable::yes, Meaning::clear},
    ReturnFacts{0xE1, "CKR_TOKEN_NOT_RECOGNIZED", Errc::hsm_fault, FaultScope::token, Retryable::yes, Meaning::clear},
    ReturnFacts{0xE2, "CKR_TOKEN_WRITE_PROTECTED", Errc::hsm_fault, FaultScope::token, Retryable::yes, Meaning::clear},
    ReturnFacts{0xF0, "CKR_UNWRAPPING_KEY_HANDLE_INVALID", Errc::key_fault, FaultScope::key, Retryable::yes, Meaning::clear},
    ReturnFacts{0xF1, "CKR_UNWRAPPING_KEY_SIZE_RANGE", Errc::unsupported, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0xF2, "CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT", Errc::key_fault, FaultScope::key, Retryable::yes, Meaning::clear},
    ReturnFacts{0x100, "CKR_USER_ALREADY_LOGGED_IN", Errc::conflict, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x101, "CKR_USER_NOT_LOGGED_IN", Errc::not_logged_in, FaultScope::token, Retryable::yes, Meaning::clear},
    ReturnFacts{0x102, "CKR_USER_PIN_NOT_INITIALIZED", Errc::pin_refused, FaultScope::token, Retryable::no, Meaning::clear},
    ReturnFacts{0x103, "CKR_USER_TYPE_INVALID", Errc::internal, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x104, "CKR_USER_ANOTHER_ALREADY_LOGGED_IN", Errc::hsm_fault, FaultScope::module, Retryable::yes, Meaning::clear},
    ReturnFacts{0x105, "CKR_USER_TOO_MANY_TYPES", Errc::hsm_fault, FaultScope::module, Retryable::yes, Meaning::clear},
    ReturnFacts{0x110, "CKR_WRAPPED_KEY_INVALID", Errc::data_invalid, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x112, "CKR_WRAPPED_KEY_LEN_RANGE", Errc::data_invalid, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x113, "CKR_WRAPPING_KEY_HANDLE_INVALID", Errc::key_fault, FaultScope::key, Retryable::yes, Meaning::clear},
    ReturnFacts{0x114, "CKR_WRAPPING_KEY_SIZE_RANGE", Errc::unsupported, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x115, "CKR_WRAPPING_KEY_TYPE_INCONSISTENT", Errc::key_fault, FaultScope::key, Retryable::yes, Meaning::clear},
    ReturnFacts{0x120, "CKR_RANDOM_SEED_NOT_SUPPORTED", Errc::unsupported, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x121, "CKR_RANDOM_NO_RNG", Errc::hsm_fault, FaultScope::token, Retryable::yes, Meaning::clear},
    ReturnFacts{0x130, "CKR_DOMAIN_PARAMS_INVALID", Errc::unsupported, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x140, "CKR_CURVE_NOT_SUPPORTED", Errc::unsupported, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x150, "CKR_BUFFER_TOO_SMALL", Errc::internal, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x160, "CKR_SAVED_STATE_INVALID", Errc::internal, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x170, "CKR_INFORMATION_SENSITIVE", Errc::unsupported, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x180, "CKR_STATE_UNSAVEABLE", Errc::internal, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x190, "CKR_CRYPTOKI_NOT_INITIALIZED", Errc::hsm_gone, FaultScope::module, Retryable::yes, Meaning::clear},
    ReturnFacts{0x191, "CKR_CRYPTOKI_ALREADY_INITIALIZED", Errc::internal, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x1A0, "CKR_MUTEX_BAD", Errc::hsm_fault, FaultScope::module, Retryable::yes, Meaning::clear},
    ReturnFacts{0x1A1, "CKR_MUTEX_NOT_LOCKED", Errc::hsm_fault, FaultScope::module, Retryable::yes, Meaning::clear},
    ReturnFacts{0x1C0, "CKR_EXCEEDED_MAX_ITERATIONS", Errc::unsupported, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x1C1, "CKR_FIPS_SELF_TEST_FAILED", Errc::hsm_fault, FaultScope::token, Retryable::yes, Meaning::clear},
    ReturnFacts{0x1C2, "CKR_LIBRARY_LOAD_FAILED", Errc::hsm_fault, FaultScope::module, Retryable::yes, Meaning::clear},
    ReturnFacts{0x1C3, "CKR_PIN_TOO_WEAK", Errc::pin_refused, FaultScope::token, Retryable::no, Meaning::clear},
    ReturnFacts{0x1C4, "CKR_PUBLIC_KEY_INVALID", Errc::data_invalid, FaultScope::none, Retryable::no, Meaning::clear},
    ReturnFacts{0x200, "CKR_FUNCTION_REJECTED", Errc::hsm_fault, FaultScope::token, Retryable::yes, Meaning::clear},
    ReturnFacts{0x201, "CKR_TOKEN_RESOURCE_EXCEEDED", Errc::overloaded, FaultScope::token, Retryable::yes, Meaning::clear},
    ReturnFacts{0x202, "CKR_OPERATION_CANCEL_FAILED", Errc::session_fault, FaultScope::session, Retryable::yes, Meaning::clear},
    ReturnFacts{0x207, "CKR_OPERATION_NOT_VALIDATED", Errc::hsm_fault, FaultScope::token, Retryable::yes, Meaning::clear},
    ReturnFacts{0x208, "CKR_TOKEN_NOT_INITIALIZED", Errc::hsm_fault, FaultScope::token, Retryable::yes, Meaning::clear},
    ReturnFacts{0x80000000, "CKR_VENDOR_DEFINED", Errc::hsm_fault, FaultScope::token, Retryable::yes, Meaning::ambiguous},
};
// clang-format on
static_assert(std::ranges::is_sorted(kTable, {}, &ReturnFacts::value));
static_assert(kTable.back().value == 0x80000000,
              "CKR_VENDOR_DEFINED ends the table: unknown values share its row");

}  // namespace

const ReturnFacts& classify(ReturnValue rv) noexcept {
    const auto found = std::ranges::lower_bound(kTable, rv, {}, &ReturnFacts::value);
    return found != kTable.end() && found->value == rv ? *found : kTable.back();
}

Error call_failed(std::string_view function, ReturnValue rv, std::source_location where) {
    const ReturnFacts& facts = classify(rv);
    std::string detail(function);
    detail += ": ";
    detail += facts.value == rv ? facts.name : std::string_view("unknown return value");
    return Error(facts.code, std::move(detail), rv, where);
}

}  // namespace claviger::hsm
