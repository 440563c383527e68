#include "src/cloudhsm/recovery_file.hpp"

#include <claviger/base/digest.hpp>
#include <claviger/base/encoding.hpp>
#include <claviger/base/wire.hpp>

namespace claviger::cloudhsm {
namespace {

constexpr std::string_view kRequest = "CLAVIGER-RECOVERY-REQUEST";
constexpr std::string_view kRequestName = "recovery request";
constexpr std::string_view kAnswer = "CLAVIGER-RECOVERY-ANSWER";
constexpr std::string_view kAnswerName = "answer of a recovery holder";
constexpr std::uint8_t kFormat = 2;
constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxKey = 8192;  // RSA of any size, and what is wrapped with it

Bytes with_digest(Bytes content) {
    append(content, sha256(content));
    return content;
}

// What is between the file's first bytes and its digest.
Result<ByteView> content_of(ByteView file, std::string_view magic, std::string_view kind) {
    WireReader reader(file);
    if (as_text(reader.raw_bytes(magic.size())) != magic || reader.number<std::uint8_t>() != kFormat) {
        return Error(Errc::data_invalid, "it is no " + std::string(kind) + " of this version of claviger");
    }
    const std::size_t head = magic.size() + 1;
    if (file.size() < head + sizeof(Sha256Digest) ||
        to_bytes(sha256(file.first(file.size() - sizeof(Sha256Digest)))) !=
            to_bytes(file.last(sizeof(Sha256Digest)))) {
        return Error(Errc::integrity, "it was damaged on its way, or is not all of it: bring the " +
                                          std::string(kind) + " again");
    }
    return file.subspan(head, file.size() - head - sizeof(Sha256Digest));
}

Error unreadable(std::string_view kind) {
    return Error(Errc::data_invalid, "it is no " + std::string(kind) + " that can be read");
}

}  // namespace

Bytes encode_recovery_request(const RecoveryRequest& request) {
    Bytes out;
    WireWriter(out)
        .raw_bytes(as_bytes(kRequest))
        .number(kFormat)
        .text(request.cluster)
        .text(request.lineage)
        .number(request.generation)
        .text(request.hsm)
        .bytes(request.recovery_public)
        .bytes(request.transport_public)
        .bytes(request.bundle);
    return with_digest(std::move(out));
}

Bytes encode_recovery_answer(const RecoveryAnswer& answer) {
    Bytes out;
    WireWriter(out)
        .raw_bytes(as_bytes(kAnswer))
        .number(kFormat)
        .text(answer.hsm)
        .bytes(answer.transport)
        .bytes(answer.wrapped);
    return with_digest(std::move(out));
}

Result<RecoveryRequest> parse_recovery_request(ByteView file) {
    const Result<ByteView> content = content_of(file, kRequest, kRequestName);
    if (!content) {
        return content.error();
    }
    WireReader reader(*content);
    RecoveryRequest request;
    request.cluster = reader.text(kMaxName);
    request.lineage = reader.text(kMaxName);
    request.generation = reader.number<std::uint32_t>();
    request.hsm = reader.text(kMaxName);
    request.recovery_public = to_bytes(reader.bytes(kMaxKey));
    request.transport_public = to_bytes(reader.bytes(kMaxKey));
    request.bundle = to_bytes(reader.bytes(kMaxKey));
    if (!reader.at_end()) {
        return unreadable(kRequestName);
    }
    return request;
}

Result<RecoveryAnswer> parse_recovery_answer(ByteView file) {
    const Result<ByteView> content = content_of(file, kAnswer, kAnswerName);
    if (!content) {
        return content.error();
    }
    WireReader reader(*content);
    RecoveryAnswer answer;
    answer.hsm = reader.text(kMaxName);
    answer.transport = to_bytes(reader.bytes(sizeof(Sha256Digest)));
    answer.wrapped = to_bytes(reader.bytes(kMaxKey));
    if (!reader.at_end()) {
        return unreadable(kAnswerName);
    }
    return answer;
}

std::string joining(const RecoveryRequest& request) {
    std::string text = request.hsm + " of " + request.cluster;
    if (request.lineage != request.cluster) {
        text += ", made from a backup of " + request.lineage + ",";
    }
    return text;
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
