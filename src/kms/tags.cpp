#include "src/kms/tags.hpp"

#include <algorithm>
#include <set>

namespace claviger::kms {
namespace {

bool is_reserved(std::string_view key) noexcept {
    constexpr std::string_view kReserved = "aws:";
    return key.size() >= kReserved.size() &&
           std::ranges::equal(key.substr(0, kReserved.size()), kReserved, {},
                              [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
}

}  // namespace

std::optional<Failure> check_tags(const std::vector<TagArgument>& tags) {
    if (tags.size() > kTagsPerKey) {
        return too_many_tags();
    }
    std::set<std::string_view> seen;
    for (const TagArgument& tag : tags) {
        if (is_reserved(tag.key)) {
            return Failure(ErrorType::tag, "Tags beginning with aws: are reserved");
        }
        if (!seen.insert(tag.key).second) {
            return Failure(ErrorType::tag, "Duplicate tag keys");
        }
    }
    return std::nullopt;
}

bool merge_tags(std::vector<store::Tag>& into, const std::vector<TagArgument>& tags) {
    for (const TagArgument& tag : tags) {
        const auto found = std::ranges::find(into, tag.key, &store::Tag::key);
        if (found != into.end()) {
            found->value = tag.value;
        } else {
            into.push_back({std::string(tag.key), std::string(tag.value)});
        }
    }
    return into.size() <= kTagsPerKey;
}

}  // namespace claviger::kms
