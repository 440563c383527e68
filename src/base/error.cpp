#include <claviger/base/error.hpp>

#include <cstdio>

namespace claviger {

std::string_view to_string(Errc code) noexcept {
    switch (code) {
        case Errc::internal: return "internal";
        case Errc::data_invalid: return "data_invalid";
        case Errc::key_not_loaded: return "key_not_loaded";
        case Errc::key_fault: return "key_fault";
        case Errc::unsupported: return "unsupported";
        case Errc::session_fault: return "session_fault";
        case Errc::not_logged_in: return "not_logged_in";
        case Errc::pin_refused: return "pin_refused";
        case Errc::hsm_fault: return "hsm_fault";
        case Errc::hsm_gone: return "hsm_gone";
        case Errc::overloaded: return "overloaded";
        case Errc::deadline_exceeded: return "deadline_exceeded";
        case Errc::no_hsm: return "no_hsm";
        case Errc::not_admitted: return "not_admitted";
        case Errc::protocol_error: return "protocol_error";
        case Errc::io_error: return "io_error";
        case Errc::bad_config: return "bad_config";
        case Errc::conflict: return "conflict";
        case Errc::not_found: return "not_found";
        case Errc::integrity: return "integrity";
    }
    return "unknown";
}

std::string Error::describe() const {
    std::string text(to_string(code));
    text += ": ";
    text += detail;
    if (ckr != 0) {
        char number[32];
        std::snprintf(number, sizeof number, " (CKR 0x%lx)", ckr);
        text += number;
    }
    return text;
}

}  // namespace claviger
