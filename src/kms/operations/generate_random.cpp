#include <claviger/cluster/cluster.hpp>

#include "src/kms/key_store.hpp"
#include "src/kms/operations/operations.hpp"
#include "src/kms/recipient.hpp"

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
    std::optional<SecretBytes> plaintext;
    std::optional<Bytes> for_recipient;

    static constexpr auto fields() {
        return std::tuple(field("Plaintext", &RandomResponse::plaintext),
                          field("CiphertextForRecipient", &RandomResponse::for_recipient));
    }
};

asio::awaitable<Outcome<RandomResponse>> handle_generate_random(Call& call, const RandomRequest& request) {
    if (!request.size) {
        co_return validation("NumberOfBytes is required.");
    }
    cluster::Client* client = &call.io.cluster;
    if (request.key_store) {
        Outcome<Place> place = connected_store(call, *request.key_store, PlaceFor::random);
        if (!place) {
            co_return std::move(place).error();
        }
        call.audit.note_key_store(*place->store);
        client = place->client;
    }
    const auto size = static_cast<std::uint16_t>(*request.size);  // 1..1024 by the model
    Result<SecretBytes> bytes = co_await client->random(size, call.http.deadline);
    if (!bytes) {
        co_return call.failed(bytes.error());
    }
    Outcome<Delivered> delivered = deliver(call, *std::move(bytes));
    if (!delivered) {
        co_return std::move(delivered).error();
    }
    co_return RandomResponse{std::move(delivered->clear), std::move(delivered->enveloped)};
}

}  // namespace

asio::awaitable<Outcome<std::string>> generate_random(Call& call) {
    return run(call, handle_generate_random);
}

}  // namespace claviger::kms
