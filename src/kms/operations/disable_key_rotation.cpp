#include "src/kms/commit.hpp"
#include "src/kms/multi_region.hpp"
#include "src/kms/operations/operations.hpp"
#include "src/kms/rotation.hpp"

namespace claviger::kms {
namespace {

Outcome<Done> unschedule(const Call& call, store::Txn& txn) {
    Outcome<store::KeyRecord> row = current_row(call, txn, call.key(), States::rotating);
    if (!row) {
        return std::move(row).error();
    }
    auto known = txn.rotation_schedule(row->account, row->region, row->id);
    if (!known) {
        return store_failed(call, known.error());
    }
    if (!*known) {
        return done;  // the same call again succeeds
    }
    Status<> erased = change_related(txn, *row, [&](store::KeyRecord& related) {
        return txn.erase_rotation_schedule(related.account, related.region, related.id);
    });
    return erased ? Outcome<Done>(done) : store_failed(call, erased.error());
}

asio::awaitable<Outcome<Empty>> handle_disable_key_rotation(Call& call, const NoMembers&) {
    if (auto refused = check_rotatable(call.key())) {
        co_return *std::move(refused);
    }
    if (auto refused = check_not_replica(call.key())) {
        co_return *std::move(refused);
    }
    Decide decide = [&](store::Txn& txn) { return unschedule(call, txn); };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    co_return Empty{};
}

}  // namespace

asio::awaitable<Outcome<std::string>> disable_key_rotation(Call& call) {
    return run(call, handle_disable_key_rotation);
}

}  // namespace claviger::kms
