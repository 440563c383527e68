#include "src/kms/commit.hpp"
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
    WallTime deletion_date;
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
    response.deletion_date = call.parts.life.now() + std::chrono::days(request.days);
    response.state = to_string(store::KeyState::pending_deletion);
    response.days = request.days;
    append_for_audit(call.audit.response_elements, response);
    Decide decide = [&](store::Txn& txn) -> Outcome<Done> {
        Outcome<store::KeyRecord> row = current_row(call, txn, call.key(), States::deletable);
        if (!row) {
            return std::move(row).error();
        }
        row->state = store::KeyState::pending_deletion;
        row->deletion_date = response.deletion_date;
        row->pending_window_days = static_cast<std::uint32_t>(request.days);
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
