// Pagination markers: opaque to callers, and of no use in another list, account or Region.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "src/kms/operation.hpp"

namespace claviger::kms {

// `list` names the operation and its filter; `last` is the name that the page ended with.
std::string make_marker(const Call& call, std::string_view list, std::string_view last);

// The name to go on after; empty for the first page. A marker that make_marker did not make for this list,
// account and Region is InvalidMarkerException.
Outcome<std::string> read_marker(const Call& call, std::string_view list,
                                 std::optional<std::string_view> marker);

// Cuts a page out of `rows`, which holds up to limit + 1, and says what comes after.
struct PageEnd {
    bool truncated = false;
    std::optional<std::string> marker;
};
template <class Row, class NameOf>
PageEnd end_page(const Call& call, std::string_view list, std::vector<Row>& rows, std::size_t limit,
                 NameOf name_of) {
    if (rows.size() <= limit) {
        return {};
    }
    rows.resize(limit);
    return {true, make_marker(call, list, name_of(rows.back()))};
}

}  // namespace claviger::kms
