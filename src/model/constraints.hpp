// What the model demands of lengths and texts.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "src/model/shape.hpp"

namespace claviger::model {

// Length as the model counts it. `text` is UTF-8.
std::size_t code_points(std::string_view text) noexcept;

// The demands that are not met, each as AWS words it after "Member must"; none is the usual case. `text` is
// UTF-8 and belongs to a shape of type string.
std::vector<std::string> broken_lengths(const Shape& shape, std::size_t length);
std::vector<std::string> broken_rules(const Shape& shape, std::string_view text);

}  // namespace claviger::model
