#include "src/kms/commit.hpp"
#include "src/kms/key_store.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

using store::ConnectionState;

asio::awaitable<Outcome<Empty>> handle_disconnect_custom_key_store(Call& call,
                                                                   const KeyStoreRequest& request) {
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
        if (row->state == ConnectionState::disconnected || row->state == ConnectionState::disconnecting) {
            return wrong_connection_state(*row, store::ConnectionState::disconnected);
        }
        row->state = ConnectionState::disconnecting;
        row->error_code.clear();
        if (auto written = txn.put(*std::move(row)); !written) {
            return store_failed(call, written.error());
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

asio::awaitable<Outcome<std::string>> disconnect_custom_key_store(Call& call) {
    return run(call, handle_disconnect_custom_key_store);
}

}  // namespace claviger::kms
