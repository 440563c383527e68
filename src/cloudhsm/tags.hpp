// Tags of clusters and of backups.
#pragma once

#include <functional>
#include <vector>

#include "src/cloudhsm/describe.hpp"
#include "src/cloudhsm/operation.hpp"

namespace claviger::cloudhsm {

inline constexpr std::size_t kMaxTags = 50;

// CloudHsmTagException: a key given twice, or one that is reserved.
std::optional<Failure> check_tags(const std::vector<TagWire>& tags);
std::vector<store::Tag> records_of(const std::vector<TagWire>& tags);

// Of the caller's cluster or backup with this id. CloudHsmResourceNotFoundException: there is none.
Outcome<std::vector<store::Tag>> tags_of(const Call& call, std::string_view resource);
using ChangeTags = std::function<Outcome<Done>(std::vector<store::Tag>&)>;
// As the transaction sees them.
asio::awaitable<Outcome<Done>> change_tags(Call& call, std::string_view resource, ChangeTags change);

}  // namespace claviger::cloudhsm
