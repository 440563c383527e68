#include "hsm/link/key_token.hpp"

#include <algorithm>

#include "hsm/link/blob.hpp"

namespace claviger::link {
namespace {

constexpr std::array<std::byte, 4> kMagic{std::byte{'C'}, std::byte{'L'}, std::byte{'V'}, std::byte{'K'}};
constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxPublicKey = 1024;  // RSA-4096: 550 bytes
constexpr std::size_t kMaxCheckValue = 256;
constexpr std::size_t kMinWrapped = 16;  // RFC 5649 section 4.1: two semi-blocks at least
constexpr std::size_t kMaxWrapped = 8192;

constexpr bool is_name_character(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool is_name(std::string_view text) noexcept {
    return !text.empty() && text.size() <= kMaxName && std::ranges::all_of(text, is_name_character);
}

bool is_account(std::string_view text) noexcept {
    return text.size() == 12 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool within_limits(const KeyToken& token) noexcept {
    const KeyTokenHeader& h = token.header;
    return is_name(h.cluster_id) && h.cwk_generation != 0 && is_name(h.wrap_algorithm) &&
           is_account(h.account) && is_name(h.key_id) && is_name(h.origin) && is_name(h.spec) &&
           is_name(h.usage) && h.public_key.size() <= kMaxPublicKey &&
           h.check_value.size() <= kMaxCheckValue && token.wrapped.size() >= kMinWrapped &&
           token.wrapped.size() <= kMaxWrapped && token.wrapped.size() % 8 == 0;
}

}  // namespace

std::optional<KeyToken> parse_key_token(ByteView bytes) noexcept {
    if (bytes.size() > kMaxKeyToken) {
        return std::nullopt;
    }
    WireReader in(bytes);
    const auto magic = in.array<4>();
    const auto format = in.number<std::uint8_t>();
    KeyToken token;
    KeyTokenHeader& h = token.header;
    h.cluster_id = in.text(kMaxName);
    h.cwk_generation = in.number<std::uint32_t>();
    h.wrap_algorithm = in.text(kMaxName);
    h.account = in.text(kMaxName);
    h.key_id = in.text(kMaxName);
    h.material_id = in.array<32>();
    h.origin = in.text(kMaxName);
    h.spec = in.text(kMaxName);
    h.usage = in.text(kMaxName);
    h.public_key = in.bytes(kMaxPublicKey);
    h.check_value = in.bytes(kMaxCheckValue);
    token.wrapped = in.bytes(kMaxWrapped);
    if (!in.at_end() || magic != kMagic || format != kKeyTokenFormat || !within_limits(token)) {
        return std::nullopt;
    }
    return token;
}

std::optional<Bytes> encode_key_token(const KeyToken& token) {
    if (!within_limits(token)) {
        return std::nullopt;
    }
    const KeyTokenHeader& h = token.header;
    Bytes out;
    out.reserve(512 + h.public_key.size() + token.wrapped.size());
    WireWriter to(out);
    to.raw_bytes(kMagic).number(kKeyTokenFormat);
    to.text(h.cluster_id).number(h.cwk_generation).text(h.wrap_algorithm);
    to.text(h.account).text(h.key_id).raw_bytes(h.material_id);
    to.text(h.origin).text(h.spec).text(h.usage);
    to.bytes(h.public_key).bytes(h.check_value).bytes(token.wrapped);
    return out;
}

KeyName key_name(const KeyTokenHeader& header) noexcept {
    KeyName name;
    name.key_tag = key_tag(header.account, header.key_id);
    std::copy_n(header.material_id.begin(), name.material.size(), name.material.begin());
    return name;
}

}  // namespace claviger::link
