#include "src/kms/import_token.hpp"

#include <claviger/base/digest.hpp>
#include <claviger/base/wire.hpp>

namespace claviger::kms {
namespace {

constexpr std::size_t kTag = sizeof(Sha256Digest);
constexpr std::size_t kMaxAlgorithm = 64;
constexpr std::size_t kMaxKeyToken = 6144;  // no import token is larger

// Over the key's ARN, too: the token is of no use with another key.
Sha256Digest tag_of(const Call& call, ByteView content) {
    Bytes text;
    WireWriter(text).text("claviger-import-token-v1").text(call.key().arn).bytes(content);
    return hmac_sha256(call.options.handle_key.reveal(SecretAccess()), text);
}

}  // namespace

Bytes make_import_token(const Call& call, const ImportToken& token) {
    Bytes content;
    WireWriter(content)
        .number(static_cast<std::uint64_t>(token.expires.time_since_epoch().count()))
        .text(token.algorithm)
        .bytes(token.key_token);
    Bytes out;
    out.reserve(kTag + content.size());
    append(out, tag_of(call, content));
    append(out, content);
    return out;
}

std::optional<ImportToken> read_import_token(const Call& call, ByteView bytes) {
    if (bytes.size() <= kTag || !equal_constant_time(tag_of(call, bytes.subspan(kTag)), bytes.first(kTag))) {
        return std::nullopt;
    }
    WireReader reader(bytes.subspan(kTag));
    ImportToken token;
    token.expires = WallTime(std::chrono::milliseconds(reader.number<std::uint64_t>()));
    token.algorithm = reader.text(kMaxAlgorithm);
    token.key_token = to_bytes(reader.bytes(kMaxKeyToken));
    return reader.at_end() ? std::optional(std::move(token)) : std::nullopt;
}

}  // namespace claviger::kms
