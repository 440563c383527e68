#include <claviger/cluster/cluster.hpp>

#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

struct RandomRequest {
    std::optional<std::int64_t> size;
    std::optional<std::string_view> key_store;

    static constexpr auto fields() {
        return std::tuple(field("NumberOfBytes", &RandomRequest::size),
                          field("CustomKeyStoreId", &RandomRequest::key_store));
    }
};

struct RandomResponse {
    SecretBytes plaintext;

    static constexpr auto fields() { return std::tuple(field("Plaintext", &RandomResponse::plaintext)); }
};

asio::awaitable<Outcome<RandomResponse>> handle(Call& call, const RandomRequest& request) {
    if (!request.size) {
        co_return validation("NumberOfBytes is required.");
    }
    if (request.key_store) {
        co_return Failure(ErrorType::custom_key_store_not_found,
                          "No custom key store has the ID '" + std::string(*request.key_store) + "'.");
    }
    const auto size = static_cast<std::uint16_t>(*request.size);  // 1..1024 by the model
    Result<SecretBytes> bytes = co_await call.io.cluster.random(size, call.http.deadline);
    if (!bytes) {
        co_return call.failed(std::move(bytes).error());
    }
    co_return RandomResponse{*std::move(bytes)};
}

}  // namespace

asio::awaitable<Outcome<std::string>> generate_random(Call& call) {
    return run(call, handle);
}

}  // namespace claviger::kms
