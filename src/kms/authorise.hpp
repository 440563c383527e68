// The one place where requests meet the policy.
#pragma once

#include "src/kms/operation.hpp"

namespace claviger::kms {

// Empty: the caller may do `action` on `arn`, which is "*" for what has no resource.
std::optional<Failure> authorise(const Call& call, policy::Action action, const AccountId& account,
                                 std::string_view arn, std::string_view key_policy = {});

}  // namespace claviger::kms
