// Key specs and what they may be used for, as AWS KMS defines them.
#pragma once

#include <string_view>

namespace claviger::kms {

// Both are wire values; false for a spec that does not exist.
bool allows_usage(std::string_view spec, std::string_view usage) noexcept;

}  // namespace claviger::kms
