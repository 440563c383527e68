#include "src/store/schema.hpp"

#include <limits>

#include <claviger/base/wire.hpp>

namespace claviger::store {
namespace {

constexpr std::size_t kMaxItems = 1000;  // of a list in one cell
constexpr std::size_t kMaxText = 4096;

bool is_integer_up_to(const Cell& cell, std::uint64_t limit) noexcept {
    return cell.type == CellType::integer && cell.integer >= 0 &&
           static_cast<std::uint64_t>(cell.integer) <= limit;
}

template <class State>
bool from_enum_cell(const Cell& cell, State& state, State last) noexcept {
    state = static_cast<State>(cell.integer);
    return is_integer_up_to(cell, static_cast<std::uint64_t>(last));
}

}  // namespace

Cell to_cell(const std::vector<Tag>& tags, CellStorage& storage) {
    Bytes& encoded = storage.emplace_back();
    WireWriter writer(encoded);
    writer.number(static_cast<std::uint32_t>(tags.size()));
    for (const Tag& tag : tags) {
        writer.text(tag.key).text(tag.value);
    }
    return Cell::of_blob(encoded);
}

Cell to_cell(const std::vector<std::string>& texts, CellStorage& storage) {
    Bytes& encoded = storage.emplace_back();
    WireWriter writer(encoded);
    writer.number(static_cast<std::uint32_t>(texts.size()));
    for (const std::string& text : texts) {
        writer.text(text);
    }
    return Cell::of_blob(encoded);
}

bool from_cell(const Cell& cell, std::string& text) {
    text = as_text(cell.bytes);
    return cell.type == CellType::text;
}

bool from_cell(const Cell& cell, Bytes& blob) {
    blob = to_bytes(cell.bytes);
    return cell.type == CellType::blob;
}

bool from_cell(const Cell& cell, bool& flag) {
    flag = cell.integer == 1;
    return is_integer_up_to(cell, 1);
}

bool from_cell(const Cell& cell, std::uint32_t& number) {
    number = static_cast<std::uint32_t>(cell.integer);
    return is_integer_up_to(cell, std::numeric_limits<std::uint32_t>::max());
}

bool from_cell(const Cell& cell, std::uint64_t& number) {
    number = static_cast<std::uint64_t>(cell.integer);
    return is_integer_up_to(cell, std::numeric_limits<std::int64_t>::max());
}

bool from_cell(const Cell& cell, KeyState& state) {
    return from_enum_cell(cell, state, KeyState::updating);
}
bool from_cell(const Cell& cell, ClusterState& state) {
    return from_enum_cell(cell, state, ClusterState::degraded);
}
bool from_cell(const Cell& cell, HsmState& state) {
    return from_enum_cell(cell, state, HsmState::unplaced);
}

bool from_cell(const Cell& cell, BackupState& state) {
    return from_enum_cell(cell, state, BackupState::deleted);
}

bool from_cell(const Cell& cell, ConnectionState& state) {
    return from_enum_cell(cell, state, ConnectionState::disconnecting);
}

bool from_cell(const Cell& cell, RotationType& type) {
    type = static_cast<RotationType>(cell.integer);
    return is_integer_up_to(cell, static_cast<std::uint64_t>(RotationType::on_demand));
}

bool from_cell(const Cell& cell, ImportStatus& status) {
    return from_enum_cell(cell, status, ImportStatus::pending_replicas);
}

bool from_cell(const Cell& cell, WallTime& time) {
    time = WallTime(std::chrono::milliseconds(cell.integer));
    return cell.type == CellType::integer;
}

bool from_cell(const Cell& cell, std::optional<WallTime>& time) {
    time.reset();
    return cell.type == CellType::null || from_cell(cell, time.emplace());
}

bool from_cell(const Cell& cell, std::vector<Tag>& tags) {
    tags.clear();
    WireReader reader(cell.bytes);
    const auto count = reader.number<std::uint32_t>();
    if (cell.type != CellType::blob || count > kMaxItems) {
        return false;
    }
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
        std::string key(reader.text(kMaxText));
        std::string value(reader.text(kMaxText));
        tags.push_back({std::move(key), std::move(value)});
    }
    return reader.at_end();
}

bool from_cell(const Cell& cell, std::vector<std::string>& texts) {
    texts.clear();
    WireReader reader(cell.bytes);
    const auto count = reader.number<std::uint32_t>();
    if (cell.type != CellType::blob || count > kMaxItems) {
        return false;
    }
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
        texts.emplace_back(reader.text(kMaxText));
    }
    return reader.at_end();
}

}  // namespace claviger::store
