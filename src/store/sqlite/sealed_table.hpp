// One table of sealed rows: every read verifies, every write seals and keeps the table's row set.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/store/schema.hpp"
#include "src/store/set_digest.hpp"
#include "src/store/sqlite/handles.hpp"

namespace claviger::store::sqlite {

// The texts of a table's statements; from the schema, so that no column can be forgotten.
struct TableSql {
    std::string find, write, erase, scan;
};
TableSql make_table_sql(std::string_view table, std::span<const std::string_view> columns,
                        std::size_t key_columns);

// A row as read, before its cells become a record. Views the statement's current row.
struct RawRow {
    std::vector<Cell> cells;
    std::uint64_t version = 0;
    ByteView seal;
};
RawRow raw_row(const Statement& statement, std::size_t columns);
Error refused_row(std::string_view table, std::span<const Cell> key);

template <class Record>
class SealedTable {
    using Traits = Table<Record>;

public:
    static Result<SealedTable> prepare(Database& database, const Sealer& sealer) {
        std::vector<std::string_view> names;
        std::apply([&](const auto&... column) { (names.push_back(column.name), ...); }, Traits::columns);
        const TableSql sql = make_table_sql(Traits::name, names, Traits::key_columns);
        Result<Statement> find = database.prepare(sql.find);
        if (!find) {
            return find.error();
        }
        Result<Statement> write = database.prepare(sql.write);
        if (!write) {
            return write.error();
        }
        Result<Statement> erase = database.prepare(sql.erase);
        if (!erase) {
            return erase.error();
        }
        Result<Statement> scan = database.prepare(sql.scan);
        if (!scan) {
            return scan.error();
        }
        return SealedTable(sealer, std::move(*find), std::move(*write), std::move(*erase), std::move(*scan));
    }

    // integrity if the row's seal does not verify.
    Result<std::optional<Record>> find(std::span<const Cell> key) {
        const StatementUse use(find_);
        Result<std::optional<RawRow>> row = find_raw(key);
        if (!row) {
            return row.error();
        }
        if (!*row) {
            return std::optional<Record>();
        }
        return verified(**row).transform([](Record record) { return std::optional(std::move(record)); });
    }

    // Raises the record's version. conflict if the stored version (0: no row) is another; internal for a
    // record that find() would refuse: a list or a text in it is out of limits, which callers know.
    Status<> write(Record& record, RowSet& set) {
        CellStorage storage;
        std::vector<Cell> cells = cells_of(record, storage);
        if (!record_of<Record>(cells)) {
            return Error(Errc::internal, "a record of " + std::string(Traits::name) + " is out of limits");
        }
        const std::span<const Cell> key = std::span<const Cell>(cells).first(Traits::key_columns);
        std::optional<Bytes> old_seal;
        {
            const StatementUse use(find_);
            Result<std::optional<RawRow>> row = find_raw(key);
            if (!row) {
                return row.error();
            }
            if (*row) {
                const Result<Record> stored = verified(**row);
                if (!stored) {
                    return stored.error();
                }
                old_seal = to_bytes((*row)->seal);
            }
            const std::uint64_t version = *row ? (*row)->version : 0;
            if (version != record.version) {
                return Error(Errc::conflict, std::string(Traits::name) + " row " + describe_cells(key) +
                                                 " is of version " + std::to_string(version) + ", not " +
                                                 std::to_string(record.version));
            }
        }
        const std::uint64_t version = record.version + 1;
        const Sha256Digest seal = sealer_->row(Traits::name, sealed_cells<Record>(cells), version);
        cells.push_back(Cell::of(static_cast<std::int64_t>(version)));
        cells.push_back(Cell::of_blob(seal));
        const Status<> written = write_.run(cells);
        if (!written) {
            return written;
        }
        const std::span<const Cell> moved_key = std::span<const Cell>(cells).first(Traits::key_columns);
        if (old_seal) {
            sealer_->remove(set, Traits::name, moved_key, *old_seal);
        }
        sealer_->add(set, Traits::name, moved_key, seal);
        record.version = version;
        return done;
    }

    // not_found if there is no such row.
    Status<> erase(std::span<const Cell> key, RowSet& set) {
        Bytes seal;
        {
            const StatementUse use(find_);
            Result<std::optional<RawRow>> row = find_raw(key);
            if (!row) {
                return row.error();
            }
            if (!*row) {
                return Error(Errc::not_found, std::string(Traits::name) + " row " + describe_cells(key));
            }
            const Result<Record> stored = verified(**row);
            if (!stored) {
                return stored.error();
            }
            seal = to_bytes((*row)->seal);
        }
        const Status<> erased = erase_.run(key);
        if (!erased) {
            return erased;
        }
        sealer_->remove(set, Traits::name, key, seal);
        return done;
    }

    // Every row in primary-key order: good ones to `good`, a sentence per bad one to `bad`. The set counts
    // both.
    Status<> scan(RowSet& set, const std::function<void(Record)>& good,
                  const std::function<void(std::string)>& bad) {
        const StatementUse use(scan_);
        while (true) {
            const Result<Step> stepped = scan_.step();
            if (!stepped) {
                return stepped.error();
            }
            if (*stepped == Step::done) {
                return done;
            }
            const RawRow row = raw_row(scan_, kColumnCount<Record>);
            const auto key = std::span<const Cell>(row.cells).first(Traits::key_columns);
            sealer_->add(set, Traits::name, key, row.seal);
            Result<Record> record = verified(row);
            if (record) {
                good(std::move(*record));
            } else {
                bad(record.error().detail);
            }
        }
    }

private:
    SealedTable(const Sealer& sealer, Statement find, Statement write, Statement erase, Statement scan)
        : sealer_(&sealer),
          find_(std::move(find)),
          write_(std::move(write)),
          erase_(std::move(erase)),
          scan_(std::move(scan)) {}

    Result<std::optional<RawRow>> find_raw(std::span<const Cell> key) {
        const Status<> bound = find_.bind(key);
        if (!bound) {
            return bound.error();
        }
        const Result<Step> stepped = find_.step();
        if (!stepped) {
            return stepped.error();
        }
        if (*stepped == Step::done) {
            return std::optional<RawRow>();
        }
        return std::optional(raw_row(find_, kColumnCount<Record>));
    }

    Result<Record> verified(const RawRow& row) const {
        const auto key = std::span<const Cell>(row.cells).first(Traits::key_columns);
        if (!equal_constant_time(sealer_->row(Traits::name, sealed_cells<Record>(row.cells), row.version),
                                 row.seal)) {
            return refused_row(Traits::name, key);
        }
        std::optional<Record> record = record_of<Record>(row.cells);
        if (!record) {
            return refused_row(Traits::name, key);
        }
        record->version = row.version;
        return std::move(*record);
    }

    const Sealer* sealer_;
    Statement find_;
    Statement write_;
    Statement erase_;
    Statement scan_;
};

}  // namespace claviger::store::sqlite
