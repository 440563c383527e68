#include "src/kms/authorise.hpp"
#include "src/kms/commit.hpp"
#include "src/kms/multi_region.hpp"
#include "src/kms/operations/operations.hpp"
#include "src/kms/state.hpp"

namespace claviger::kms {
namespace {

struct UpdatePrimaryRequest {
    std::string_view region;

    static constexpr auto fields() {
        return std::tuple(field("PrimaryRegion", &UpdatePrimaryRequest::region));
    }
};

Failure no_replica(std::string_view arn) {
    return not_found("Key '" + std::string(arn) + "' does not exist");
}

// Permission for the key that becomes the primary key is needed too.
std::optional<Failure> check_successor(const Call& call, std::string_view region, std::string_view arn) {
    const store::KeyRecord& old = call.key().record;
    const KeyPtr found = call.parts.catalogue.key(old.account.value(), region, old.id.value());
    if (found == nullptr || region == old.region) {
        return no_replica(arn);
    }
    const store::KeyRecord& successor = found->record;
    if (auto refused = authorise(call, policy::Action::update_primary_region, successor.account, arn,
                                 successor.policy)) {
        return refused;
    }
    return check_state(States::usable, found->state_at(call.parts.life.now()), arn);
}

Outcome<Done> move_primary(const Call& call, store::Txn& txn, std::string_view region, std::string_view arn) {
    Outcome<store::KeyRecord> old = current_row(call, txn, call.key(), States::usable);
    if (!old) {
        return std::move(old).error();
    }
    if (is_replica(*old)) {
        return not_primary(call.key().arn);
    }
    const auto successor = txn.key(old->account, region, old->id);
    if (!successor) {
        return store_failed(call, successor.error());
    }
    if (!*successor) {
        return no_replica(arn);
    }
    if (auto refused = check_state(States::usable, (**successor).state, arn)) {
        return *std::move(refused);
    }
    Status<> written = change_related(txn, *old, [&](store::KeyRecord& row) {
        row.primary_region = region;
        return Status<>(done);
    });
    written = written
                  ? txn.audit(service_event_record("UpdatePrimaryRegion", **successor, arn, call.http.time,
                                                   call.parts.random, call.parts.store.sequence()))
                  : written;
    return written ? Outcome<Done>(done) : store_failed(call, written.error());
}

asio::awaitable<Outcome<Empty>> handle_update_primary_region(Call& call,
                                                             const UpdatePrimaryRequest& request) {
    const store::KeyRecord& old = call.key().record;
    if (!old.multi_region || is_replica(old)) {
        co_return not_primary(call.key().arn);
    }
    const std::string arn =
        key_arn(call.parts.catalogue.partition(), request.region, old.account.value(), old.id.value());
    if (auto refused = check_successor(call, request.region, arn)) {
        co_return *std::move(refused);
    }
    Decide decide = [&](store::Txn& txn) { return move_primary(call, txn, request.region, arn); };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    co_return Empty{};
}

}  // namespace

asio::awaitable<Outcome<std::string>> update_primary_region(Call& call) {
    return run(call, handle_update_primary_region);
}

}  // namespace claviger::kms
