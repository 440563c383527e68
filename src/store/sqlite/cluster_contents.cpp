// Every row that a backup of a cluster holds.
#include <array>

#include "src/store/sqlite/transaction.hpp"

namespace claviger::store::sqlite {
namespace {

using PrimaryKey = std::vector<std::string>;

// What the statement lists: primary keys, all of whose columns are texts.
Result<std::vector<PrimaryKey>> list_keys(Statement& statement, const Cell& of, int columns) {
    const StatementUse use(statement);
    if (const Status<> bound = statement.bind(std::array{of}); !bound) {
        return bound.error();
    }
    std::vector<PrimaryKey> keys;
    for (;;) {
        const Result<Step> stepped = statement.step();
        if (!stepped) {
            return stepped.error();
        }
        if (*stepped == Step::done) {
            return keys;
        }
        PrimaryKey& key = keys.emplace_back();
        for (int i = 0; i < columns; ++i) {
            key.emplace_back(as_text(statement.cell(i).bytes));
        }
    }
}

std::vector<Cell> cells_of_key(const PrimaryKey& key) {
    std::vector<Cell> cells;
    for (const std::string& text : key) {
        cells.push_back(Cell::of_text(text));
    }
    return cells;
}

template <class Record>
Status<> add_row(SealedTable<Record>& table, std::span<const Cell> key, std::vector<Record>& to) {
    Result<std::optional<Record>> row = table.find(key);
    if (!row) {
        return std::move(row).error();
    }
    if (*row) {
        to.push_back(**std::move(row));
    }
    return done;
}

template <class Record>
Status<> add_listed(SealedTable<Record>& table, Statement& list, const Cell& of, std::vector<Record>& to) {
    const Result<std::vector<PrimaryKey>> keys =
        list_keys(list, of, static_cast<int>(Table<Record>::key_columns));
    if (!keys) {
        return keys.error();
    }
    Status<> added = done;
    for (const PrimaryKey& key : *keys) {
        added = added ? add_row(table, cells_of_key(key), to) : added;
    }
    return added;
}

template <class Record>
Status<> append(Result<std::vector<Record>> rows, std::vector<Record>& to) {
    if (!rows) {
        return std::move(rows).error();
    }
    to.insert(to.end(), rows->begin(), rows->end());
    return done;
}

}  // namespace

Status<> SqliteTxn::add_rows_of(const KeyRecord& key, Contents& contents) {
    const std::array cells{Cell::of_text(key.account.value()), Cell::of_text(key.region),
                           Cell::of_text(key.id.value())};
    Status<> added = append(rows_of_key(tables_.materials, tables_.material_ids, cells), contents.materials);
    added = added ? append(rows_of_key(tables_.grants, tables_.grant_ids, cells), contents.grants) : added;
    added =
        added ? append(rows_of_key(tables_.rotations, tables_.rotation_materials, cells), contents.rotations)
              : added;
    added = added ? add_row(tables_.rotation_schedules, cells, contents.rotation_schedules) : added;
    const Result<std::vector<std::string>> aliases = names_of_key(tables_.alias_names, cells);
    if (!added || !aliases) {
        return added ? aliases.error() : added;
    }
    for (const std::string& name : *aliases) {
        const std::array alias{cells[0], cells[1], Cell::of_text(name)};
        added = added ? add_row(tables_.aliases, alias, contents.aliases) : added;
    }
    return added;
}

Result<Contents> SqliteTxn::contents_of(const ClusterId& id) {
    Contents contents;
    const Cell cell = Cell::of_text(id.value());
    const std::array key{cell};
    Status<> read = add_row(tables_.cloudhsm_clusters, key, contents.cloudhsm_clusters);
    read = read ? add_row(tables_.clusters, key, contents.clusters) : read;
    read = read ? add_listed(tables_.cluster_users, tables_.users_in_cluster, cell, contents.cluster_users)
                : read;
    read = read ? add_listed(tables_.key_stores, tables_.key_stores_in_cluster, cell, contents.key_stores)
                : read;
    read = read ? add_listed(tables_.keys, tables_.keys_in_cluster, cell, contents.keys) : read;
    for (std::size_t i = 0; read && i < contents.keys.size(); ++i) {
        read = add_rows_of(contents.keys[i], contents);
    }
    read = noted(std::move(read));
    if (!read) {
        return std::move(read).error();
    }
    return contents;
}

}  // namespace claviger::store::sqlite
