// Imported material of multi-Region keys: each Region imports the same bytes by itself, and what they are
// called comes from the primary key. Rows are those of one transaction; of a key of one Region nothing is
// done.
#pragma once

#include "src/store/store.hpp"

namespace claviger::kms {

// The replicas learn of `import`, a row of the primary key, and of the description that it has now.
Status<> share_import(store::Txn& txn, const store::KeyRecord& primary, const store::ImportRecord& import);

// Material that waits for a rotation can become the current one when each related key has it: writes down in
// all of them whether that is so.
Status<> settle_pending(store::Txn& txn, const store::KeyRecord& key);

// The material is one of the key and of its related keys for good.
Status<> associate(store::Txn& txn, const store::KeyRecord& key, std::string_view material);

// The replicas forget material of that name, or lose its bytes only.
enum class Forget : std::uint8_t { bytes, name };
Status<> forget_in_replicas(store::Txn& txn, const store::KeyRecord& primary, std::string_view material,
                            Forget what);

}  // namespace claviger::kms
