// Key policies: which texts a key accepts, and the one it gets by itself.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "src/kms/operation.hpp"

namespace claviger::kms {

inline constexpr std::string_view kPolicyName = "default";  // the only one there is

enum class LockoutCheck : bool { bypass, run };

// Empty: `text` may become the policy of the key `arn` (empty for a key that is being made). Too long is
// LimitExceededException; bad grammar or a lock-out of the caller MalformedPolicyDocumentException.
std::optional<Failure> check_key_policy(const Call& call, std::string_view text, std::string_view arn,
                                        LockoutCheck lockout);

// What AWS gives a key without a policy: it delegates to the account. White space too is AWS's.
std::string default_key_policy(std::string_view partition, std::string_view account);

}  // namespace claviger::kms
