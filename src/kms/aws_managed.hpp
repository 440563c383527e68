// AWS managed keys: those that services of AWS would use in the caller's account. Their aliases are there
// from the beginning; a key is made when somebody first asks what is behind one. That an alias with a name of
// theirs points at a key is what makes it one of them: nobody else can give such a name.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "src/kms/operation.hpp"

namespace claviger::kms {

bool is_aws_managed(const Catalogue& catalogue, const store::KeyRecord& key);

// Empty unless the operation would change an AWS managed key: its policy allows that to AWS only.
std::optional<Failure> check_manager(const Call& call, const KeyParameter& parameter, const Key& key);

// For DescribeKey. If it is asked about one of their aliases that has no key, makes the key. Empty: done, or
// nothing to do.
asio::awaitable<std::optional<Failure>> make_described_key(Call& call);

// Aliases of the caller's account and Region that have no key yet, in order of name, beginning after `after`.
std::vector<AliasPtr> aliases_without_key(const Call& call, std::string_view after);

}  // namespace claviger::kms
