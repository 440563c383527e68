#include <claviger/cluster/cluster.hpp>

#include "hsm/link/key_token.hpp"
#include "src/kms/import_token.hpp"
#include "src/kms/imports.hpp"
#include "src/kms/key_spec.hpp"
#include "src/kms/operations/operations.hpp"
#include "src/kms/state.hpp"

namespace claviger::kms {
namespace {

struct ParametersRequest {
    std::string_view algorithm;
    std::string_view spec;

    static constexpr auto fields() {
        return std::tuple(field("WrappingAlgorithm", &ParametersRequest::algorithm),
                          field("WrappingKeySpec", &ParametersRequest::spec));
    }
};

struct ParametersResponse {
    std::string_view key;
    Bytes token;
    Bytes public_key;
    WallTime valid_to;

    static constexpr auto fields() {
        return std::tuple(field("KeyId", &ParametersResponse::key),
                          field("ImportToken", &ParametersResponse::token),
                          field("PublicKey", &ParametersResponse::public_key),
                          field("ParametersValidTo", &ParametersResponse::valid_to));
    }
};

std::optional<Failure> check_wrapping(const Key& key, const ParametersRequest& request) {
    const auto wrapping = wrapping_of(request.algorithm);
    if (!wrapping || request.spec == "SM2") {
        return unsupported("Key material wrapped with " + std::string(request.algorithm) + " for " +
                           std::string(request.spec) + " cannot be imported.");
    }
    if (!suits(key.record.spec, *wrapping, request.spec)) {
        return unsupported("Key material of the KeySpec " + key.record.spec + " cannot be wrapped with " +
                           std::string(request.algorithm) + " for " + std::string(request.spec) + ".");
    }
    return std::nullopt;
}

asio::awaitable<Outcome<ParametersResponse>> handle_get_parameters_for_import(
    Call& call, const ParametersRequest& request) {
    const Key& key = call.key();
    if (auto refused = check_imported(key)) {
        co_return *std::move(refused);
    }
    if (auto refused = check_state(States::not_pending_deletion, key.record.state, key.arn)) {
        co_return *std::move(refused);
    }
    if (auto refused = check_wrapping(key, request)) {
        co_return *std::move(refused);
    }
    cluster::NewKeyIdentity pair;
    pair.account = key.record.account.value();
    pair.key_id = key.record.id.value();
    pair.spec = request.spec;
    pair.usage = link::kImportUsage;
    pair.origin = key.record.origin;
    call.parts.random.fill(pair.material_id);
    Result<cluster::NewKey> made =
        co_await call.io.cluster.create_key(pair, call.generation_deadline(request.spec));
    if (!made) {
        co_return call.failed(made.error());
    }
    const ImportToken token{call.parts.life.now() + kImportTokenLife, std::string(request.algorithm),
                            std::move(made->token)};
    co_return ParametersResponse{key.arn, make_import_token(call, token), std::move(made->public_key),
                                 token.expires};
}

}  // namespace

asio::awaitable<Outcome<std::string>> get_parameters_for_import(Call& call) {
    return run(call, handle_get_parameters_for_import);
}

}  // namespace claviger::kms
