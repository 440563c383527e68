#include "src/kms/commit.hpp"
#include "src/kms/key_store.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

// Touches nothing in the cluster.
asio::awaitable<Outcome<Empty>> handle_delete_custom_key_store(Call& call, const KeyStoreRequest& request) {
    Outcome<KeyStorePtr> known = find_key_store(call, request.id);
    if (!known) {
        co_return std::move(known).error();
    }
    call.audit.note_key_store(**known);
    Decide decide = [&](store::Txn& txn) -> Outcome<Done> {
        Outcome<store::KeyStoreRecord> row = current_key_store(call, txn, **known);
        if (!row) {
            return std::move(row).error();
        }
        const auto keys = txn.count_keys_in(row->id);
        if (!keys) {
            return store_failed(call, keys.error());
        }
        if (*keys != 0) {
            return Failure(ErrorType::custom_key_store_has_cmks,
                           "Custom key store '" + row->id.value() + "' contains KMS keys.");
        }
        if (row->state != store::ConnectionState::disconnected) {
            return wrong_connection_state(*row, store::ConnectionState::disconnected);
        }
        if (auto erased = txn.erase_key_store(row->account, row->region, row->id); !erased) {
            return store_failed(call, erased.error());
        }
        return done;
    };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    co_return Empty{};
}

}  // namespace

asio::awaitable<Outcome<std::string>> delete_custom_key_store(Call& call) {
    return run(call, handle_delete_custom_key_store);
}

}  // namespace claviger::kms
