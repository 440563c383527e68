#include <algorithm>

#include "src/cloudhsm/operations/operations.hpp"
#include "src/cloudhsm/state_message.hpp"

namespace claviger::cloudhsm {
namespace {

struct DeleteHsmRequest {
    std::string_view cluster;
    std::optional<std::string_view> id, eni, ip;

    static constexpr auto fields() {
        return std::tuple(field("ClusterId", &DeleteHsmRequest::cluster),
                          field("HsmId", &DeleteHsmRequest::id), field("EniId", &DeleteHsmRequest::eni),
                          field("EniIp", &DeleteHsmRequest::ip));
    }
};

struct DeleteHsmResponse {
    std::string id;
    static constexpr auto fields() { return std::tuple(field("HsmId", &DeleteHsmResponse::id)); }
};

bool is_meant(const store::CloudHsmRecord& hsm, const DeleteHsmRequest& request) {
    return (!request.id || *request.id == hsm.id.value()) && (!request.eni || *request.eni == hsm.eni) &&
           (!request.ip || *request.ip == hsm.ip);
}

asio::awaitable<Outcome<DeleteHsmResponse>> handle_delete_hsm(Call& call, const DeleteHsmRequest& request) {
    const Outcome<ClusterPtr> cluster = find_cluster(call, request.cluster);
    if (!cluster) {
        co_return cluster.error();
    }
    if (!request.id && !request.eni && !request.ip) {
        co_return invalid_request("One of HsmId, EniId and EniIp must be given.");
    }
    const auto& hsms = (*cluster)->hsms;
    const auto found =
        std::ranges::find_if(hsms, [&](const Hsm& hsm) { return is_meant(hsm.record, request); });
    if (found == hsms.end()) {
        const bool several = (request.id ? 1 : 0) + (request.eni ? 1 : 0) + (request.ip ? 1 : 0) > 1;
        co_return several ? invalid_request("HsmId, EniId and EniIp do not name the same HSM of the cluster.")
                          : not_found("The cluster has no such HSM.");
    }
    const HsmId id = found->record.id;
    DeleteHsmResponse response{id.value()};
    append_for_audit(call.audit.response_elements, response);
    Decide decide = [&](store::Txn& txn) -> Outcome<Done> {
        auto row = txn.cloudhsm_hsm(id);
        if (!row) {
            return internal(row.error().describe());
        }
        if (!*row) {
            return not_found("The cluster has no such HSM.");
        }
        switch ((*row)->state) {
            case store::HsmState::create_in_progress:
                if (waits_for_recovery(**row) || waits_for_officer(**row)) {
                    break;  // perhaps for ever
                }
                return invalid_request("HSM '" + id.value() + "' is being created.");
            case store::HsmState::delete_in_progress: return done;
            case store::HsmState::active:
            case store::HsmState::degraded:
            case store::HsmState::pin_unknown:
            case store::HsmState::pin_locked:
            case store::HsmState::unplaced: break;
        }
        (*row)->state = store::HsmState::delete_in_progress;  // the message tells of the state before
        return put(txn, **std::move(row));
    };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    call.manager.take_up(id);
    co_return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> delete_hsm(Call& call) {
    return run(call, handle_delete_hsm);
}

}  // namespace claviger::cloudhsm
