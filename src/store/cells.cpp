#include "src/store/cells.hpp"

#include <string>

#include <claviger/base/encoding.hpp>
#include <claviger/base/wire.hpp>

namespace claviger::store {

void encode_cells(Bytes& to, std::span<const Cell> cells) {
    WireWriter writer(to);
    writer.number(static_cast<std::uint32_t>(cells.size()));
    for (const Cell& cell : cells) {
        writer.number(static_cast<std::uint8_t>(cell.type));
        switch (cell.type) {
            case CellType::null: break;
            case CellType::integer: writer.number(static_cast<std::uint64_t>(cell.integer)); break;
            case CellType::text:
            case CellType::blob: writer.bytes(cell.bytes); break;
        }
    }
}

std::string describe_cells(std::span<const Cell> cells) {
    std::string text = "(";
    for (const Cell& cell : cells) {
        if (text.size() > 1) {
            text += ", ";
        }
        switch (cell.type) {
            case CellType::null: text += "null"; break;
            case CellType::integer: text += std::to_string(cell.integer); break;
            case CellType::text:
                text += as_text(cell.bytes.first(std::min<std::size_t>(cell.bytes.size(), 256)));
                break;
            case CellType::blob:
                text += to_hex(cell.bytes.first(std::min<std::size_t>(cell.bytes.size(), 32)));
                break;
        }
    }
    return text + ")";
}

}  // namespace claviger::store
