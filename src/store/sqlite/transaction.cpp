#include "src/store/sqlite/transaction.hpp"

namespace claviger::store::sqlite {

namespace {

// Outbox ids are the commit's sequence and a number within it, so they rise over restarts and accepted
// restores.
constexpr unsigned kOutboxBits = 20;

}  // namespace

Result<std::vector<std::string>> SqliteTxn::names_of_key(Statement& statement, std::span<const Cell> key) {
    const StatementUse use(statement);
    const Status<> bound = statement.bind(key);
    if (!bound) {
        return bound.error();
    }
    std::vector<std::string> names;
    while (true) {
        const Result<Step> stepped = statement.step();
        if (!stepped) {
            return stepped.error();
        }
        if (*stepped == Step::done) {
            return names;
        }
        names.emplace_back(as_text(statement.cell(0).bytes));
    }
}

Status<> SqliteTxn::audit(std::string record) {
    if (record.find('\n') != std::string::npos || record.find('\0') != std::string::npos) {
        return noted(Status<>(Error(Errc::internal, "an audit record must be one line")));
    }
    if (outbox_ == OutboxState::full) {
        return noted(
            Status<>(Error(Errc::io_error, "the audit files take no records and the outbox is full")));
    }
    if (batch_.outbox.size() >= (1U << kOutboxBits)) {
        return noted(Status<>(Error(Errc::overloaded, "too many audit records in one commit")));
    }
    OutboxRow row;
    row.id = (batch_.sequence << kOutboxBits) + batch_.outbox.size();
    row.sequence = batch_.sequence;
    row.record = record;
    Status<> written = noted(tables_.outbox.write(row, set_of<OutboxRow>()));
    if (written) {
        batch_.outbox.push_back({row.id, row.sequence, std::move(record)});
    }
    return written;
}

}  // namespace claviger::store::sqlite
