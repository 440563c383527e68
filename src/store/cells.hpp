// The values of a row as the database holds them, and the one encoding that seals are made over.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <claviger/base/bytes.hpp>

namespace claviger::store {

enum class CellType : std::uint8_t {
    null = 0,
    integer = 1,
    text = 2,
    blob = 3
};  // part of the sealed encoding

// Views what it was made from.
struct Cell {
    CellType type = CellType::null;
    std::int64_t integer = 0;
    ByteView bytes;

    static Cell of(std::int64_t number) noexcept { return {CellType::integer, number, {}}; }
    static Cell of_text(std::string_view text) noexcept { return {CellType::text, 0, as_bytes(text)}; }
    static Cell of_blob(ByteView blob) noexcept { return {CellType::blob, 0, blob}; }
};

// Appends type and content of each cell; no two different rows encode alike.
void encode_cells(Bytes& to, std::span<const Cell> cells);

// For error sentences: "(111122223333, eu-central-1, alias/app)".
std::string describe_cells(std::span<const Cell> cells);

}  // namespace claviger::store
