// State changes: decided and recorded inside one store transaction.
#pragma once

#include <functional>
#include <optional>

#include "src/api/submit.hpp"
#include "src/kms/operation.hpp"
#include "src/store/store.hpp"

namespace claviger::kms {

// Decides on the writer thread, with rows read inside the transaction, so that two requests cannot both win.
using Decide = std::function<Outcome<Done>(store::Txn&)>;

// Runs `decide` in a transaction together with the request's audit record. A refusal by `decide` rolls back;
// a failure of the store is KMSInternalException with nothing changed.
asio::awaitable<Outcome<Done>> commit(Call& call, Decide decide);

// The row of `key` as this transaction sees it, its state checked again: it may have changed since the
// request read it.
Outcome<store::KeyRecord> current_row(const Call& call, store::Txn& txn, const Key& key, States allowed);

// Writes the row back.
Outcome<Done> put(const Call& call, store::Txn& txn, store::KeyRecord row);

// The most common change: the key's row, edited by `edit`, which says why not by returning a failure.
using Edit = std::function<std::optional<Failure>(store::KeyRecord&)>;
asio::awaitable<Outcome<Empty>> edit_key(Call& call, States allowed, Edit edit);

// Failure of a store call inside `decide`.
Failure store_failed(const Call& call, const Error& error);

}  // namespace claviger::kms
