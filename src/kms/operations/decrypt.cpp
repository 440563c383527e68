#include <claviger/cluster/cluster.hpp>

#include "hsm/link/blob.hpp"
#include "src/kms/context.hpp"
#include "src/kms/key_store.hpp"
#include "src/kms/operations/operations.hpp"
#include "src/kms/recipient.hpp"
#include "src/kms/rsa_cipher.hpp"

namespace claviger::kms {
namespace {

struct DecryptRequest {
    ByteView blob;
    EncryptionContext context;
    std::string_view algorithm = kSymmetricDefault;
    bool dry_run = false;
    std::vector<std::string_view> dry_run_modifiers;

    static constexpr auto fields() {
        return std::tuple(field("CiphertextBlob", &DecryptRequest::blob),
                          field("EncryptionContext", &DecryptRequest::context),
                          field("EncryptionAlgorithm", &DecryptRequest::algorithm),
                          field("DryRun", &DecryptRequest::dry_run),
                          field("DryRunModifiers", &DecryptRequest::dry_run_modifiers));
    }
};

struct DecryptResponse {
    std::string_view key;
    std::optional<SecretBytes> plaintext;
    std::optional<Bytes> for_recipient;
    std::string_view algorithm;
    std::optional<std::string_view> material_id;  // symmetric keys only, and not with a recipient

    static constexpr auto fields() {
        return std::tuple(field("KeyId", &DecryptResponse::key),
                          field("Plaintext", &DecryptResponse::plaintext),
                          field("CiphertextForRecipient", &DecryptResponse::for_recipient),
                          field("EncryptionAlgorithm", &DecryptResponse::algorithm),
                          field("KeyMaterialId", &DecryptResponse::material_id));
    }
};

Outcome<DecryptResponse> answer(Call& call, SecretBytes plaintext, std::string_view algorithm,
                                std::optional<std::string_view> material_id) {
    Outcome<Delivered> delivered = deliver(call, std::move(plaintext));
    if (!delivered) {
        return std::move(delivered).error();
    }
    if (delivered->enveloped) {
        material_id.reset();
    }
    return DecryptResponse{call.key().arn, std::move(delivered->clear), std::move(delivered->enveloped),
                           algorithm, material_id};
}

asio::awaitable<Outcome<DecryptResponse>> decrypt_with_rsa(Call& call, const DecryptRequest& request) {
    const Key& key = call.key();
    if (auto refused = check_no_context(request.context, request.algorithm)) {
        co_return *std::move(refused);
    }
    if (request.dry_run && !request.dry_run_modifiers.empty()) {
        co_return dry_run();
    }
    Outcome<SecretBytes> plaintext = co_await rsa_open(call, key, request.algorithm, request.blob);
    if (!plaintext) {
        co_return std::move(plaintext).error();
    }
    if (request.dry_run) {
        co_return dry_run();
    }
    co_return answer(call, *std::move(plaintext), request.algorithm, std::nullopt);
}

asio::awaitable<Outcome<DecryptResponse>> handle_decrypt(Call& call, const DecryptRequest& request) {
    const Key& key = call.key();
    if (auto refused = check_use(key, call.row->name, request.algorithm)) {
        co_return *std::move(refused);
    }
    if (request.algorithm != kSymmetricDefault) {
        co_return co_await decrypt_with_rsa(call, request);
    }
    const Outcome<Bytes> context = canonical(request.context);
    if (!context) {
        co_return context.error();
    }
    if (request.dry_run && !request.dry_run_modifiers.empty()) {
        co_return dry_run();
    }
    const auto blob = link::parse_blob(request.blob);
    const Generation* const generation = blob ? key.generation(blob->name.material) : nullptr;
    if (generation == nullptr) {
        co_return invalid_ciphertext();
    }
    const Outcome<cluster::Client*> client = client_of(call, key);
    if (!client) {
        co_return client.error();
    }
    Result<SecretBytes> plaintext =
        co_await (*client)->decrypt(*generation->material, request.blob, *context, call.http.deadline);
    if (!plaintext) {
        co_return key_failed(call, key, plaintext.error());
    }
    call.audit.material_id = generation->id;
    if (request.dry_run) {
        co_return dry_run();
    }
    co_return answer(call, *std::move(plaintext), kSymmetricDefault, generation->id);
}

}  // namespace

asio::awaitable<Outcome<std::string>> decrypt(Call& call) {
    return run(call, handle_decrypt);
}

}  // namespace claviger::kms
