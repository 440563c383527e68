// The HSM types of the reference: a name that a cluster and its HSMs carry.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "src/cloudhsm/operation.hpp"

namespace claviger::cloudhsm {

inline constexpr std::string_view kFipsOnlyType = "hsm1.medium";
inline constexpr std::string_view kHsmTypes[] = {kFipsOnlyType, "hsm2m.medium"};

inline std::optional<Failure> check_hsm_type(std::string_view given) {
    if (std::ranges::find(kHsmTypes, given) != std::end(kHsmTypes)) {
        return std::nullopt;
    }
    std::string all;
    for (const std::string_view type : kHsmTypes) {
        all.append(all.empty() ? "" : " and ").append(type);
    }
    return invalid_request("HSM type '" + std::string(given) + "' does not exist. There are " + all + ".");
}

}  // namespace claviger::cloudhsm
