#include "src/store/sqlite/state.hpp"

#include <claviger/base/wire.hpp>

namespace claviger::store::sqlite {
namespace {

constexpr std::uint32_t kStateFormat = 1;
constexpr std::size_t kFirstTables = 10;  // of the first migration

Bytes encode(StoreKind kind, std::string_view store_id, ByteView key_id, std::uint64_t sequence,
             ByteView tables) {
    Bytes encoded;
    WireWriter(encoded)
        .number(kStateFormat)
        .number(static_cast<std::uint8_t>(kind))
        .text(store_id)
        .bytes(key_id)
        .number(sequence)
        .bytes(tables);
    return encoded;
}

Error changed() {
    return {Errc::integrity,
            "the store's state row was changed by another program: restore a backup of the store"};
}

}  // namespace

Result<StateTable> StateTable::prepare(Database& database, const Sealer& sealer, const Sha256Digest& key_id) {
    Result<Statement> read = database.prepare(
        "SELECT kind, store_id, key_id, sequence, tables, seal FROM store_state WHERE one = 1");
    if (!read) {
        return read.error();
    }
    Result<Statement> write = database.prepare(
        "REPLACE INTO store_state (one, kind, store_id, key_id, sequence, tables, seal) "
        "VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)");
    if (!write) {
        return write.error();
    }
    return StateTable(sealer, key_id, std::move(*read), std::move(*write));
}

Result<std::optional<StoredState>> StateTable::read() {
    const StatementUse use(read_);
    const Result<Step> stepped = read_.step();
    if (!stepped) {
        return stepped.error();
    }
    if (*stepped == Step::done) {
        return std::optional<StoredState>();
    }
    if (!equal_constant_time(read_.cell(2).bytes, key_id_)) {
        return Error(
            Errc::bad_config,
            "the sealing key is not the one this store was sealed with: give the store its own key file");
    }
    StoredState state;
    state.kind = static_cast<StoreKind>(read_.cell(0).integer);
    state.store_id = as_text(read_.cell(1).bytes);
    state.sequence = static_cast<std::uint64_t>(read_.cell(3).integer);
    state.tables = to_bytes(read_.cell(4).bytes);
    const Bytes encoded = encode(state.kind, state.store_id, key_id_, state.sequence, state.tables);
    if (read_.cell(0).integer != static_cast<std::uint8_t>(state.kind) ||
        !equal_constant_time(sealer_->state(encoded), read_.cell(5).bytes)) {
        return changed();
    }
    return std::optional(std::move(state));
}

Status<> StateTable::write(const State& state) {
    Bytes tables;
    WireWriter writer(tables);
    for (std::size_t i = 0; i < kTableCount; ++i) {
        if (!cached_[i] || cached_sets_[i] != state.sets[i]) {
            cached_[i] = sealer_->table(kTableNames[i], state.sets[i]);
            cached_sets_[i] = state.sets[i];
        }
        writer.number(state.sets[i].count).raw_bytes(*cached_[i]);
    }
    const Sha256Digest seal =
        sealer_->state(encode(state.kind, state.store_id, key_id_, state.sequence, tables));
    const std::array cells{Cell::of(static_cast<std::uint8_t>(state.kind)),
                           Cell::of_text(state.store_id),
                           Cell::of_blob(key_id_),
                           Cell::of(static_cast<std::int64_t>(state.sequence)),
                           Cell::of_blob(tables),
                           Cell::of_blob(seal)};
    return write_.run(cells);
}

Status<> StateTable::compare(const StoredState& stored, const RowSets& found) const {
    // The state row of a store from before a migration does not know the tables that came with it: they are
    // empty.
    WireReader reader(stored.tables);
    for (std::size_t i = 0; i < kTableCount; ++i) {
        if (reader.at_end() && i >= kFirstTables && found[i] == RowSet{}) {
            continue;
        }
        const auto count = reader.number<std::uint64_t>();
        const auto digest = reader.array<32>();
        if (count != found[i].count ||
            !equal_constant_time(digest, sealer_->table(kTableNames[i], found[i]))) {
            return Error(Errc::integrity, "rows of table " + std::string(kTableNames[i]) +
                                              " were removed, put back or exchanged by another program (" +
                                              std::to_string(found[i].count) + " rows, sealed were " +
                                              std::to_string(count) + "): restore a backup of the store");
        }
    }
    if (!reader.at_end()) {
        return changed();
    }
    return done;
}

}  // namespace claviger::store::sqlite
