#include "src/model/shape.hpp"

#include <algorithm>

namespace claviger::model {
namespace {

template <class Row>
const Row* find_by_name(std::span<const Row> rows, std::string_view name) noexcept {
    const auto found = std::ranges::lower_bound(rows, name, {}, &Row::name);
    return found != rows.end() && found->name == name ? &*found : nullptr;
}

}  // namespace

const Operation* Service::find(std::string_view operation) const noexcept {
    return find_by_name(operations, operation);
}

const Member* find_member(const Shape& structure, std::string_view name) noexcept {
    return find_by_name(structure.members, name);
}

}  // namespace claviger::model
