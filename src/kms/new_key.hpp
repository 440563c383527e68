// What CreateKey and ReplicateKey share: the tags of a new key, and its row.
#pragma once

#include <optional>
#include <vector>

#include "src/kms/operation.hpp"
#include "src/kms/tags.hpp"
#include "src/store/store.hpp"

namespace claviger::kms {

// Empty: the caller may give a new key these tags, and they are good ones.
std::optional<Failure> check_tagging(const Call& call, const std::vector<TagArgument>& tags);

// Writes the row of a key that is not there yet, unless its account has as many in its Region as it may.
Outcome<Done> insert_key(const Call& call, store::Txn& txn, const store::KeyRecord& record);

}  // namespace claviger::kms
