#include "src/store/sqlite/sealed_table.hpp"

namespace claviger::store::sqlite {
namespace {

std::string join(std::span<const std::string_view> parts, std::string_view separator) {
    std::string text;
    for (const std::string_view part : parts) {
        if (!text.empty()) {
            text += separator;
        }
        text += part;
    }
    return text;
}

}  // namespace

TableSql make_table_sql(std::string_view table, std::span<const std::string_view> columns,
                        std::size_t key_columns) {
    const std::string name(table);
    std::string parameters;
    for (std::size_t i = 1; i <= columns.size() + 2; ++i) {
        parameters += (i == 1 ? "?" : ", ?") + std::to_string(i);
    }
    std::string where;
    for (std::size_t i = 0; i < key_columns; ++i) {
        where += (i == 0 ? "" : " AND ") + std::string(columns[i]) + " = ?" + std::to_string(i + 1);
    }
    const std::string all = join(columns, ", ") + ", version, seal";
    return {
        .find = "SELECT " + all + " FROM " + name + " WHERE " + where,
        .write = "REPLACE INTO " + name + " (" + all + ") VALUES (" + parameters + ")",
        .erase = "DELETE FROM " + name + " WHERE " + where,
        .scan = "SELECT " + all + " FROM " + name + " ORDER BY " + join(columns.first(key_columns), ", "),
    };
}

RawRow raw_row(const Statement& statement, std::size_t columns) {
    RawRow row;
    row.cells.reserve(columns);
    for (std::size_t i = 0; i < columns; ++i) {
        row.cells.push_back(statement.cell(static_cast<int>(i)));
    }
    row.version = static_cast<std::uint64_t>(statement.cell(static_cast<int>(columns)).integer);
    row.seal = statement.cell(static_cast<int>(columns) + 1).bytes;
    return row;
}

Error refused_row(std::string_view table, std::span<const Cell> key) {
    return {Errc::integrity, "row " + describe_cells(key) + " of table " + std::string(table) +
                                 " was not written by this service: its seal does not verify"};
}

}  // namespace claviger::store::sqlite
