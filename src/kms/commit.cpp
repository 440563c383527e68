#include "src/kms/commit.hpp"

#include <optional>

#include "src/kms/state.hpp"

namespace claviger::kms {

asio::awaitable<Outcome<Done>> commit(Call& call, Decide decide) {
    std::optional<Failure> refused;
    store::Store::Work work = [&](store::Txn& txn) {
        refused.reset();
        if (Outcome<Done> verdict = decide(txn); !verdict) {
            refused = std::move(verdict).error();
            return false;
        }
        if (auto written = txn.audit(audit_record(call, nullptr, call.parts.store.sequence())); !written) {
            refused = store_failed(call, written.error());
            return false;
        }
        return true;
    };
    Result<std::uint64_t> result = co_await submit(call.parts.store, std::move(work));
    if (refused) {
        co_return *std::move(refused);
    }
    if (!result) {
        co_return store_failed(call, result.error());
    }
    call.audit.committed = true;
    co_return done;
}

Outcome<store::KeyRecord> current_row(const Call& call, store::Txn& txn, const Key& key, States allowed) {
    auto row = txn.key(key.record.account, key.record.region, key.record.id);
    if (!row) {
        return store_failed(call, row.error());
    }
    if (!*row) {
        return not_found("Key '" + key.arn + "' does not exist");
    }
    if (auto refused = check_state(allowed, (**row).state, key.arn)) {
        return *std::move(refused);
    }
    return **std::move(row);
}

Outcome<Done> put(const Call& call, store::Txn& txn, store::KeyRecord row) {
    if (auto written = txn.put(std::move(row)); !written) {
        return store_failed(call, written.error());
    }
    return done;
}

asio::awaitable<Outcome<Empty>> edit_key(Call& call, States allowed, Edit edit) {
    Decide decide = [&](store::Txn& txn) -> Outcome<Done> {
        Outcome<store::KeyRecord> row = current_row(call, txn, call.key(), allowed);
        if (!row) {
            return std::move(row).error();
        }
        if (auto refused = edit(*row)) {
            return *std::move(refused);
        }
        return put(call, txn, *std::move(row));
    };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    co_return Empty{};
}

Failure store_failed(const Call& call, const Error& error) {
    return call.failed(error);
}

}  // namespace claviger::kms
