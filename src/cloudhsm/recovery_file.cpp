#include "src/cloudhsm/recovery_file.hpp"

#include <claviger/base/digest.hpp>
#include <claviger/base/encoding.hpp>
#include <claviger/base/wire.hpp>

namespace claviger::cloudhsm {
namespace {

constexpr std::string_view kRequest = "CLAVIGER-RECOVERY-REQUEST";
constexpr std::string_view kAnswer = "CLAVIGER-RECOVERY-ANSWER";
constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxKey = 8192;  // RSA of any size, and what is wrapped with it

bool begins(WireReader& reader, std::string_view magic) {
    return as_text(reader.raw_bytes(magic.size())) == magic && reader.number<std::uint8_t>() == kFormat;
}

}  // namespace

Bytes encode_recovery_request(const RecoveryRequest& request) {
    Bytes out;
    WireWriter(out)
        .raw_bytes(as_bytes(kRequest))
        .number(kFormat)
        .text(request.cluster)
        .number(request.generation)
        .text(request.hsm)
        .bytes(request.recovery_public)
        .bytes(request.transport_public)
        .bytes(request.bundle);
    return out;
}

Bytes encode_recovery_answer(const RecoveryAnswer& answer) {
    Bytes out;
    WireWriter(out)
        .raw_bytes(as_bytes(kAnswer))
        .number(kFormat)
        .text(answer.hsm)
        .bytes(answer.transport)
        .bytes(answer.wrapped);
    return out;
}

Result<RecoveryRequest> parse_recovery_request(ByteView file) {
    WireReader reader(file);
    const bool is_one = begins(reader, kRequest);
    RecoveryRequest request;
    request.cluster = reader.text(kMaxName);
    request.generation = reader.number<std::uint32_t>();
    request.hsm = reader.text(kMaxName);
    request.recovery_public = to_bytes(reader.bytes(kMaxKey));
    request.transport_public = to_bytes(reader.bytes(kMaxKey));
    request.bundle = to_bytes(reader.bytes(kMaxKey));
    if (!is_one || !reader.at_end()) {
        return Error(Errc::data_invalid, "it is no recovery request, or not all of one");
    }
    return request;
}

Result<RecoveryAnswer> parse_recovery_answer(ByteView file) {
    WireReader reader(file);
    const bool is_one = begins(reader, kAnswer);
    RecoveryAnswer answer;
    answer.hsm = reader.text(kMaxName);
    answer.transport = to_bytes(reader.bytes(sizeof(Sha256Digest)));
    answer.wrapped = to_bytes(reader.bytes(kMaxKey));
    if (!is_one || !reader.at_end()) {
        return Error(Errc::data_invalid, "it is no answer of a recovery holder, or not all of one");
    }
    return answer;
}

std::string fingerprint(ByteView public_key) {
    constexpr std::size_t kGroup = 4;
    const std::string digits = to_hex(sha256(public_key));
    std::string text;
    for (std::size_t at = 0; at < digits.size(); at += kGroup) {
        text.append(at == 0 ? "" : " ").append(digits, at, kGroup);
    }
    return text;
}

}  // namespace claviger::cloudhsm
