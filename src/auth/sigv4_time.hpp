// The three spellings of a time that a signed request may carry.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace claviger::auth {

std::optional<std::chrono::sys_seconds> parse_basic_time(std::string_view text) noexcept;  // 20150830T123600Z
std::optional<std::chrono::sys_seconds> parse_extended_time(
    std::string_view text) noexcept;  // 2015-08-30T12:36:00Z
// RFC 9110 section 5.6.7, IMF-fixdate only: "Fri, 02 Jan 2026 03:04:05 GMT".
std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text) noexcept;

std::string basic_time(std::chrono::sys_seconds time);
std::string http_date(std::chrono::sys_seconds time);

}  // namespace claviger::auth
