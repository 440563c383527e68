#include "src/kms/commit.hpp"
#include "src/kms/key_store.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

using store::ConnectionState;

// What shows at once is said at once, and the state stays; everything else ends in FAILED.
std::optional<Failure> check_connectable(const Call& call, const store::KeyStoreRecord& record) {
    const cloudhsm::ClusterPtr cluster = find_cluster(call, record.cluster);
    if (cluster == nullptr) {
        return std::nullopt;  // the job finds the same: CLUSTER_NOT_FOUND
    }
    if (auto refused = check_active(*cluster)) {
        return refused;
    }
    if (cluster->members() == 0) {
        return Failure(ErrorType::cloudhsm_cluster_invalid_configuration,
                       "CloudHSM cluster must contain at least one active HSM");
    }
    return std::nullopt;
}

// A store that is connected, or about to be, is left as it is: the same call again succeeds.
asio::awaitable<Outcome<Empty>> handle_connect_custom_key_store(Call& call, const KeyStoreRequest& request) {
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
        switch (row->state) {
            case ConnectionState::failed:
            case ConnectionState::disconnecting:
                return wrong_connection_state(*row, store::ConnectionState::disconnected);
            case ConnectionState::connecting:
            case ConnectionState::connected: return done;
            case ConnectionState::disconnected: break;
        }
        if (auto refused = check_connectable(call, *row)) {
            return *std::move(refused);
        }
        row->state = ConnectionState::connecting;
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

asio::awaitable<Outcome<std::string>> connect_custom_key_store(Call& call) {
    return run(call, handle_connect_custom_key_store);
}

}  // namespace claviger::kms
