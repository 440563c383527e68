#include <claviger/cluster/cluster.hpp>

#include "src/kms/context.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

struct GenerateMacRequest {
    ByteView message;
    std::string_view algorithm;
    bool dry_run = false;

    static constexpr auto fields() {
        return std::tuple(field("Message", &GenerateMacRequest::message),
                          field("MacAlgorithm", &GenerateMacRequest::algorithm),
                          field("DryRun", &GenerateMacRequest::dry_run));
    }
};

struct GenerateMacResponse {
    Bytes mac;
    std::string_view algorithm;
    std::string_view key;

    static constexpr auto fields() {
        return std::tuple(field("Mac", &GenerateMacResponse::mac),
                          field("MacAlgorithm", &GenerateMacResponse::algorithm),
                          field("KeyId", &GenerateMacResponse::key));
    }
};

asio::awaitable<Outcome<GenerateMacResponse>> handle_generate_mac(Call& call,
                                                                  const GenerateMacRequest& request) {
    const Key& key = call.key();
    if (auto refused = check_use(key, "GENERATE_VERIFY_MAC", call.row->name, request.algorithm)) {
        co_return *std::move(refused);
    }
    if (request.dry_run) {
        co_return dry_run();
    }
    Result<Bytes> mac =
        co_await call.io.cluster.mac(*key.current().material, request.message, call.http.deadline);
    if (!mac) {
        co_return call.failed(mac.error());
    }
    co_return GenerateMacResponse{*std::move(mac), request.algorithm, key.arn};
}

}  // namespace

asio::awaitable<Outcome<std::string>> generate_mac(Call& call) {
    return run(call, handle_generate_mac);
}

}  // namespace claviger::kms
