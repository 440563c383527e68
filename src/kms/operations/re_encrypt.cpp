#include <claviger/cluster/cluster.hpp>

#include "hsm/link/blob.hpp"
#include "src/kms/context.hpp"
#include "src/kms/key_store.hpp"
#include "src/kms/operations/operations.hpp"
#include "src/kms/rsa_cipher.hpp"

namespace claviger::kms {
namespace {

struct ReEncryptRequest {
    ByteView blob;
    EncryptionContext source_context;
    EncryptionContext destination_context;
    std::string_view source_algorithm = kSymmetricDefault;
    std::string_view destination_algorithm = kSymmetricDefault;
    bool dry_run = false;
    std::vector<std::string_view> dry_run_modifiers;

    static constexpr auto fields() {
        return std::tuple(field("CiphertextBlob", &ReEncryptRequest::blob),
                          field("SourceEncryptionContext", &ReEncryptRequest::source_context),
                          field("DestinationEncryptionContext", &ReEncryptRequest::destination_context),
                          field("SourceEncryptionAlgorithm", &ReEncryptRequest::source_algorithm),
                          field("DestinationEncryptionAlgorithm", &ReEncryptRequest::destination_algorithm),
                          field("DryRun", &ReEncryptRequest::dry_run),
                          field("DryRunModifiers", &ReEncryptRequest::dry_run_modifiers));
    }
};

struct ReEncryptResponse {
    Bytes blob;
    std::string_view source;
    std::string_view key;
    std::string_view source_algorithm = kSymmetricDefault;
    std::string_view destination_algorithm = kSymmetricDefault;
    std::optional<std::string_view> source_material;  // symmetric keys only
    std::optional<std::string_view> destination_material;

    static constexpr auto fields() {
        return std::tuple(field("CiphertextBlob", &ReEncryptResponse::blob),
                          field("SourceKeyId", &ReEncryptResponse::source),
                          field("KeyId", &ReEncryptResponse::key),
                          field("SourceEncryptionAlgorithm", &ReEncryptResponse::source_algorithm),
                          field("DestinationEncryptionAlgorithm", &ReEncryptResponse::destination_algorithm),
                          field("SourceKeyMaterialId", &ReEncryptResponse::source_material),
                          field("DestinationKeyMaterialId", &ReEncryptResponse::destination_material));
    }
};

struct Opened {
    SecretBytes plaintext;
    std::optional<std::string_view> material;
};

asio::awaitable<Outcome<Opened>> open(Call& call, const ReEncryptRequest& request, ByteView context) {
    const Key& source = *call.keys[0];
    if (request.source_algorithm != kSymmetricDefault) {
        Outcome<SecretBytes> opened = co_await rsa_open(call, source, request.source_algorithm, request.blob);
        if (!opened) {
            co_return std::move(opened).error();
        }
        co_return Opened{*std::move(opened), std::nullopt};
    }
    const auto blob = link::parse_blob(request.blob);
    const Generation* const generation = blob ? source.generation(blob->name.material) : nullptr;
    if (generation == nullptr) {
        co_return invalid_ciphertext();
    }
    const Outcome<cluster::Client*> client = client_of(call, source);
    if (!client) {
        co_return client.error();
    }
    Result<SecretBytes> opened =
        co_await (*client)->decrypt(*generation->material, request.blob, context, call.http.deadline);
    if (!opened) {
        co_return key_failed(call, source, opened.error());
    }
    co_return Opened{*std::move(opened), generation->id};
}

// Where one key is RSA, or the keys are in different clusters, the plaintext passes the service, in wiped
// memory.
asio::awaitable<Outcome<ReEncryptResponse>> re_encrypt_here(Call& call, const ReEncryptRequest& request,
                                                            ByteView from, ByteView to) {
    const Key& destination = *call.keys[1];
    for (const auto& [context, algorithm] :
         {std::pair(request.source_context, request.source_algorithm),
          std::pair(request.destination_context, request.destination_algorithm)}) {
        if (algorithm != kSymmetricDefault) {
            if (auto refused = check_no_context(context, algorithm)) {
                co_return *std::move(refused);
            }
        }
    }
    Outcome<Opened> opened = co_await open(call, request, from);
    if (!opened) {
        co_return std::move(opened).error();
    }
    const ByteView plaintext = opened->plaintext.reveal(SecretAccess());
    ReEncryptResponse response;
    if (request.destination_algorithm != kSymmetricDefault) {
        if (auto refused = check_fits(destination, request.destination_algorithm, plaintext.size())) {
            co_return *std::move(refused);
        }
        Outcome<Bytes> sealed = rsa_seal(destination, request.destination_algorithm, plaintext);
        if (!sealed) {
            co_return std::move(sealed).error();
        }
        response.blob = *std::move(sealed);
    } else {
        if (plaintext.empty()) {
            co_return invalid_ciphertext();  // of a stranger: KMS encrypts no empty plaintext
        }
        const Outcome<cluster::Client*> client = client_of(call, destination);
        if (!client) {
            co_return client.error();
        }
        Result<Bytes> sealed =
            co_await (*client)->encrypt(*destination.current().material, plaintext, to, call.http.deadline);
        if (!sealed) {
            co_return key_failed(call, destination, sealed.error());
        }
        response.blob = *std::move(sealed);
        response.destination_material = destination.current().id;
    }
    if (request.dry_run) {
        co_return dry_run();
    }
    response.source = call.keys[0]->arn;
    response.key = destination.arn;
    response.source_algorithm = request.source_algorithm;
    response.destination_algorithm = request.destination_algorithm;
    response.source_material = opened->material;
    call.audit.material_id = opened->material.value_or(std::string_view());
    co_return response;
}

asio::awaitable<Outcome<ReEncryptResponse>> handle_re_encrypt(Call& call, const ReEncryptRequest& request) {
    const Key& source = *call.keys[0];
    const Key& destination = *call.keys[1];
    if (auto refused = check_use(source, "ReEncryptFrom", request.source_algorithm)) {
        co_return *std::move(refused);
    }
    if (auto refused = check_use(destination, "ReEncryptTo", request.destination_algorithm)) {
        co_return *std::move(refused);
    }
    const Outcome<Bytes> from = canonical(request.source_context);
    if (!from) {
        co_return from.error();
    }
    const Outcome<Bytes> to = canonical(request.destination_context);
    if (!to) {
        co_return to.error();
    }
    if (request.dry_run && !request.dry_run_modifiers.empty()) {
        co_return dry_run();
    }
    const Outcome<cluster::Client*> client = client_of(call, source);
    if (!client) {
        co_return client.error();
    }
    const Outcome<cluster::Client*> writer = client_of(call, destination);
    if (!writer) {
        co_return writer.error();
    }
    if (request.source_algorithm != kSymmetricDefault || request.destination_algorithm != kSymmetricDefault ||
        *client != *writer) {
        co_return co_await re_encrypt_here(call, request, *from, *to);
    }
    const auto blob = link::parse_blob(request.blob);
    const Generation* const generation = blob ? source.generation(blob->name.material) : nullptr;
    if (generation == nullptr) {
        co_return invalid_ciphertext();
    }
    Result<Bytes> made = co_await (*client)->re_encrypt(
        *generation->material, request.blob, *from, *destination.current().material, *to, call.http.deadline);
    if (!made) {
        co_return key_failed(call, source, made.error());
    }
    call.audit.material_id = generation->id;
    if (request.dry_run) {
        co_return dry_run();
    }
    ReEncryptResponse response;
    response.blob = *std::move(made);
    response.source = source.arn;
    response.key = destination.arn;
    response.source_material = generation->id;
    response.destination_material = destination.current().id;
    co_return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> re_encrypt(Call& call) {
    return run(call, handle_re_encrypt);
}

}  // namespace claviger::kms
