#include "src/kms/operations/key_pair.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

struct KeyPairBlobResponse {
    Bytes blob;
    Bytes public_key;
    std::string_view key;
    std::string_view spec;
    std::string_view material_id;

    static constexpr auto fields() {
        return std::tuple(field("PrivateKeyCiphertextBlob", &KeyPairBlobResponse::blob),
                          field("PublicKey", &KeyPairBlobResponse::public_key),
                          field("KeyId", &KeyPairBlobResponse::key),
                          field("KeyPairSpec", &KeyPairBlobResponse::spec),
                          field("KeyMaterialId", &KeyPairBlobResponse::material_id));
    }
};

asio::awaitable<Outcome<KeyPairBlobResponse>> handle_generate_data_key_pair_without_plaintext(
    Call& call, const KeyPairRequest& request) {
    Outcome<SealedPair> made = co_await make_key_pair(call, request);
    if (!made) {
        co_return std::move(made).error();
    }
    const Key& key = call.key();
    co_return KeyPairBlobResponse{std::move(made->blob), std::move(made->pair.public_key), key.arn,
                                  request.spec, key.current().id};
}

}  // namespace

asio::awaitable<Outcome<std::string>> generate_data_key_pair_without_plaintext(Call& call) {
    return run(call, handle_generate_data_key_pair_without_plaintext);
}

}  // namespace claviger::kms
