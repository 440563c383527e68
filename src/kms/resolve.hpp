// From what a request says to the key it means.
#pragma once

#include "src/kms/operation.hpp"

namespace claviger::kms {

// The key of one of the row's parameters; empty if it is optional and absent. Follows the order of checks
// that callers can observe: shape of the identifier, Region, existence, and for ciphertexts whether blob and
// key agree.
Outcome<KeyPtr> resolve_key(Call& call, const KeyParameter& parameter);

// Does the row's alias argument name an alias that customers may touch? Prefix and reserved names.
std::optional<Failure> check_alias_name(std::string_view name);

// True if the parameter's key was found through the ciphertext only.
bool named_by_ciphertext_only(const Call& call, const KeyParameter& parameter);

}  // namespace claviger::kms
