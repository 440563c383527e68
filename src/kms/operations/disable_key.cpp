#include "src/kms/commit.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

asio::awaitable<Outcome<Empty>> handle_disable_key(Call& call, const NoMembers&) {
    Decide decide = [&](store::Txn& txn) -> Outcome<Done> {
        Outcome<store::KeyRecord> row = current_row(call, txn, call.key(), States::switchable);
        if (!row) {
            return std::move(row).error();
        }
        if (row->state == store::KeyState::disabled) {
            return done;  // the same call again succeeds
        }
        row->state = store::KeyState::disabled;
        return put(call, txn, *std::move(row));
    };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    co_return Empty{};
}

}  // namespace

asio::awaitable<Outcome<std::string>> disable_key(Call& call) {
    return run(call, handle_disable_key);
}

}  // namespace claviger::kms
