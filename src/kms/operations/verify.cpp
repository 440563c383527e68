#include <claviger/cluster/cluster.hpp>

#include "src/kms/operations/operations.hpp"
#include "src/kms/operations/signature.hpp"

namespace claviger::kms {
namespace {

struct VerifyRequest {
    ByteView message;
    std::string_view type = "RAW";
    ByteView signature;
    std::string_view algorithm;
    bool dry_run = false;

    static constexpr auto fields() {
        return std::tuple(
            field("Message", &VerifyRequest::message), field("MessageType", &VerifyRequest::type),
            field("Signature", &VerifyRequest::signature),
            field("SigningAlgorithm", &VerifyRequest::algorithm), field("DryRun", &VerifyRequest::dry_run));
    }
};

struct VerifyResponse {
    std::string_view key;
    bool valid = true;  // a wrong signature is an error
    std::string_view algorithm;

    static constexpr auto fields() {
        return std::tuple(field("KeyId", &VerifyResponse::key),
                          field("SignatureValid", &VerifyResponse::valid),
                          field("SigningAlgorithm", &VerifyResponse::algorithm));
    }
};

// With the public part, which needs no HSM.
Outcome<VerifyResponse> handle_verify(Call& call, const VerifyRequest& request) {
    const Key& key = call.key();
    const SignedMessage message{request.message, request.type, request.algorithm};
    const Outcome<SignedDigest> digest = digest_to_sign(call, message);
    if (!digest) {
        return digest.error();
    }
    const PublicKey* public_key = key.current().material->parsed_public_key();
    if (public_key == nullptr) {
        return internal("the key token has no public part");
    }
    if (!verifies(*public_key, digest->kind, digest->bytes(), request.signature)) {
        return Failure(ErrorType::invalid_signature, {});
    }
    if (request.dry_run) {
        return dry_run();
    }
    return VerifyResponse{key.arn, true, request.algorithm};
}

}  // namespace

asio::awaitable<Outcome<std::string>> verify(Call& call) {
    return run(call, handle_verify);
}

}  // namespace claviger::kms
