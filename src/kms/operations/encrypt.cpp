#include <claviger/cluster/cluster.hpp>

#include "src/kms/context.hpp"
#include "src/kms/key_store.hpp"
#include "src/kms/operations/operations.hpp"
#include "src/kms/rsa_cipher.hpp"

namespace claviger::kms {
namespace {

struct EncryptRequest {
    ByteView plaintext;
    EncryptionContext context;
    std::string_view algorithm = kSymmetricDefault;
    bool dry_run = false;

    static constexpr auto fields() {
        return std::tuple(field("Plaintext", &EncryptRequest::plaintext),
                          field("EncryptionContext", &EncryptRequest::context),
                          field("EncryptionAlgorithm", &EncryptRequest::algorithm),
                          field("DryRun", &EncryptRequest::dry_run));
    }
};

struct EncryptResponse {
    Bytes blob;
    std::string_view key;
    std::string_view algorithm;

    static constexpr auto fields() {
        return std::tuple(field("CiphertextBlob", &EncryptResponse::blob),
                          field("KeyId", &EncryptResponse::key),
                          field("EncryptionAlgorithm", &EncryptResponse::algorithm));
    }
};

Outcome<EncryptResponse> encrypt_with_rsa(const Key& key, const EncryptRequest& request) {
    if (auto refused = check_no_context(request.context, request.algorithm)) {
        return *std::move(refused);
    }
    if (auto refused = check_fits(key, request.algorithm, request.plaintext.size())) {
        return *std::move(refused);
    }
    if (request.dry_run) {
        return dry_run();
    }
    Outcome<Bytes> sealed = rsa_seal(key, request.algorithm, request.plaintext);
    if (!sealed) {
        return std::move(sealed).error();
    }
    return EncryptResponse{*std::move(sealed), key.arn, request.algorithm};
}

asio::awaitable<Outcome<EncryptResponse>> handle_encrypt(Call& call, const EncryptRequest& request) {
    const Key& key = call.key();
    if (auto refused = check_use(key, call.row->name, request.algorithm)) {
        co_return *std::move(refused);
    }
    if (request.algorithm != kSymmetricDefault) {
        co_return encrypt_with_rsa(key, request);
    }
    const Outcome<Bytes> context = canonical(request.context);
    if (!context) {
        co_return context.error();
    }
    if (request.dry_run) {
        co_return dry_run();
    }
    const Outcome<cluster::Client*> client = client_of(call, key);
    if (!client) {
        co_return client.error();
    }
    Result<Bytes> blob =
        co_await (*client)->encrypt(*key.current().material, request.plaintext, *context, call.http.deadline);
    if (!blob) {
        co_return key_failed(call, key, blob.error());
    }
    call.audit.material_id = key.current().id;
    co_return EncryptResponse{*std::move(blob), key.arn, kSymmetricDefault};
}

}  // namespace

asio::awaitable<Outcome<std::string>> encrypt(Call& call) {
    return run(call, handle_encrypt);
}

}  // namespace claviger::kms
