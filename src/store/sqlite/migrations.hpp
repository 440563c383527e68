// The schema as numbered steps; PRAGMA user_version says how many a file has.
#pragma once

#include <span>
#include <string_view>

#include <claviger/base/result.hpp>

#include "src/store/sqlite/handles.hpp"

namespace claviger::store::sqlite {

std::span<const std::string_view> migrations() noexcept;

// Brings the file to our version, one transaction a step. bad_config if it is of a newer one.
Status<> migrate(Database& database);

// integrity unless the file's schema is exactly what the migrations make: no trigger, view or index of a
// stranger.
Status<> check_schema(Database& database);

}  // namespace claviger::store::sqlite
