#include <claviger/cluster/cluster.hpp>

#include "src/kms/context.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

struct VerifyMacRequest {
    ByteView message;
    std::string_view algorithm;
    ByteView mac;
    bool dry_run = false;

    static constexpr auto fields() {
        return std::tuple(field("Message", &VerifyMacRequest::message),
                          field("MacAlgorithm", &VerifyMacRequest::algorithm),
                          field("Mac", &VerifyMacRequest::mac), field("DryRun", &VerifyMacRequest::dry_run));
    }
};

struct VerifyMacResponse {
    std::string_view key;
    bool valid = true;  // a wrong MAC is an error
    std::string_view algorithm;

    static constexpr auto fields() {
        return std::tuple(field("KeyId", &VerifyMacResponse::key),
                          field("MacValid", &VerifyMacResponse::valid),
                          field("MacAlgorithm", &VerifyMacResponse::algorithm));
    }
};

asio::awaitable<Outcome<VerifyMacResponse>> handle_verify_mac(Call& call, const VerifyMacRequest& request) {
    const Key& key = call.key();
    if (auto refused = check_use(key, "GENERATE_VERIFY_MAC", call.row->name, request.algorithm)) {
        co_return *std::move(refused);
    }
    const Result<Bytes> mac =
        co_await call.io.cluster.mac(*key.current().material, request.message, call.http.deadline);
    if (!mac) {
        co_return call.failed(mac.error());
    }
    if (!equal_constant_time(*mac, request.mac)) {
        co_return Failure(ErrorType::invalid_mac, {});
    }
    if (request.dry_run) {
        co_return dry_run();
    }
    co_return VerifyMacResponse{key.arn, true, request.algorithm};
}

}  // namespace

asio::awaitable<Outcome<std::string>> verify_mac(Call& call) {
    return run(call, handle_verify_mac);
}

}  // namespace claviger::kms
