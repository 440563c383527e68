#include <claviger/base/encoding.hpp>

#include <array>
#include <cstring>

namespace claviger {
namespace {

// The two digits of every byte.
constexpr auto kHex = [] {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::array<char, 512> table{};
    for (std::size_t i = 0; i < 256; ++i) {
        table[2 * i] = kDigits[i >> 4];
        table[2 * i + 1] = kDigits[i & 15];
    }
    return table;
}();
constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr auto kBase64Value = [] {
    std::array<std::int8_t, 256> table{};
    table.fill(-1);
    for (std::int8_t i = 0; i < 64; ++i) {
        table[static_cast<unsigned char>(kBase64[i])] = i;
    }
    return table;
}();

int base64_value(char c) noexcept {
    return kBase64Value[static_cast<unsigned char>(c)];
}

}  // namespace

char* put_hex(char* to, ByteView bytes) noexcept {
    for (const std::byte b : bytes) {
        std::memcpy(to, &kHex[2 * std::to_integer<std::size_t>(b)], 2);
        to += 2;
    }
    return to;
}

void append_hex(std::string& to, ByteView bytes) {
    const std::size_t start = to.size();
    to.resize(start + bytes.size() * 2);
    put_hex(to.data() + start, bytes);
}

std::string to_hex(ByteView bytes) {
    std::string text;
    append_hex(text, bytes);
    return text;
}

std::optional<Bytes> from_hex(std::string_view text) {
    if (text.size() % 2 != 0) {
        return std::nullopt;
    }
    Bytes out;
    out.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = hex_value(text[i]);
        const int low = hex_value(text[i + 1]);
        if (high < 0 || low < 0) {
            return std::nullopt;
        }
        out.push_back(static_cast<std::byte>(high * 16 + low));
    }
    return out;
}

void append_base64(std::string& to, ByteView bytes) {
    const std::size_t start = to.size();
    to.resize(start + base64_size(bytes.size()));
    char* out = to.data() + start;
    std::size_t i = 0;
    for (; i + 3 <= bytes.size(); i += 3) {
        const unsigned v = std::to_integer<unsigned>(bytes[i]) << 16 |
                           std::to_integer<unsigned>(bytes[i + 1]) << 8 |
                           std::to_integer<unsigned>(bytes[i + 2]);
        *out++ = kBase64[v >> 18];
        *out++ = kBase64[v >> 12 & 63];
        *out++ = kBase64[v >> 6 & 63];
        *out++ = kBase64[v & 63];
    }
    if (i < bytes.size()) {
        const bool two = i + 2 == bytes.size();
        const unsigned v = std::to_integer<unsigned>(bytes[i]) << 16 |
                           (two ? std::to_integer<unsigned>(bytes[i + 1]) << 8 : 0);
        *out++ = kBase64[v >> 18];
        *out++ = kBase64[v >> 12 & 63];
        *out++ = two ? kBase64[v >> 6 & 63] : '=';
        *out++ = '=';
    }
}

std::string to_base64(ByteView bytes) {
    std::string text;
    append_base64(text, bytes);
    return text;
}

std::optional<std::size_t> from_base64(std::string_view text, std::span<std::byte> out) {
    if (text.size() % 4 != 0 || out.size() < from_base64_bound(text.size())) {
        return std::nullopt;
    }
    if (text.empty()) {
        return 0;
    }
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    const std::size_t whole = padding == 0 ? text.size() : text.size() - 4;
    std::size_t n = 0;
    for (std::size_t i = 0; i < whole; i += 4) {
        const int a = base64_value(text[i]);
        const int b = base64_value(text[i + 1]);
        const int c = base64_value(text[i + 2]);
        const int d = base64_value(text[i + 3]);
        if ((a | b | c | d) < 0) {
            return std::nullopt;
        }
        const unsigned v = static_cast<unsigned>(a << 18 | b << 12 | c << 6 | d);
        out[n++] = static_cast<std::byte>(v >> 16);
        out[n++] = static_cast<std::byte>(v >> 8 & 0xff);
        out[n++] = static_cast<std::byte>(v & 0xff);
    }
    if (padding != 0) {
        const int a = base64_value(text[whole]);
        const int b = base64_value(text[whole + 1]);
        const int c = padding == 2 ? 0 : base64_value(text[whole + 2]);
        if ((a | b | c) < 0 || (padding == 2 ? (b & 15) != 0 : (c & 3) != 0)) {
            return std::nullopt;  // a bit that no byte carries: two texts must not decode alike
        }
        out[n++] = static_cast<std::byte>(a << 2 | b >> 4);
        if (padding == 1) {
            out[n++] = static_cast<std::byte>((b << 4 | c >> 2) & 0xff);
        }
    }
    return n;
}

bool from_base64(std::string_view text, std::vector<std::byte>& out) {
    out.resize(from_base64_bound(text.size()));
    const std::optional<std::size_t> size = from_base64(text, std::span(out));
    out.resize(size.value_or(0));
    return size.has_value();
}

std::optional<Bytes> from_base64(std::string_view text) {
    Bytes out;
    if (!from_base64(text, out)) {
        return std::nullopt;
    }
    return out;
}

std::string to_uuid(std::span<const std::byte, 16> random) {
    std::array<std::byte, 16> raw;
    std::copy(random.begin(), random.end(), raw.begin());
    raw[6] = (raw[6] & std::byte{0x0f}) | std::byte{0x40};
    raw[8] = (raw[8] & std::byte{0x3f}) | std::byte{0x80};
    std::string text(36, '-');
    char* out = text.data();
    ByteView rest(raw);
    for (const std::size_t group : {4U, 2U, 2U, 2U, 6U}) {
        out = put_hex(out, rest.first(group)) + 1;
        rest = rest.subspan(group);
    }
    return text;
}

bool is_uuid(std::string_view text) noexcept {
    if (text.size() != 36) {
        return false;
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        const char c = text[i];
        if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
    }
    return true;
}

}  // namespace claviger
