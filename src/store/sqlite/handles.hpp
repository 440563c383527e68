// Owners of SQLite's C types: the only include of sqlite3.h.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <claviger/base/result.hpp>

#include "src/store/cells.hpp"

namespace claviger::store::sqlite {

enum class Step { row, done };

// A prepared statement; lives within its Database. After each use: reset().
class Statement {
public:
    // Parameters are ?1, ?2, … in the order of the cells, which must live until reset().
    Status<> bind(std::span<const Cell> cells);
    Result<Step> step();
    // One row expected to change nothing but the database: bind, step, reset.
    Status<> run(std::span<const Cell> cells);
    void reset() noexcept;
    Cell cell(int column) const noexcept;  // valid until the next step() or reset()

private:
    friend class Database;
    struct Finalizer {
        void operator()(sqlite3_stmt* p) const noexcept { sqlite3_finalize(p); }
    };
    explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}
    Error error(int code) const;

    std::unique_ptr<sqlite3_stmt, Finalizer> handle_;
};

// Resets on scope exit, so that no early return leaves a statement active.
class StatementUse {
public:
    explicit StatementUse(Statement& statement) : statement_(statement) {}
    ~StatementUse() { statement_.reset(); }
    StatementUse(const StatementUse&) = delete;
    StatementUse& operator=(const StatementUse&) = delete;

private:
    Statement& statement_;
};

// A connection, opened with the settings every connection of ours has. Used by one thread at a time.
class Database {
public:
    // Makes the file (mode 0600) if absent. ":memory:" is a database of its own.
    static Result<Database> open(const std::string& path);

    Status<> execute(const std::string& sql);
    Result<Statement> prepare(std::string_view sql);
    Result<std::int64_t> integer(std::string_view sql);  // the first column of the one row
    bool in_transaction() const noexcept { return sqlite3_get_autocommit(handle_.get()) == 0; }
    // Everything the schema consists of, triggers and views too.
    Result<std::vector<std::string>> schema();

private:
    struct Closer {
        void operator()(sqlite3* p) const noexcept { sqlite3_close_v2(p); }
    };
    explicit Database(sqlite3* handle) : handle_(handle) {}

    std::unique_ptr<sqlite3, Closer> handle_;
};

}  // namespace claviger::store::sqlite
