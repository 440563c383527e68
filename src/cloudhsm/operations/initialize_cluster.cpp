#include <claviger/cluster/certificates.hpp>

#include "src/cloudhsm/describe.hpp"
#include "src/cloudhsm/operations/operations.hpp"

namespace claviger::cloudhsm {
namespace {

constexpr std::string_view kInitializing =
    "Cluster is initializing. State will change to INITIALIZED upon completion.";

struct InitializeRequest {
    std::string_view cluster;
    std::string_view certificate;
    std::string_view anchor;

    static constexpr auto fields() {
        return std::tuple(field("ClusterId", &InitializeRequest::cluster),
                          field("SignedCert", &InitializeRequest::certificate),
                          field("TrustAnchor", &InitializeRequest::anchor));
    }
};

struct InitializeResponse {
    std::string_view state;
    std::string_view message;
    static constexpr auto fields() {
        return std::tuple(field("State", &InitializeResponse::state),
                          field("StateMessage", &InitializeResponse::message));
    }
};

std::optional<Failure> check_uninitialized(const ClusterView& cluster) {
    const std::string& id = cluster.record.id.value();
    if (cluster.record.state != store::ClusterState::uninitialized) {
        return invalid_request("Cluster '" + id + "' is in state " +
                               std::string(to_string(cluster.record.state)) +
                               "; only an UNINITIALIZED cluster can be initialized.");
    }
    if (cluster.active_hsms() == 0 || cluster.record.csr_pem.empty()) {
        return invalid_request("Cluster '" + id +
                               "' has no certificate signing request yet: create its first HSM and wait "
                               "until it is ACTIVE.");
    }
    return std::nullopt;
}

asio::awaitable<Outcome<InitializeResponse>> handle_initialize_cluster(Call& call,
                                                                       const InitializeRequest& request) {
    const Outcome<ClusterPtr> cluster = find_cluster(call, request.cluster);
    if (!cluster) {
        co_return cluster.error();
    }
    if (auto refused = check_uninitialized(**cluster)) {
        co_return *std::move(refused);
    }
    const WallTime now = call.manager.parts().clock.wall();
    for (const Status<>& good : {cluster::check_trust_anchor(request.anchor, now),
                                 cluster::check_cluster_certificate(request.certificate, request.anchor,
                                                                    (*cluster)->record.csr_pem, now)}) {
        if (!good) {
            co_return invalid_request(good.error().detail);
        }
    }
    const ClusterId id = (*cluster)->record.id;
    InitializeResponse response{to_string(store::ClusterState::initialize_in_progress), kInitializing};
    append_for_audit(call.audit.response_elements, response);
    Decide decide = [&](store::Txn& txn) -> Outcome<Done> {
        if (Outcome<Done> claimed = claim_cluster(txn, **cluster); !claimed) {
            return claimed;
        }
        Outcome<store::CloudHsmClusterRecord> row = cluster_row(txn, id);
        auto facts = txn.cluster(id);
        if (!row || !facts || !*facts) {
            return row ? internal("the cluster's keys have no row") : std::move(row).error();
        }
        row->state = store::ClusterState::initialize_in_progress;
        row->state_message = kInitializing;
        store::ClusterRecord certified = **std::move(facts);
        certified.certificate_pem = request.certificate;
        certified.trust_anchor_pem = request.anchor;
        const Outcome<Done> kept = put(txn, std::move(certified));
        return kept ? put(txn, *std::move(row)) : kept;
    };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    call.manager.take_up(id);
    co_return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> initialize_cluster(Call& call) {
    return run(call, handle_initialize_cluster);
}

}  // namespace claviger::cloudhsm
