// Tags of keys: what TagResource, CreateKey and ReplicateKey accept.
#pragma once

#include <optional>
#include <vector>

#include "src/kms/error.hpp"
#include "src/kms/wire.hpp"
#include "src/store/records.hpp"

namespace claviger::kms {

inline constexpr std::size_t kTagsPerKey = 50;  // quota of AWS KMS

struct TagArgument {
    std::string_view key;
    std::string_view value;

    static constexpr auto fields() {
        return std::tuple(field("TagKey", &TagArgument::key), field("TagValue", &TagArgument::value));
    }
};

// Empty: the list is one that a key may get. Too many, a reserved or a repeated key is TagException.
std::optional<Failure> check_tags(const std::vector<TagArgument>& tags);

// Adds or replaces. False: the key would have more than kTagsPerKey.
bool merge_tags(std::vector<store::Tag>& into, const std::vector<TagArgument>& tags);

}  // namespace claviger::kms
