// A request as it was signed: views into the connection's buffers, nothing decoded.
#pragma once

#include <span>
#include <string_view>

#include <claviger/base/bytes.hpp>

namespace claviger::auth {

struct HeaderView {
    std::string_view name;   // as sent; compared without case
    std::string_view value;  // as sent
};

struct SignedRequest {
    std::string_view method;
    std::string_view target;              // origin form: path and query as on the wire
    std::span<const HeaderView> headers;  // in arrival order
    ByteView body;                        // after transfer decoding, before content decoding
};

bool same_letters(std::string_view a, std::string_view b) noexcept;  // of one length

// ASCII letters only, as field names are (RFC 9110 section 5.1). Most names differ in length: that is seen
// here.
inline bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && same_letters(a, b);
}
// The first field of that name, or nullptr.
const HeaderView* find_header(std::span<const HeaderView> headers, std::string_view name) noexcept;

}  // namespace claviger::auth
