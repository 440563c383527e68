#include <claviger/cluster/cluster.hpp>

#include "hsm/link/blob.hpp"
#include "src/kms/context.hpp"
#include "src/kms/operations/operations.hpp"

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
    std::string_view source_material;
    std::string_view destination_material;

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

asio::awaitable<Outcome<ReEncryptResponse>> handle(Call& call, const ReEncryptRequest& request) {
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
    const auto blob = link::parse_blob(request.blob);
    const Generation* const generation = blob ? source.generation(blob->name.material) : nullptr;
    if (generation == nullptr) {
        co_return invalid_ciphertext();
    }
    Result<Bytes> made = co_await call.io.cluster.re_encrypt(
        *generation->material, request.blob, *from, *destination.current().material, *to, call.http.deadline);
    if (!made) {
        co_return call.failed(std::move(made).error());
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
    return run(call, handle);
}

}  // namespace claviger::kms
