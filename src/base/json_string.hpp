// Strings and names of JSON, appended to a text by hand; the one body that errors have.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace claviger {

// Appends `text` with quotes. Any bytes are accepted: what is not UTF-8 (RFC 3629; surrogates and overlong
// forms included) becomes U+FFFD, so the output is always valid JSON.
void append_json_string(std::string& to, std::string_view text);

// The most bytes append_json_string can add.
constexpr std::size_t json_string_bound(std::size_t text) noexcept {
    return 6 * text + 2;
}

// Appends `"name":`, after a comma unless it is the first one. The name is plain ASCII of ours. Returns `to`.
std::string& append_json_name(std::string& to, std::string_view name, bool first);

// Both at once: `"name":"text"`.
void append_json_text(std::string& to, std::string_view name, std::string_view text, bool first);

// {"__type": …, "message": …}; services disagree on how the second member is spelled. An empty message is
// left out.
std::string error_body(std::string_view type, std::string_view message_member, std::string_view message);

}  // namespace claviger
