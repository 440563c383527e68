#include <algorithm>

#include <claviger/cluster/cluster.hpp>

#include "src/kms/context.hpp"
#include "src/kms/operations/operations.hpp"
#include "src/kms/operations/signature.hpp"

namespace claviger::kms {

Outcome<SignedDigest> digest_to_sign(const Call& call, const SignedMessage& message) {
    const Key& key = call.key();
    if (auto refused = check_use(key, "SIGN_VERIFY", call.row->name, message.algorithm)) {
        return *std::move(refused);
    }
    const auto kind = signature_of(message.algorithm);
    if (!kind) {
        return unsupported("Claviger does not implement the algorithm " + std::string(message.algorithm) +
                           " yet.");
    }
    SignedDigest out{*kind};
    if (message.type == "RAW") {
        digest(kind->hash, {message.message}, std::span(out.room).first(digest_size(kind->hash)));
        return out;
    }
    if (message.type != "DIGEST") {
        return validation("MessageType " + std::string(message.type) + " is not valid for the algorithm " +
                          std::string(message.algorithm) + ".");
    }
    if (message.message.size() != digest_size(kind->hash)) {
        return validation("Digest is invalid length for algorithm " + std::string(message.algorithm) + ".");
    }
    std::ranges::copy(message.message, out.room.begin());
    return out;
}

namespace {

struct SignRequest {
    ByteView message;
    std::string_view type = "RAW";
    std::string_view algorithm;
    bool dry_run = false;

    static constexpr auto fields() {
        return std::tuple(field("Message", &SignRequest::message), field("MessageType", &SignRequest::type),
                          field("SigningAlgorithm", &SignRequest::algorithm),
                          field("DryRun", &SignRequest::dry_run));
    }
};

struct SignResponse {
    std::string_view key;
    Bytes signature;
    std::string_view algorithm;

    static constexpr auto fields() {
        return std::tuple(field("KeyId", &SignResponse::key), field("Signature", &SignResponse::signature),
                          field("SigningAlgorithm", &SignResponse::algorithm));
    }
};

asio::awaitable<Outcome<SignResponse>> handle_sign(Call& call, const SignRequest& request) {
    const Key& key = call.key();
    const SignedMessage message{request.message, request.type, request.algorithm};
    const Outcome<SignedDigest> digest = digest_to_sign(call, message);
    if (!digest) {
        co_return digest.error();
    }
    if (request.dry_run) {
        co_return dry_run();
    }
    Result<Bytes> signature = co_await call.io.cluster.sign(*key.current().material, digest->kind,
                                                            digest->bytes(), call.http.deadline);
    if (!signature) {
        co_return call.failed(signature.error());
    }
    co_return SignResponse{key.arn, *std::move(signature), request.algorithm};
}

}  // namespace

asio::awaitable<Outcome<std::string>> sign(Call& call) {
    return run(call, handle_sign);
}

}  // namespace claviger::kms
