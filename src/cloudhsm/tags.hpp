// Tags of clusters.
#pragma once

#include <vector>

#include "src/cloudhsm/describe.hpp"
#include "src/cloudhsm/operation.hpp"

namespace claviger::cloudhsm {

inline constexpr std::size_t kMaxTags = 50;

// CloudHsmTagException: a key given twice, or one that is reserved.
inline std::optional<Failure> check_tags(const std::vector<TagWire>& tags) {
    for (std::size_t i = 0; i < tags.size(); ++i) {
        if (tags[i].key.substr(0, 4) == "aws:") {
            return Failure(ErrorType::tag, "Tag keys beginning with aws: are reserved.");
        }
        for (std::size_t j = 0; j < i; ++j) {
            if (tags[i].key == tags[j].key) {
                return Failure(ErrorType::tag,
                               "The tag key '" + std::string(tags[i].key) + "' was given more than once.");
            }
        }
    }
    return std::nullopt;
}

}  // namespace claviger::cloudhsm
