#include "src/cloudhsm/backup_file.hpp"

#include <limits>
#include <tuple>

#include <claviger/base/wire.hpp>
#include <claviger/cluster/provisioning.hpp>
#include <claviger/cluster/trust.hpp>

#include "src/store/schema.hpp"

namespace claviger::cloudhsm {
namespace {

using store::Cell;
using store::CellType;
using store::Contents;

constexpr std::string_view kMagic = "CLAVIGER-BACKUP";
constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxSignature = 1024;
constexpr std::size_t kMaxCell = 1 << 20;

// In the order of the file.
constexpr std::tuple kTables{&Contents::cloudhsm_clusters, &Contents::clusters, &Contents::cluster_users,
                             &Contents::key_stores,        &Contents::keys,     &Contents::materials,
                             &Contents::aliases,           &Contents::grants,   &Contents::rotation_schedules,
                             &Contents::rotations};

Error no_backup(std::string_view why) {
    return {Errc::integrity, "the backup is damaged or is none: " + std::string(why)};
}

void write_cell(WireWriter<Bytes>& writer, const Cell& cell) {
    writer.number(static_cast<std::uint8_t>(cell.type));
    switch (cell.type) {
        case CellType::null: break;
        case CellType::integer: writer.number(static_cast<std::uint64_t>(cell.integer)); break;
        case CellType::text:
        case CellType::blob: writer.bytes(cell.bytes); break;
    }
}

// The cell views the file. A type that is none makes the record fail to form.
Cell read_cell(WireReader& reader) {
    Cell cell;
    cell.type = static_cast<CellType>(reader.number<std::uint8_t>());
    switch (cell.type) {
        case CellType::null: break;
        case CellType::integer:
            cell.integer = static_cast<std::int64_t>(reader.number<std::uint64_t>());
            break;
        case CellType::text:
        case CellType::blob: cell.bytes = reader.bytes(kMaxCell); break;
    }
    return cell;
}

template <class Record>
void write_table(Bytes& out, const std::vector<Record>& records) {
    WireWriter writer(out);
    writer.text(store::Table<Record>::name)
        .number(static_cast<std::uint32_t>(store::kColumnCount<Record>))
        .number(static_cast<std::uint32_t>(records.size()));
    for (const Record& record : records) {
        store::CellStorage storage;
        for (const Cell& cell : store::cells_of(record, storage)) {
            write_cell(writer, cell);
        }
    }
}

// Columns that came after the file was written are texts, and empty in it (store/schema.hpp).
template <class Record>
constexpr std::size_t added_columns() {
    if constexpr (requires { store::Table<Record>::added_columns; }) {
        return store::Table<Record>::added_columns;
    }
    return 0;
}

template <class Record>
bool read_table(WireReader& reader, std::vector<Record>& records) {
    const std::string_view name = reader.text(kMaxName);
    const auto columns = reader.number<std::uint32_t>();
    const auto rows = reader.number<std::uint32_t>();
    constexpr std::size_t kAll = store::kColumnCount<Record>;
    if (name != store::Table<Record>::name || columns > kAll || columns < kAll - added_columns<Record>()) {
        return false;
    }
    for (std::uint32_t i = 0; i < rows && reader.ok(); ++i) {
        std::vector<Cell> cells(kAll, Cell::of_text({}));
        for (std::uint32_t column = 0; column < columns; ++column) {
            cells[column] = read_cell(reader);
        }
        std::optional<Record> record = reader.ok() ? store::record_of<Record>(cells) : std::nullopt;
        if (!record) {
            return false;
        }
        records.push_back(*std::move(record));
    }
    return reader.ok();
}

std::optional<BackupContents> read_contents(WireReader& reader) {
    BackupContents contents;
    if (as_text(reader.raw_bytes(kMagic.size())) != kMagic || reader.number<std::uint8_t>() != kFormat) {
        return std::nullopt;
    }
    contents.id = BackupId(std::string(reader.text(kMaxName)));
    contents.created =
        WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(reader.number<std::uint64_t>())));
    const bool read = std::apply(
        [&](const auto&... table) { return (read_table(reader, contents.rows.*table) && ...); }, kTables);
    const bool one = contents.rows.cloudhsm_clusters.size() == 1 && contents.rows.clusters.size() == 1;
    return read && one ? std::optional(std::move(contents)) : std::nullopt;
}

}  // namespace

Bytes encode_backup(BackupContents contents) {
    for (store::KeyStoreRecord& row : contents.rows.key_stores) {
        row.state = store::ConnectionState::disconnected;
        row.error_code.clear();
        row.sealed_password.clear();
    }
    Bytes out;
    WireWriter(out)
        .raw_bytes(as_bytes(kMagic))
        .number(kFormat)
        .text(contents.id.value())
        .number(static_cast<std::uint64_t>(contents.created.time_since_epoch().count()));
    std::apply([&](const auto&... table) { (write_table(out, contents.rows.*table), ...); }, kTables);
    return out;
}

Bytes sign_off(Bytes encoded, ByteView signature) {
    WireWriter(encoded).bytes(signature);
    return encoded;
}

Result<BackupContents> open_backup(ByteView file) {
    WireReader reader(file);
    std::optional<BackupContents> contents = read_contents(reader);
    if (!contents) {
        return no_backup("its form is not that of a backup");
    }
    const ByteView signed_part = file.first(file.size() - reader.remaining());
    const ByteView signature = reader.bytes(kMaxSignature);
    if (!reader.at_end()) {
        return no_backup("it does not end where it should");
    }
    const store::ClusterRecord& facts = contents->facts();
    const auto trust = cluster::ClusterTrust::make(facts.certificate_pem, facts.trust_anchor_pem);
    if (!trust) {
        return no_backup(trust.error().detail);
    }
    if (!cluster::is_backup_signature(*trust, sha256(signed_part), signature)) {
        return no_backup("its signature is not by the key of its cluster certificate");
    }
    return *std::move(contents);
}

}  // namespace claviger::cloudhsm
