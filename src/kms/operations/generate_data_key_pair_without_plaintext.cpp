#include "src/kms/operations/key_pair.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

struct KeyPairResponse {
    Bytes blob;
    Bytes public_key;
    std::string_view key;
    std::string_view spec;
    std::string_view material_id;

    static constexpr auto fields() {
        return std::tuple(field("PrivateKeyCiphertextBlob", &KeyPairResponse::blob),
                          field("PublicKey", &KeyPairResponse::public_key),
                          field("KeyId", &KeyPairResponse::key), field("KeyPairSpec", &KeyPairResponse::spec),
                          field("KeyMaterialId", &KeyPairResponse::material_id));
    }
};

asio::awaitable<Outcome<KeyPairResponse>> handle(Call& call, const KeyPairRequest& request) {
    Outcome<SealedPair> made = co_await make_key_pair(call, request);
    if (!made) {
        co_return std::move(made).error();
    }
    const Key& key = call.key();
    co_return KeyPairResponse{std::move(made->blob), std::move(made->pair.public_key), key.arn, request.spec,
                              key.current().id};
}

}  // namespace

asio::awaitable<Outcome<std::string>> generate_data_key_pair_without_plaintext(Call& call) {
    return run(call, handle);
}

}  // namespace claviger::kms
