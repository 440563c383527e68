#include "src/kms/grants.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

struct RevokeRequest {
    std::string_view id;
    bool dry_run = false;

    static constexpr auto fields() {
        return std::tuple(field("GrantId", &RevokeRequest::id), field("DryRun", &RevokeRequest::dry_run));
    }
};

asio::awaitable<Outcome<Empty>> handle_revoke_grant(Call& call, const RevokeRequest& request) {
    if (auto refused = check_grant_id(request.id)) {
        co_return *std::move(refused);
    }
    if (call.parts.catalogue.grants().find(call.key().record, request.id) == nullptr) {
        co_return grant_not_found(request.id);
    }
    if (request.dry_run) {
        co_return dry_run();
    }
    co_return co_await erase_grant(call, call.key().record, request.id);
}

}  // namespace

asio::awaitable<Outcome<std::string>> revoke_grant(Call& call) {
    return run(call, handle_revoke_grant);
}

}  // namespace claviger::kms
