#include "src/kms/commit.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

asio::awaitable<Outcome<Empty>> handle_enable_key(Call& call, const NoMembers&) {
    Decide decide = [&](store::Txn& txn) -> Outcome<Done> {
        Outcome<store::KeyRecord> row = current_row(call, txn, call.key(), States::switchable);
        if (!row) {
            return std::move(row).error();
        }
        if (row->state == store::KeyState::enabled) {
            return done;  // the same call again succeeds
        }
        row->state = store::KeyState::enabled;
        return put(call, txn, *std::move(row));
    };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    co_return Empty{};
}

}  // namespace

asio::awaitable<Outcome<std::string>> enable_key(Call& call) {
    return run(call, handle_enable_key);
}

}  // namespace claviger::kms
