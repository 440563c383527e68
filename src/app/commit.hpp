// A transaction from a thread that may block: start-up and the operator's commands. Requests never use it.
#pragma once

#include <functional>
#include <future>

#include "src/store/store.hpp"

namespace claviger::app {

// Returns when `work` is durable, or with its error or the store's.
inline Status<> commit(store::Store& store, const std::function<Status<>(store::Txn&)>& work) {
    Status<> decided = done;
    std::promise<Status<>> committed;
    store.submit(
        [&](store::Txn& txn) {
            decided = work(txn);
            return decided.has_value();
        },
        [&](Result<std::uint64_t> result) {
            committed.set_value(result ? Status<>(done) : Status<>(std::move(result).error()));
        });
    Status<> result = committed.get_future().get();
    return decided ? std::move(result) : std::move(decided);
}

}  // namespace claviger::app
