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

// The HSMs of this key store cannot make such keys.
Failure cannot_make(std::string_view spec);

// Makes the key's first material, whose row this is, and names it in `record`.
asio::awaitable<Outcome<store::MaterialRecord>> make_material(Call& call, cluster::Client& client,
                                                              store::KeyRecord& record);
// For a transaction that failed. Best effort: without its key token the object is of no use to anybody.
asio::awaitable<void> discard_material(Call& call, cluster::Client& client,
                                       const store::MaterialRecord& material);

// Writes the row of a key that is not there yet, unless its account has as many in its Region as it may.
Outcome<Done> insert_key(const Call& call, store::Txn& txn, const store::KeyRecord& record);

}  // namespace claviger::kms
