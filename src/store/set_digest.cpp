#include "src/store/set_digest.hpp"

#include <claviger/base/wire.hpp>

#include "src/store/seal.hpp"

namespace claviger::store {
namespace {

Sha256Digest mac(const SecretBytes& key, ByteView data) {
    return hmac_sha256(key.reveal(SecretAccess()), data);
}

}  // namespace

Sealer::Sealer(const SealingKey& key)
    : row_key_(key.derive("claviger store row seal v1")),
      element_key_(key.derive("claviger store set element v1")),
      state_key_(key.derive("claviger store state seal v1")) {}

Sha256Digest Sealer::row(std::string_view table, std::span<const Cell> cells, std::uint64_t version) const {
    Bytes encoded;
    WireWriter(encoded).text(table).number(version);
    encode_cells(encoded, cells);
    return mac(row_key_, encoded);
}

void Sealer::toggle(RowSet& set, std::string_view table, std::span<const Cell> key, ByteView seal) const {
    Bytes encoded;
    WireWriter(encoded).text(table).bytes(seal);
    encode_cells(encoded, key);
    const Sha256Digest element = mac(element_key_, encoded);
    for (std::size_t i = 0; i < element.size(); ++i) {
        set.sum[i] ^= element[i];
    }
}

void Sealer::add(RowSet& set, std::string_view table, std::span<const Cell> key, ByteView seal) const {
    toggle(set, table, key, seal);
    ++set.count;
}

void Sealer::remove(RowSet& set, std::string_view table, std::span<const Cell> key, ByteView seal) const {
    toggle(set, table, key, seal);
    --set.count;
}

Sha256Digest Sealer::table(std::string_view table, const RowSet& set) const {
    Bytes encoded;
    WireWriter(encoded).text("table").text(table).number(set.count).raw_bytes(set.sum);
    return mac(state_key_, encoded);
}

Sha256Digest Sealer::state(ByteView encoded) const {
    Bytes labelled;
    WireWriter(labelled).text("state").bytes(encoded);
    return mac(state_key_, labelled);
}

}  // namespace claviger::store
