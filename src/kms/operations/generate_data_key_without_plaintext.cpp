#include "src/kms/operations/data_key.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

struct SealedDataKeyResponse {
    Bytes blob;
    std::string_view key;
    std::string_view material_id;

    static constexpr auto fields() {
        return std::tuple(field("CiphertextBlob", &SealedDataKeyResponse::blob),
                          field("KeyId", &SealedDataKeyResponse::key),
                          field("KeyMaterialId", &SealedDataKeyResponse::material_id));
    }
};

asio::awaitable<Outcome<SealedDataKeyResponse>> handle_generate_data_key_without_plaintext(
    Call& call, const DataKeyRequest& request) {
    Outcome<cluster::DataKey> made = co_await make_data_key(call, request, cluster::Plaintext::omit);
    if (!made) {
        co_return std::move(made).error();
    }
    const Key& key = call.key();
    co_return SealedDataKeyResponse{std::move(made->blob), key.arn, key.current().id};
}

}  // namespace

asio::awaitable<Outcome<std::string>> generate_data_key_without_plaintext(Call& call) {
    return run(call, handle_generate_data_key_without_plaintext);
}

}  // namespace claviger::kms
