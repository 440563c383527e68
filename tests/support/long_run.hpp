// Which form of a test runs.
#pragma once

#include <cstdlib>
#include <string_view>

namespace claviger {

// CLAVIGER_LONG=1: full figures instead of the short form.
inline bool long_form() {
    const char* const value = std::getenv("CLAVIGER_LONG");
    return value != nullptr && std::string_view(value) == "1";
}

}  // namespace claviger
