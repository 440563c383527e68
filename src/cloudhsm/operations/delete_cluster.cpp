#include "src/cloudhsm/describe.hpp"
#include "src/cloudhsm/operations/operations.hpp"

namespace claviger::cloudhsm {
namespace {

struct DeleteClusterRequest {
    std::string_view cluster;
    static constexpr auto fields() { return std::tuple(field("ClusterId", &DeleteClusterRequest::cluster)); }
};

struct DeleteClusterResponse {
    std::shared_ptr<const ClusterView> view;  // what `cluster` is a view of
    ClusterWire cluster;
    static constexpr auto fields() { return std::tuple(field("Cluster", &DeleteClusterResponse::cluster)); }
};

asio::awaitable<Outcome<DeleteClusterResponse>> handle_delete_cluster(Call& call,
                                                                      const DeleteClusterRequest& request) {
    const Outcome<ClusterPtr> cluster = find_cluster(call, request.cluster);
    if (!cluster || (*cluster)->record.state == store::ClusterState::deleted) {
        co_return not_found("Cluster '" + std::string(request.cluster) + "' was not found.");
    }
    const ClusterId id = (*cluster)->record.id;
    auto view = std::make_shared<ClusterView>(**cluster);
    // An HSM whose deletion was accepted but has not ended still counts.
    if (!(*cluster)->hsms.empty()) {
        co_return invalid_request("Cluster '" + id.value() +
                                  "' contains HSMs. Delete all of its HSMs before you delete the cluster.");
    }
    Decide decide = [&](store::Txn& txn) -> Outcome<Done> {
        if (Outcome<Done> claimed = claim_cluster(txn, **cluster); !claimed) {
            return claimed;
        }
        Outcome<store::CloudHsmClusterRecord> row = cluster_row(txn, id);
        if (!row) {
            return std::move(row).error();
        }
        row->state = store::ClusterState::delete_in_progress;
        row->state_message = "The cluster is being deleted.";
        view->record = *row;
        return put(txn, *std::move(row));
    };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    call.manager.take_up(id);
    DeleteClusterResponse response{view, describe(*view)};
    co_return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> delete_cluster(Call& call) {
    return run(call, handle_delete_cluster);
}

}  // namespace claviger::cloudhsm
