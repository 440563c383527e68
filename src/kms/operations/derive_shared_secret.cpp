#include <claviger/cluster/cluster.hpp>

#include "src/kms/context.hpp"
#include "src/kms/operations/operations.hpp"
#include "src/kms/recipient.hpp"

namespace claviger::kms {
namespace {

struct DeriveRequest {
    std::string_view algorithm;
    ByteView peer;
    bool dry_run = false;

    static constexpr auto fields() {
        return std::tuple(field("KeyAgreementAlgorithm", &DeriveRequest::algorithm),
                          field("PublicKey", &DeriveRequest::peer), field("DryRun", &DeriveRequest::dry_run));
    }
};

struct DeriveResponse {
    std::string_view key;
    std::optional<SecretBytes> secret;
    std::optional<Bytes> for_recipient;
    std::string_view algorithm;
    std::string_view origin;

    static constexpr auto fields() {
        return std::tuple(field("KeyId", &DeriveResponse::key),
                          field("SharedSecret", &DeriveResponse::secret),
                          field("CiphertextForRecipient", &DeriveResponse::for_recipient),
                          field("KeyAgreementAlgorithm", &DeriveResponse::algorithm),
                          field("KeyOrigin", &DeriveResponse::origin));
    }
};

// AWS says nothing but the name of the exception.
std::optional<Failure> check_peer(const Key& key, ByteView peer) {
    const PublicKey* own = key.current().material->parsed_public_key();
    const Result<PublicKey> theirs = parse_public_key(peer);
    if (own == nullptr) {
        return internal("the key token has no public part");
    }
    if (!theirs || ec_curve(*theirs) != ec_curve(*own)) {
        return validation({});
    }
    return std::nullopt;
}

asio::awaitable<Outcome<DeriveResponse>> handle_derive_shared_secret(Call& call,
                                                                     const DeriveRequest& request) {
    const Key& key = call.key();
    if (auto refused = check_use(key, "KEY_AGREEMENT", call.row->name, request.algorithm)) {
        co_return *std::move(refused);
    }
    if (auto refused = check_peer(key, request.peer)) {
        co_return *std::move(refused);
    }
    if (request.dry_run) {
        co_return dry_run();
    }
    Result<SecretBytes> secret =
        co_await call.io.cluster.derive(*key.current().material, request.peer, call.http.deadline);
    if (!secret) {
        co_return call.failed(secret.error());
    }
    Outcome<Delivered> delivered = deliver(call, *std::move(secret));
    if (!delivered) {
        co_return std::move(delivered).error();
    }
    co_return DeriveResponse{key.arn, std::move(delivered->clear), std::move(delivered->enveloped),
                             request.algorithm, key.record.origin};
}

}  // namespace

asio::awaitable<Outcome<std::string>> derive_shared_secret(Call& call) {
    return run(call, handle_derive_shared_secret);
}

}  // namespace claviger::kms
