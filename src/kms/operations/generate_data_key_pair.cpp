#include "src/kms/context.hpp"
#include "src/kms/new_key.hpp"
#include "src/kms/operations/key_pair.hpp"
#include "src/kms/operations/operations.hpp"
#include "src/kms/recipient.hpp"

namespace claviger::kms {
namespace {

struct KeyPairResponse {
    Bytes blob;
    std::optional<SecretBytes> private_key;
    std::optional<Bytes> for_recipient;
    Bytes public_key;
    std::string_view key;
    std::string_view spec;
    std::string_view material_id;

    static constexpr auto fields() {
        return std::tuple(field("PrivateKeyCiphertextBlob", &KeyPairResponse::blob),
                          field("PrivateKeyPlaintext", &KeyPairResponse::private_key),
                          field("CiphertextForRecipient", &KeyPairResponse::for_recipient),
                          field("PublicKey", &KeyPairResponse::public_key),
                          field("KeyId", &KeyPairResponse::key), field("KeyPairSpec", &KeyPairResponse::spec),
                          field("KeyMaterialId", &KeyPairResponse::material_id));
    }
};

asio::awaitable<Outcome<KeyPairResponse>> handle_generate_data_key_pair(Call& call,
                                                                        const KeyPairRequest& request) {
    Outcome<SealedPair> made = co_await make_key_pair(call, request);
    if (!made) {
        co_return std::move(made).error();
    }
    const Key& key = call.key();
    Outcome<Delivered> delivered = deliver(call, std::move(made->pair.private_key));
    if (!delivered) {
        co_return std::move(delivered).error();
    }
    co_return KeyPairResponse{std::move(made->blob),
                              std::move(delivered->clear),
                              std::move(delivered->enveloped),
                              std::move(made->pair.public_key),
                              key.arn,
                              request.spec,
                              key.current().id};
}

}  // namespace

asio::awaitable<Outcome<SealedPair>> make_key_pair(Call& call, const KeyPairRequest& request) {
    const Key& key = call.key();
    if (auto refused = check_use(key, call.row->name)) {
        co_return *std::move(refused);
    }
    if (key.record.origin != "AWS_KMS" && key.record.origin != "EXTERNAL") {
        co_return wrong_origin(key.arn, key.record.origin);  // not with a key of a custom key store
    }
    const Outcome<Bytes> context = canonical(request.context);
    if (!context) {
        co_return context.error();
    }
    if (request.dry_run) {
        co_return dry_run();
    }
    const MonoTime deadline = call.generation_deadline(request.spec);
    Result<cluster::KeyPair> pair = co_await call.io.cluster.generate_pair(request.spec, deadline);
    if (!pair) {
        co_return pair.error().code == Errc::unsupported ? cannot_make(request.spec)
                                                         : call.failed(pair.error());
    }
    const ByteView private_key = pair->private_key.reveal(SecretAccess());
    Result<Bytes> blob =
        co_await call.io.cluster.encrypt(*key.current().material, private_key, *context, deadline);
    if (!blob) {
        co_return call.failed(blob.error());
    }
    call.audit.material_id = key.current().id;
    co_return SealedPair{*std::move(blob), *std::move(pair)};
}

asio::awaitable<Outcome<std::string>> generate_data_key_pair(Call& call) {
    return run(call, handle_generate_data_key_pair);
}

}  // namespace claviger::kms
