// Hexadecimal, base64 (RFC 4648 section 4) and UUIDs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <claviger/base/bytes.hpp>

namespace claviger {

// Of a hexadecimal digit, upper or lower case; negative: it is none.
constexpr int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}
// Two lower-case digits a byte, into memory that holds them; returns where they end.
char* put_hex(char* to, ByteView bytes) noexcept;
void append_hex(std::string& to, ByteView bytes);  // lower case
std::string to_hex(ByteView bytes);                // lower case
std::optional<Bytes> from_hex(std::string_view text);

constexpr std::size_t base64_size(std::size_t bytes) noexcept {
    return (bytes + 2) / 3 * 4;
}
void append_base64(std::string& to, ByteView bytes);
std::string to_base64(ByteView bytes);
// Strict: padding required, no white space, no stray bits. `out` is overwritten; false leaves it unspecified.
bool from_base64(std::string_view text, std::vector<std::byte>& out);
std::optional<Bytes> from_base64(std::string_view text);
constexpr std::size_t from_base64_bound(std::size_t chars) noexcept {
    return chars / 4 * 3;
}
// Into memory of at least from_base64_bound(text.size()) bytes; returns the decoded size.
std::optional<std::size_t> from_base64(std::string_view text, std::span<std::byte> out);

// 8-4-4-4-12 lower-case hex of 16 bytes, version and variant bits set (RFC 9562, version 4).
std::string to_uuid(std::span<const std::byte, 16> random);
bool is_uuid(std::string_view text) noexcept;  // exactly that form

}  // namespace claviger
