#include "src/kms/commit.hpp"
#include "src/kms/multi_region.hpp"
#include "src/kms/operations/operations.hpp"
#include "src/kms/rotation.hpp"

namespace claviger::kms {
namespace {

struct EnableRotationRequest {
    std::int64_t days = kDefaultRotationPeriod;

    static constexpr auto fields() {
        return std::tuple(field("RotationPeriodInDays", &EnableRotationRequest::days));
    }
};

// Enabling again changes the period and counts from now.
Outcome<Done> schedule(const Call& call, store::Txn& txn, std::uint32_t days) {
    Outcome<store::KeyRecord> row = current_row(call, txn, call.key(), States::rotating);
    if (!row) {
        return std::move(row).error();
    }
    store::RotationScheduleRecord next;
    next.period_days = days;
    next.next = call.parts.life.now() + std::chrono::days(days);
    Status<> written = put_schedule(txn, *row, next);
    return written ? Outcome<Done>(done) : store_failed(call, written.error());
}

asio::awaitable<Outcome<Empty>> handle_enable_key_rotation(Call& call, const EnableRotationRequest& request) {
    if (auto refused = check_rotatable(call.key())) {
        co_return *std::move(refused);
    }
    if (auto refused = check_not_replica(call.key())) {
        co_return *std::move(refused);
    }
    const auto days = static_cast<std::uint32_t>(request.days);  // 90..2560 by the model
    Decide decide = [&](store::Txn& txn) { return schedule(call, txn, days); };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    co_return Empty{};
}

}  // namespace

asio::awaitable<Outcome<std::string>> enable_key_rotation(Call& call) {
    return run(call, handle_enable_key_rotation);
}

}  // namespace claviger::kms
