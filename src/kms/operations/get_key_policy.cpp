#include "src/kms/key_policy.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

struct GetPolicyRequest {
    std::string_view name = kPolicyName;

    static constexpr auto fields() { return std::tuple(field("PolicyName", &GetPolicyRequest::name)); }
};

struct GetPolicyResponse {
    std::string_view policy;
    std::string_view name;

    static constexpr auto fields() {
        return std::tuple(field("Policy", &GetPolicyResponse::policy),
                          field("PolicyName", &GetPolicyResponse::name));
    }
};

Outcome<GetPolicyResponse> handle_get_key_policy(Call& call, const GetPolicyRequest& request) {
    if (request.name != kPolicyName) {
        return not_found("No such policy exists");
    }
    return GetPolicyResponse{call.key().record.policy, kPolicyName};
}

}  // namespace

asio::awaitable<Outcome<std::string>> get_key_policy(Call& call) {
    return run(call, handle_get_key_policy);
}

}  // namespace claviger::kms
