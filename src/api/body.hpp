// What every JSON 1.1 service does with the body of a request: into a validated value.
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

}  // namespace claviger::api
