#include "src/kms/context.hpp"
#include "src/kms/key_store.hpp"
#include "src/kms/operations/data_key.hpp"
#include "src/kms/operations/operations.hpp"
#include "src/kms/recipient.hpp"

namespace claviger::kms {
namespace {

struct DataKeyResponse {
    Bytes blob;
    std::optional<SecretBytes> plaintext;
    std::optional<Bytes> for_recipient;
    std::string_view key;
    std::optional<std::string_view> material_id;  // not with a recipient

    static constexpr auto fields() {
        return std::tuple(
            field("CiphertextBlob", &DataKeyResponse::blob), field("Plaintext", &DataKeyResponse::plaintext),
            field("CiphertextForRecipient", &DataKeyResponse::for_recipient),
            field("KeyId", &DataKeyResponse::key), field("KeyMaterialId", &DataKeyResponse::material_id));
    }
};

Outcome<std::uint16_t> size_of(const DataKeyRequest& request) {
    if (request.spec.has_value() == request.size.has_value()) {
        return validation("Please specify either number of bytes or key spec.");
    }
    if (request.size) {
        return static_cast<std::uint16_t>(*request.size);  // 1..1024 by the model
    }
    return std::uint16_t{*request.spec == "AES_128" ? std::uint16_t{16} : std::uint16_t{32}};
}

asio::awaitable<Outcome<DataKeyResponse>> handle_generate_data_key(Call& call,
                                                                   const DataKeyRequest& request) {
    Outcome<cluster::DataKey> made = co_await make_data_key(call, request, cluster::Plaintext::include);
    if (!made) {
        co_return std::move(made).error();
    }
    const Key& key = call.key();
    Outcome<Delivered> delivered = deliver(call, std::move(made->plaintext));
    if (!delivered) {
        co_return std::move(delivered).error();
    }
    DataKeyResponse response{std::move(made->blob), std::move(delivered->clear),
                             std::move(delivered->enveloped), key.arn, std::nullopt};
    if (!response.for_recipient) {
        response.material_id = key.current().id;
    }
    co_return response;
}

}  // namespace

asio::awaitable<Outcome<cluster::DataKey>> make_data_key(Call& call, const DataKeyRequest& request,
                                                         cluster::Plaintext want) {
    const Key& key = call.key();
    if (auto refused = check_use(key, call.row->name)) {
        co_return *std::move(refused);
    }
    const Outcome<std::uint16_t> size = size_of(request);
    if (!size) {
        co_return size.error();
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
    Result<cluster::DataKey> made = co_await (*client)->generate_data_key(*key.current().material, *size,
                                                                          want, *context, call.http.deadline);
    if (!made) {
        co_return key_failed(call, key, made.error());
    }
    call.audit.material_id = key.current().id;
    co_return *std::move(made);
}

asio::awaitable<Outcome<std::string>> generate_data_key(Call& call) {
    return run(call, handle_generate_data_key);
}

}  // namespace claviger::kms
