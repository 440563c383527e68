// How long backups are kept, as requests say it.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

#include "src/cloudhsm/operation.hpp"

namespace claviger::cloudhsm {

struct RetentionRequest {
    std::string_view type;
    std::string_view value;
    static constexpr auto fields() {
        return std::tuple(field("Type", &RetentionRequest::type), field("Value", &RetentionRequest::value));
    }
};

// 7 to 379; 90 if none was given.
inline Outcome<std::uint32_t> days_of(const std::optional<RetentionRequest>& given) {
    std::uint32_t days = 90;
    if (given) {
        const char* const end = given->value.data() + given->value.size();
        const auto [rest, error] = std::from_chars(given->value.data(), end, days);
        if (error != std::errc() || rest != end || days < 7 || days > 379) {
            return invalid_request("The backup retention period must be between 7 and 379 days.");
        }
    }
    return days;
}

}  // namespace claviger::cloudhsm
