// Key states: which operation may run in which, and what is said otherwise.
#pragma once

#include <optional>
#include <string_view>

#include "src/kms/error.hpp"
#include "src/kms/operation.hpp"
#include "src/store/records.hpp"

namespace claviger::kms {

// "PendingDeletion"
std::string_view to_string(store::KeyState state) noexcept;

// Empty: the key may be used so.
std::optional<Failure> check_state(States allowed, store::KeyState state, std::string_view arn);

}  // namespace claviger::kms
