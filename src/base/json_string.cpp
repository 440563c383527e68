#include "src/base/json_string.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include <claviger/base/encoding.hpp>

namespace claviger {
namespace {

// Length of the well-formed sequence at the start of `text`, 0 if there is none (Unicode 15, table 3-7).
std::size_t sequence_length(std::string_view text) noexcept {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto continued = [&](std::size_t i, unsigned char low = 0x80, unsigned char high = 0xbf) {
        return i < text.size() && at(i) >= low && at(i) <= high;
    };
    const unsigned char lead = at(0);
    if (lead >= 0xc2 && lead <= 0xdf) {
        return continued(1) ? 2 : 0;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        const unsigned char low = lead == 0xe0 ? 0xa0 : 0x80;
        const unsigned char high = lead == 0xed ? 0x9f : 0xbf;
        return continued(1, low, high) && continued(2) ? 3 : 0;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        const unsigned char low = lead == 0xf0 ? 0x90 : 0x80;
        const unsigned char high = lead == 0xf4 ? 0x8f : 0xbf;
        return continued(1, low, high) && continued(2) && continued(3) ? 4 : 0;
    }
    return 0;
}

bool is_plain(unsigned char c) noexcept {
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

// What JSON takes as it is, all of it: nearly every text. A vector register at once (GCC's and Clang's
// extension); as signed numbers, bytes from 0x80 on lie below the space too.
bool is_all_plain(std::string_view text) noexcept {
    using Vector = signed char __attribute__((vector_size(16)));
    constexpr Vector kPlain = Vector{} + 'a';
    Vector found{};
    const auto look_at = [&found](Vector part) { found |= (part < 0x20) | (part == '"') | (part == '\\'); };
    for (; text.size() >= sizeof(Vector); text.remove_prefix(sizeof(Vector))) {
        Vector part;
        std::memcpy(&part, text.data(), sizeof part);
        look_at(part);
    }
    Vector rest = kPlain;
    text.copy(reinterpret_cast<char*>(&rest), sizeof rest);
    look_at(rest);
    std::array<std::uint64_t, 2> words;
    std::memcpy(words.data(), &found, sizeof words);
    return (words[0] | words[1]) == 0;
}

// The end of the run at the start of `text` that JSON takes as it is.
std::size_t plain_length(std::string_view text) noexcept {
    const auto end =
        std::ranges::find_if_not(text, [](char c) { return is_plain(static_cast<unsigned char>(c)); });
    return static_cast<std::size_t>(end - text.begin());
}

void append_control(std::string& to, unsigned char c) {
    switch (c) {
        case '"': to += "\\\""; break;
        case '\\': to += "\\\\"; break;
        case '\n': to += "\\n"; break;
        case '\r': to += "\\r"; break;
        case '\t': to += "\\t"; break;
        default: to += "\\u00"; append_hex(to, std::array{std::byte{c}});
    }
}

// Room for `size` more characters: texts are sized once, not for each character.
char* extend(std::string& to, std::size_t size) {
    const std::size_t before = to.size();
    to.resize(before + size);
    return to.data() + before;
}

// Both write into such room and return where they end.
char* put_quoted(char* at, std::string_view text) noexcept {
    *at++ = '"';
    at += text.copy(at, text.size());  // not memcpy: an empty view may hold no pointer
    *at++ = '"';
    return at;
}
char* put_name(char* at, std::string_view name, bool first) noexcept {
    if (!first) {
        *at++ = ',';
    }
    at = put_quoted(at, name);
    *at++ = ':';
    return at;
}

}  // namespace

void append_json_string(std::string& to, std::string_view text) {
    if (is_all_plain(text)) {
        put_quoted(extend(to, text.size() + 2), text);
        return;
    }
    to += '"';
    std::size_t plain = 0;  // start of the run that can be copied as it is
    for (std::size_t i = 0; i < text.size();) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (is_plain(c)) {
            i += plain_length(text.substr(i));
            continue;
        }
        if (c >= 0x80) {
            if (const std::size_t length = sequence_length(text.substr(i)); length != 0) {
                i += length;
                continue;
            }
        }
        to.append(text.substr(plain, i - plain));
        if (c >= 0x80) {
            to += "\xef\xbf\xbd";
        } else {
            append_control(to, c);
        }
        plain = ++i;
    }
    to.append(text.substr(plain));
    to += '"';
}

std::string& append_json_name(std::string& to, std::string_view name, bool first) {
    put_name(extend(to, name.size() + (first ? 3 : 4)), name, first);
    return to;
}

void append_json_text(std::string& to, std::string_view name, std::string_view text, bool first) {
    if (!is_all_plain(text)) {
        append_json_string(append_json_name(to, name, first), text);
        return;
    }
    char* const at = extend(to, name.size() + text.size() + (first ? 5 : 6));
    put_quoted(put_name(at, name, first), text);
}

std::string error_body(std::string_view type, std::string_view message_member, std::string_view message) {
    std::string body = "{";
    append_json_text(body, "__type", type, true);
    if (!message.empty()) {
        append_json_text(body, message_member, message, false);
    }
    body += '}';
    return body;
}

}  // namespace claviger
