#include "src/kms/commit.hpp"
#include "src/kms/imports.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

struct CancelResponse {
    std::string_view key;

    static constexpr auto fields() { return std::tuple(field("KeyId", &CancelResponse::key)); }
};

asio::awaitable<Outcome<CancelResponse>> handle_cancel_key_deletion(Call& call, const NoMembers&) {
    const CancelResponse response{call.key().arn};
    append_for_audit(call.audit.response_elements, response);
    Decide decide = [&](store::Txn& txn) -> Outcome<Done> {
        Outcome<store::KeyRecord> row = current_row(call, txn, call.key(), States::pending_deletion);
        if (!row) {
            return std::move(row).error();
        }
        row->state = store::KeyState::disabled;
        if (row->origin == "EXTERNAL") {
            const Result<bool> complete = is_complete(txn, *row);
            if (!complete) {
                return store_failed(call, complete.error());
            }
            row->state = *complete ? row->state : store::KeyState::pending_import;
        }
        row->deletion_date.reset();
        row->pending_window_days = 0;
        return put(call, txn, *std::move(row));
    };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    co_return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> cancel_key_deletion(Call& call) {
    return run(call, handle_cancel_key_deletion);
}

}  // namespace claviger::kms
