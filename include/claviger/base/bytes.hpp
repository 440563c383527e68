// Binary data: std::byte spans in, Bytes out. std::string is for text only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace claviger {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

inline ByteView as_bytes(std::string_view text) noexcept {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline const unsigned char* as_uchar(ByteView bytes) noexcept {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* as_uchar_out(std::span<std::byte> bytes) noexcept {
    return reinterpret_cast<unsigned char*>(bytes.data());
}
inline Bytes to_bytes(ByteView view) {
    return {view.begin(), view.end()};
}
inline void append(Bytes& to, ByteView more) {
    to.insert(to.end(), more.begin(), more.end());
}

// Equal content, in time that depends on the lengths only.
bool equal_constant_time(ByteView a, ByteView b) noexcept;

}  // namespace claviger
