#include "src/kms/commit.hpp"
#include "src/kms/multi_region.hpp"
#include "src/kms/operations/operations.hpp"
#include "src/kms/state.hpp"

namespace claviger::kms {
namespace {

constexpr std::int64_t kShortest = 7;
constexpr std::int64_t kLongest = 30;

struct ScheduleRequest {
    std::int64_t days = kLongest;

    static constexpr auto fields() {
        return std::tuple(field("PendingWindowInDays", &ScheduleRequest::days));
    }
};

struct ScheduleResponse {
    std::string_view key;
    std::optional<WallTime> deletion_date;  // unless replicas must go first
    std::string_view state;
    std::int64_t days = 0;

    static constexpr auto fields() {
        return std::tuple(field("KeyId", &ScheduleResponse::key),
                          field("DeletionDate", &ScheduleResponse::deletion_date),
                          field("KeyState", &ScheduleResponse::state),
                          field("PendingWindowInDays", &ScheduleResponse::days));
    }
};

asio::awaitable<Outcome<ScheduleResponse>> handle_schedule_key_deletion(Call& call,
                                                                        const ScheduleRequest& request) {
    if (request.days < kShortest || request.days > kLongest) {
        co_return validation("PendingWindowInDays must be between 7 and 30");
    }
    ScheduleResponse response;
    response.key = call.key().arn;
    response.days = request.days;
    Decide decide = [&](store::Txn& txn) -> Outcome<Done> {
        Outcome<store::KeyRecord> row = current_row(call, txn, call.key(), States::deletable);
        if (!row) {
            return std::move(row).error();
        }
        const auto related = related_rows(txn, *row);
        if (!related) {
            return store_failed(call, related.error());
        }
        const bool has_replicas = !is_replica(*row) && related->size() > 1;
        row->state =
            has_replicas ? store::KeyState::pending_replica_deletion : store::KeyState::pending_deletion;
        if (!has_replicas) {
            row->deletion_date = call.parts.life.now() + std::chrono::days(request.days);
        }
        row->pending_window_days = static_cast<std::uint32_t>(request.days);
        response.state = to_string(row->state);
        response.deletion_date = row->deletion_date;
        append_for_audit(call.audit.response_elements, response);
        return put(call, txn, *std::move(row));
    };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    co_return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> schedule_key_deletion(Call& call) {
    return run(call, handle_schedule_key_deletion);
}

}  // namespace claviger::kms
