#include "src/kms/key_policy.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

struct ListPoliciesResponse {
    std::vector<std::string_view> names{kPolicyName};
    bool truncated = false;

    static constexpr auto fields() {
        return std::tuple(field("PolicyNames", &ListPoliciesResponse::names),
                          field("Truncated", &ListPoliciesResponse::truncated));
    }
};

// One page holds all, so Limit changes nothing and no marker was ever made. The operation has no
// InvalidMarker error.
Outcome<ListPoliciesResponse> handle_list_key_policies(Call&, const NoMembers&) {
    return ListPoliciesResponse{};
}

}  // namespace

asio::awaitable<Outcome<std::string>> list_key_policies(Call& call) {
    return run(call, handle_list_key_policies);
}

}  // namespace claviger::kms
