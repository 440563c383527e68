#include "src/base/json_string.hpp"

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

// Printable ASCII without quote and backslash, eight bytes at once: a byte of `word` that is below n, or
// equals c, borrows into its top bit.
bool eight_are_plain(const char* text) noexcept {
    constexpr std::uint64_t kOnes = 0x0101010101010101;
    constexpr std::uint64_t kTops = 0x8080808080808080;
    std::uint64_t word = 0;
    std::memcpy(&word, text, sizeof word);
    const std::uint64_t quote = word ^ (kOnes * '"');
    const std::uint64_t backslash = word ^ (kOnes * '\\');
    const std::uint64_t found = (word - kOnes * 0x20) | (quote - kOnes) | (backslash - kOnes) | word;
    return (found & kTops) == 0;
}

bool is_plain(unsigned char c) noexcept {
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

// The end of the run at the start of `text` that JSON takes as it is.
std::size_t plain_length(std::string_view text) noexcept {
    std::size_t i = 0;
    while (i + 8 <= text.size() && eight_are_plain(text.data() + i)) {
        i += 8;
    }
    while (i < text.size() && is_plain(static_cast<unsigned char>(text[i]))) {
        ++i;
    }
    return i;
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

}  // namespace

void append_json_string(std::string& to, std::string_view text) {
    std::size_t i = plain_length(text);
    char* const copied = extend(to, text.size() + 2);
    *copied = '"';
    text.copy(copied + 1, text.size());  // not memcpy: an empty view may hold no pointer
    copied[text.size() + 1] = '"';
    if (i == text.size()) {
        return;
    }
    to.resize(to.size() - (text.size() - i) - 1);
    std::size_t plain = i;  // start of the run that can be copied as it is
    while (i < text.size()) {
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
    char* at = extend(to, name.size() + (first ? 3 : 4));
    if (!first) {
        *at++ = ',';
    }
    *at++ = '"';
    std::memcpy(at, name.data(), name.size());
    std::memcpy(at + name.size(), "\":", 2);
    return to;
}

std::string error_body(std::string_view type, std::string_view message_member, std::string_view message) {
    std::string body = "{";
    append_json_string(append_json_name(body, "__type", true), type);
    if (!message.empty()) {
        append_json_string(append_json_name(body, message_member, false), message);
    }
    body += '}';
    return body;
}

}  // namespace claviger
