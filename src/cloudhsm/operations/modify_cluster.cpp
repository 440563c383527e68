#include "src/cloudhsm/describe.hpp"
#include "src/cloudhsm/hsm_types.hpp"
#include "src/cloudhsm/operations/operations.hpp"
#include "src/cloudhsm/retention.hpp"

namespace claviger::cloudhsm {
namespace {

struct ModifyClusterRequest {
    std::string_view cluster;
    std::optional<RetentionRequest> retention;
    std::optional<std::string_view> type;
    static constexpr auto fields() {
        return std::tuple(field("ClusterId", &ModifyClusterRequest::cluster),
                          field("BackupRetentionPolicy", &ModifyClusterRequest::retention),
                          field("HsmType", &ModifyClusterRequest::type));
    }
};

struct ModifyClusterResponse {
    std::shared_ptr<const ClusterView> view;  // what `cluster` is a view of
    ClusterWire cluster;
    static constexpr auto fields() { return std::tuple(field("Cluster", &ModifyClusterResponse::cluster)); }
};

asio::awaitable<Outcome<ModifyClusterResponse>> handle_modify_cluster(Call& call,
                                                                      const ModifyClusterRequest& request) {
    const Outcome<ClusterPtr> cluster = find_cluster(call, request.cluster);
    if (!cluster || (*cluster)->record.state == store::ClusterState::deleted) {
        co_return not_found("Cluster '" + std::string(request.cluster) + "' was not found.");
    }
    if (!request.retention && !request.type) {
        co_return invalid_request("Nothing to modify: give BackupRetentionPolicy or HsmType.");
    }
    if (auto refused = request.type ? check_hsm_type(*request.type) : std::nullopt) {
        co_return *std::move(refused);
    }
    const auto days = days_of(request.retention);
    if (!days) {
        co_return days.error();
    }
    auto view = std::make_shared<ClusterView>(**cluster);
    Decide decide = [&](store::Txn& txn) -> Outcome<Done> {
        Outcome<store::CloudHsmClusterRecord> row = cluster_row(txn, (*cluster)->record.id);
        if (!row) {
            return std::move(row).error();
        }
        if (row->state == store::ClusterState::delete_in_progress) {
            return invalid_request("Cluster '" + row->id.value() + "' is being deleted.");
        }
        if (request.type && row->state != store::ClusterState::active && *request.type != row->hsm_type) {
            return invalid_request("Cluster '" + row->id.value() + "' is in state " +
                                   std::string(to_string(row->state)) +
                                   "; the HSM type of an ACTIVE cluster can be changed.");
        }
        row->retention_days = request.retention ? *days : row->retention_days;
        row->hsm_type = request.type ? std::string(*request.type) : row->hsm_type;
        view->record = *row;
        return put(txn, *std::move(row));
    };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    ModifyClusterResponse response{view, describe(*view)};
    co_return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> modify_cluster(Call& call) {
    return run(call, handle_modify_cluster);
}

}  // namespace claviger::cloudhsm
