#include "src/kms/authorise.hpp"

#include "src/policy/authorize.hpp"

namespace claviger::kms {

std::optional<Failure> authorise(const Call& call, policy::Action action, const AccountId& account,
                                 std::string_view arn, std::string_view key_policy) {
    const policy::Request request{call.principal(), action, {account, arn, key_policy}};
    const policy::Decision decision = policy::authorize(request);
    if (decision) {
        return std::nullopt;
    }
    return access_denied(policy::denial_text(request, decision));
}

}  // namespace claviger::kms
