#include "src/kms/commit.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

struct DescriptionRequest {
    std::string_view description;

    static constexpr auto fields() {
        return std::tuple(field("Description", &DescriptionRequest::description));
    }
};

asio::awaitable<Outcome<Empty>> handle_update_key_description(Call& call, const DescriptionRequest& request) {
    Decide decide = [&](store::Txn& txn) -> Outcome<Done> {
        Outcome<store::KeyRecord> row = current_row(call, txn, call.key(), States::not_pending_deletion);
        if (!row) {
            return std::move(row).error();
        }
        row->description = request.description;
        return put(call, txn, *std::move(row));
    };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    co_return Empty{};
}

}  // namespace

asio::awaitable<Outcome<std::string>> update_key_description(Call& call) {
    return run(call, handle_update_key_description);
}

}  // namespace claviger::kms
