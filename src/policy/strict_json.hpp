// JSON in which no object names a member twice: of `{"Effect": "Deny", "Effect": "Allow"}` readers pick
// different ones, and a policy must say one thing.
#pragma once

#include <optional>
#include <string_view>

#include <boost/json/value.hpp>

namespace claviger::policy {

// nullopt: not JSON (RFC 8259), deeper than 32 levels, or a repeated name.
std::optional<boost::json::value> parse_strict_json(std::string_view text);

}  // namespace claviger::policy
