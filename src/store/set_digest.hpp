// What tells a put-back, removed or exchanged row from an honest one: a keyed digest of the set of rows of a
// table. See docs/decisions/0002-sealed-rows.md.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include <claviger/base/digest.hpp>
#include <claviger/base/secret.hpp>

#include "src/store/cells.hpp"

namespace claviger::store {

class SealingKey;

// The rows of one table: their number, and the XOR of one keyed element per row. The elements never leave
// memory.
struct RowSet {
    std::uint64_t count = 0;
    Sha256Digest sum{};
    friend bool operator==(const RowSet&, const RowSet&) = default;
};

// The keys that seal rows, derived once. Immutable; any thread.
class Sealer {
public:
    explicit Sealer(const SealingKey& key);

    // Seal of one row: table, all columns (primary key first) and version.
    Sha256Digest row(std::string_view table, std::span<const Cell> cells, std::uint64_t version) const;
    // Adds or takes away a row, given its primary key and the seal stored with it.
    void add(RowSet& set, std::string_view table, std::span<const Cell> key, ByteView seal) const;
    void remove(RowSet& set, std::string_view table, std::span<const Cell> key, ByteView seal) const;
    Sha256Digest table(std::string_view table, const RowSet& set) const;
    Sha256Digest state(ByteView encoded) const;

private:
    void toggle(RowSet& set, std::string_view table, std::span<const Cell> key, ByteView seal) const;

    SecretBytes row_key_;
    SecretBytes element_key_;
    SecretBytes state_key_;
};

}  // namespace claviger::store
