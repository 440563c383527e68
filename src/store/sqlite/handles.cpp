#include "src/store/sqlite/handles.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace claviger::store::sqlite {
namespace {

// Which of our kinds an SQLite result is. Its codes are an open set (new ones may come), so there is a rest.
Errc kind_of(int code) noexcept {
    switch (code & 0xff) {
        case SQLITE_FULL:
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
        case SQLITE_READONLY:
        case SQLITE_NOMEM:
        case SQLITE_TOOBIG: return Errc::io_error;
        case SQLITE_BUSY:
        case SQLITE_LOCKED: return Errc::overloaded;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return Errc::integrity;
        case SQLITE_CONSTRAINT: return Errc::conflict;
        default: return Errc::internal;
    }
}

Error error_of(sqlite3* handle, int code, std::string_view what) {
    std::string detail(what);
    detail += ": ";
    detail += handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
    detail += " (SQLite " + std::to_string(code) + ")";
    return {kind_of(code), std::move(detail)};
}

}  // namespace

Error Statement::error(int code) const {
    return error_of(sqlite3_db_handle(handle_.get()), code, "statement");
}

Status<> Statement::bind(std::span<const Cell> cells) {
    int index = 1;
    for (const Cell& cell : cells) {
        int code = SQLITE_OK;
        // An empty view may have no address, which SQLite would take for NULL.
        const void* const data = cell.bytes.empty() ? static_cast<const void*>("") : cell.bytes.data();
        switch (cell.type) {
            case CellType::null: code = sqlite3_bind_null(handle_.get(), index); break;
            case CellType::integer: code = sqlite3_bind_int64(handle_.get(), index, cell.integer); break;
            case CellType::text:
                code = sqlite3_bind_text64(handle_.get(), index, static_cast<const char*>(data),
                                           cell.bytes.size(), SQLITE_STATIC, SQLITE_UTF8);
                break;
            case CellType::blob:
                code = sqlite3_bind_blob64(handle_.get(), index, data, cell.bytes.size(), SQLITE_STATIC);
                break;
        }
        if (code != SQLITE_OK) {
            return error(code);
        }
        ++index;
    }
    return done;
}

Result<Step> Statement::step() {
    const int code = sqlite3_step(handle_.get());
    if (code == SQLITE_ROW) {
        return Step::row;
    }
    if (code == SQLITE_DONE) {
        return Step::done;
    }
    return error(sqlite3_extended_errcode(sqlite3_db_handle(handle_.get())));
}

Status<> Statement::run(std::span<const Cell> cells) {
    const StatementUse use(*this);
    const Status<> bound = bind(cells);
    if (!bound) {
        return bound;
    }
    const Result<Step> stepped = step();
    if (!stepped) {
        return stepped.error();
    }
    return done;
}

void Statement::reset() noexcept {
    sqlite3_reset(handle_.get());  // repeats the error of the last step, which was reported already
    sqlite3_clear_bindings(handle_.get());
}

Cell Statement::cell(int column) const noexcept {
    switch (sqlite3_column_type(handle_.get(), column)) {
        case SQLITE_INTEGER: return Cell::of(sqlite3_column_int64(handle_.get(), column));
        case SQLITE_TEXT: {
            const auto* const text =
                reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
            return Cell::of_text(
                {text, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))});
        }
        case SQLITE_BLOB: {
            const auto* const blob =
                static_cast<const std::byte*>(sqlite3_column_blob(handle_.get(), column));
            return Cell::of_blob(
                {blob, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))});
        }
        default:
            return {};  // NULL; no column of ours is a floating-point number, and its seal would not verify
    }
}

Result<Database> Database::open(const std::string& path) {
    // SQLite makes files with the umask's mode, and gives journal and WAL the mode of the database.
    if (path != ":memory:") {
        const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0) {
            return Error(Errc::io_error, "open store " + path + ": " + std::strerror(errno));
        }
        ::close(fd);
    }
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(
        path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    Database database(raw);
    if (code != SQLITE_OK) {
        return error_of(raw, code, "open store " + path);
    }
    // Nothing that a foreign hand put into the schema may run here.
    sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
    return database;
}

Status<> Database::execute(const std::string& sql) {
    const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) {
        return error_of(handle_.get(), code, sql.substr(0, 60));
    }
    return done;
}

Result<Statement> Database::prepare(std::string_view sql) {
    sqlite3_stmt* raw = nullptr;
    const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    if (code != SQLITE_OK) {
        return error_of(handle_.get(), code, sql.substr(0, 60));
    }
    return Statement(raw);
}

Result<std::int64_t> Database::integer(std::string_view sql) {
    Result<Statement> statement = prepare(sql);
    if (!statement) {
        return statement.error();
    }
    const Result<Step> stepped = statement->step();
    if (!stepped) {
        return stepped.error();
    }
    return *stepped == Step::row ? statement->cell(0).integer : 0;
}

Result<std::vector<std::string>> Database::schema() {
    Result<Statement> statement = prepare(
        "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema "
        "ORDER BY type, name");
    if (!statement) {
        return statement.error();
    }
    std::vector<std::string> entries;
    while (true) {
        const Result<Step> stepped = statement->step();
        if (!stepped) {
            return stepped.error();
        }
        if (*stepped == Step::done) {
            return entries;
        }
        std::string entry;
        for (int i = 0; i < 4; ++i) {
            entry += as_text(statement->cell(i).bytes);
            entry += '\n';
        }
        entries.push_back(std::move(entry));
    }
}

}  // namespace claviger::store::sqlite
