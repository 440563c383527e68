#include "src/kms/commit.hpp"
#include "src/kms/key_policy.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

struct PutPolicyRequest {
    std::string_view name = kPolicyName;
    std::string_view policy;
    bool bypass = false;

    static constexpr auto fields() {
        return std::tuple(field("PolicyName", &PutPolicyRequest::name),
                          field("Policy", &PutPolicyRequest::policy),
                          field("BypassPolicyLockoutSafetyCheck", &PutPolicyRequest::bypass));
    }
};

asio::awaitable<Outcome<Empty>> handle_put_key_policy(Call& call, const PutPolicyRequest& request) {
    if (request.name != kPolicyName) {
        co_return unsupported({});
    }
    if (auto refused = check_key_policy(call, request.policy, call.key().arn,
                                        request.bypass ? LockoutCheck::bypass : LockoutCheck::run)) {
        co_return *std::move(refused);
    }
    Edit edit = [&](store::KeyRecord& row) -> std::optional<Failure> {
        row.policy = request.policy;
        return std::nullopt;
    };
    co_return co_await edit_key(call, States::any, std::move(edit));
}

}  // namespace

asio::awaitable<Outcome<std::string>> put_key_policy(Call& call) {
    return run(call, handle_put_key_policy);
}

}  // namespace claviger::kms
