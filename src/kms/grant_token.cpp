#include "src/kms/grant_token.hpp"

#include <claviger/base/digest.hpp>
#include <claviger/base/encoding.hpp>
#include <claviger/base/wire.hpp>

namespace claviger::kms {
namespace {

constexpr std::size_t kTag = 16;
constexpr std::size_t kNonce = 16;
constexpr std::size_t kMaxText = 256;

Bytes tag_of(const Call& call, ByteView named) {
    Bytes text;
    WireWriter(text).text("claviger-grant-token-v1").bytes(named);
    const Sha256Digest mac = hmac_sha256(call.options.handle_key.reveal(SecretAccess()), text);
    return {mac.begin(), mac.begin() + kTag};
}

}  // namespace

std::string make_grant_token(const Call& call, const store::GrantRecord& grant) {
    std::array<std::byte, kNonce> nonce;
    call.parts.random.fill(nonce);
    Bytes named;
    WireWriter(named)
        .raw_bytes(nonce)
        .text(grant.account.value())
        .text(grant.region)
        .text(grant.key.value())
        .text(grant.id);
    Bytes token = tag_of(call, named);
    append(token, named);
    return to_base64(token);
}

std::optional<GrantToken> read_grant_token(const Call& call, std::string_view text) {
    const auto bytes = from_base64(text);
    if (!bytes || bytes->size() <= kTag) {
        return std::nullopt;
    }
    const ByteView named = ByteView(*bytes).subspan(kTag);
    if (!equal_constant_time(tag_of(call, named), ByteView(*bytes).first(kTag))) {
        return std::nullopt;
    }
    WireReader reader(named);
    reader.raw_bytes(kNonce);
    GrantToken token;
    for (std::string* part : {&token.account, &token.region, &token.key, &token.grant}) {
        *part = reader.text(kMaxText);
    }
    return reader.at_end() ? std::optional(std::move(token)) : std::nullopt;
}

}  // namespace claviger::kms
