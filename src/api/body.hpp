// What every JSON 1.1 service does with bodies: a request's into a validated value, an error's into text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include <claviger/base/bytes.hpp>

#include "src/model/shape.hpp"
#include "src/model/validate.hpp"

namespace claviger::api {

// Parses and validates against the structure `input`; the value lives in `arena`. nullopt: `to` holds it.
std::optional<model::Violation> read_body(const model::Service& service, model::ShapeIndex input,
                                          ByteView body, model::WipingArena& arena,
                                          std::optional<boost::json::value>& to);

// {"__type": …, "message": …}; services disagree on how the second member is spelled. An empty message is
// left out.
std::string error_body(std::string_view type, std::string_view message_member, std::string_view message);

}  // namespace claviger::api
