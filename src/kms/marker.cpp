#include "src/kms/marker.hpp"

#include <claviger/base/digest.hpp>
#include <claviger/base/encoding.hpp>
#include <claviger/base/wire.hpp>

namespace claviger::kms {
namespace {

constexpr std::size_t kTag = 16;

Bytes tag_of(const Call& call, std::string_view list, ByteView last) {
    Bytes text;
    WireWriter writer(text);
    writer.text("claviger-marker-v1").text(call.account()).text(call.http.region).text(list).bytes(last);
    const Sha256Digest mac = hmac_sha256(call.options.handle_key.reveal(SecretAccess()), text);
    return {mac.begin(), mac.begin() + kTag};
}

}  // namespace

std::string make_marker(const Call& call, std::string_view list, std::string_view last) {
    Bytes marker = tag_of(call, list, as_bytes(last));
    append(marker, as_bytes(last));
    return to_base64(marker);
}

Outcome<std::string> read_marker(const Call& call, std::string_view list,
                                 std::optional<std::string_view> marker) {
    if (!marker) {
        return std::string{};
    }
    const auto bytes = from_base64(*marker);
    if (!bytes || bytes->size() <= kTag) {
        return Failure(ErrorType::invalid_marker, {});
    }
    const ByteView last = ByteView(*bytes).subspan(kTag);
    if (!equal_constant_time(tag_of(call, list, last), ByteView(*bytes).first(kTag))) {
        return Failure(ErrorType::invalid_marker, {});
    }
    return std::string(as_text(last));
}

}  // namespace claviger::kms
