// The head of an HTTP/1.1 request, parsed strictly: what two parsers could read differently is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <claviger/base/result.hpp>

#include "src/auth/request.hpp"

namespace claviger::http {

// A request that is refused below the API. The connection closes after the answer.
struct HttpRefusal {
    unsigned status;
    std::string_view message;  // a constant
};

enum class Persistence { keep_alive, close };
enum class Version { http_1_0, http_1_1 };
enum class Expectation { none, continue_100 };

struct RequestHead {
    std::string_view method;
    std::string_view target;  // origin form; of an absolute-form target only path and query are left
    std::vector<auth::HeaderView> fields;
    Version version = Version::http_1_1;
    Persistence persistence = Persistence::keep_alive;
    Expectation expectation = Expectation::none;
    bool chunked = false;
    std::uint64_t content_length = 0;  // 0 if chunked or absent
};

// `text` runs from the request line to the empty line, inclusive; the head's views point into it. `head` is
// overwritten, its vector reused.
std::optional<HttpRefusal> parse_head(std::string_view text, std::size_t max_fields, RequestHead& head);

}  // namespace claviger::http
