#include "tools/claviger-bench/kms_traffic.hpp"

#include <fmt/format.h>

#include <claviger/base/encoding.hpp>
#include <iterator>

#include "tools/claviger-bench/operations.hpp"

namespace claviger::bench {

const std::string kPlaintextBase64 =
    to_base64(as_bytes("sixty-four bytes of plaintext, as a client would encrypt them..."));

namespace {

constexpr std::size_t kReplayed = 4096;       // requests signed beforehand by each thread
constexpr std::uint64_t kSampleEvery = 1009;  // a prime: samples fall on every connection
constexpr std::size_t kSamples = 32;
constexpr std::size_t kMaxConnections = 4096;

int digit(char c) {
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

// What every good answer of an operation contains.
std::string proof_of(const std::string& operation) {
    if (const KeyOperation* const known = find_key_operation(operation)) {
        return std::string(known->proof);
    }
    if (operation == "Decrypt") {
        return "\"Plaintext\":\"" + kPlaintextBase64 + "\"";
    }
    return operation == "DescribeKey" ? "\"KeyMetadata\":{" : "\"CiphertextBlob\":\"";
}

class KmsTraffic final : public Traffic {
public:
    KmsTraffic(const Fixture& fixture, const std::string& operation, Signing signing, Signer signer,
               std::uint64_t first, Tally& tally)
        : fixture_(fixture),
          operation_(operation),
          proof_(proof_of(operation)),
          sampled_(operation == "Encrypt" || operation == "GenerateDataKey"),
          signer_(std::move(signer)),
          number_(first),
          tally_(tally),
          last_(kMaxConnections) {
        if (signing == Signing::replayed) {
            for (std::size_t i = 0; i < kReplayed; ++i) {
                replayed_.emplace_back(number_, make());
                ++number_;
            }
        }
    }

    std::string_view next(std::size_t connection) override {
        if (!replayed_.empty()) {
            const auto& [number, request] = replayed_[turn_++ % replayed_.size()];
            last_[connection] = number;
            return request;
        }
        last_[connection] = number_;
        make();
        ++number_;
        return request_;
    }

    bool check(std::size_t connection, unsigned status, std::string_view head,
               std::string_view body) override {
        const RequestId id = request_id_of(head);
        if (id == RequestId{}) {
            ++tally_.answers_without_id;
        } else {
            tally_.request_ids.push_back(id);
        }
        if (sampled_ && ++answers_ % kSampleEvery == 0 && tally_.samples.size() < kSamples) {
            tally_.samples.push_back({last_[connection], std::string(body)});
        }
        return status == 200 && body.find(proof_) != std::string_view::npos;
    }

private:
    const std::string& make() {
        body_.clear();
        append_body(body_, fixture_, operation_, number_);
        signer_.request(request_, api_of(operation_), body_);
        return request_;
    }

    const Fixture& fixture_;
    const std::string operation_;
    const std::string proof_;
    const bool sampled_;
    Signer signer_;
    std::uint64_t number_;
    Tally& tally_;
    std::vector<std::uint64_t> last_;  // context number in flight, by connection
    std::vector<std::pair<std::uint64_t, std::string>> replayed_;
    std::uint64_t turn_ = 0;
    std::uint64_t answers_ = 0;
    std::string body_;
    std::string request_;
};

}  // namespace

void append_body(std::string& to, const Fixture& fixture, const std::string& operation,
                 std::uint64_t number) {
    if (const auto prepared = fixture.prepared.find(operation); prepared != fixture.prepared.end()) {
        to += prepared->second;
        return;
    }
    const auto out = std::back_inserter(to);
    if (operation == "DescribeKey") {
        fmt::format_to(out, R"({{"KeyId":"{}"}})", fixture.key_id);
        return;
    }
    if (operation == "Decrypt") {
        number %= fixture.sealed.size();
        fmt::format_to(out, R"({{"CiphertextBlob":"{}",)", fixture.sealed[number]);
    } else if (operation == "Encrypt") {
        fmt::format_to(out, R"({{"KeyId":"{}","Plaintext":"{}",)", fixture.key_id, kPlaintextBase64);
    } else {
        fmt::format_to(out, R"({{"KeyId":"{}","KeySpec":"AES_256",)", fixture.key_id);
    }
    fmt::format_to(out, R"("EncryptionContext":{{"purpose":"bench","request":"{}"}}}})", number);
}

RequestId request_id_of(std::string_view head) {
    constexpr std::string_view kName = "\r\nx-amzn-RequestId: ";
    RequestId id{};
    const std::size_t at = head.find(kName);
    if (at == std::string_view::npos || head.size() - at < kName.size() + 36) {
        return id;
    }
    const std::string_view text = head.substr(at + kName.size(), 36);
    if (!is_uuid(text)) {
        return id;
    }
    std::size_t from = 0;
    for (std::byte& byte : id) {
        from += text[from] == '-' ? 1 : 0;
        byte = static_cast<std::byte>(digit(text[from]) * 16 + digit(text[from + 1]));
        from += 2;
    }
    return id;
}

std::unique_ptr<Traffic> make_traffic(const Fixture& fixture, const std::string& operation, Signing signing,
                                      Signer signer, std::uint64_t first, Tally& tally) {
    return std::make_unique<KmsTraffic>(fixture, operation, signing, std::move(signer), first, tally);
}

}  // namespace claviger::bench
