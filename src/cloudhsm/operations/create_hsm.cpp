#include <algorithm>
#include <set>

#include "src/cloudhsm/describe.hpp"
#include "src/cloudhsm/ids.hpp"
#include "src/cloudhsm/operations/operations.hpp"

namespace claviger::cloudhsm {
namespace {

constexpr std::size_t kMaxHsms = 28;  // of one cluster, as in AWS
constexpr int kFirstAddress = 10;     // .1 to .9 of a subnet are somebody else's
constexpr int kLastAddress = 254;

struct CreateHsmRequest {
    std::string_view cluster;
    std::string_view zone;
    std::optional<std::string_view> ip;

    static constexpr auto fields() {
        return std::tuple(field("ClusterId", &CreateHsmRequest::cluster),
                          field("AvailabilityZone", &CreateHsmRequest::zone),
                          field("IpAddress", &CreateHsmRequest::ip));
    }
};

struct CreateHsmResponse {
    std::shared_ptr<const store::CloudHsmRecord> record;  // what `hsm` is a view of
    ClusterPtr cluster;
    HsmWire hsm;
    static constexpr auto fields() { return std::tuple(field("Hsm", &CreateHsmResponse::hsm)); }
};

// Not yet ACTIVE and without an HSM, or ACTIVE.
std::optional<Failure> check_state(const ClusterView& cluster) {
    const std::string& id = cluster.record.id.value();
    switch (cluster.record.state) {
        case store::ClusterState::active: break;
        case store::ClusterState::uninitialized:
        case store::ClusterState::initialized:
            if (cluster.hsms.empty()) {
                break;
            }
            [[fallthrough]];
        case store::ClusterState::initialize_in_progress:
            return invalid_request("Cluster '" + id +
                                   "' already contains an HSM but has not yet been fully activated");
        case store::ClusterState::create_in_progress:
        case store::ClusterState::delete_in_progress:
        case store::ClusterState::deleted:
        case store::ClusterState::degraded:
            return invalid_request("Cluster '" + id + "' is in state " +
                                   std::string(to_string(cluster.record.state)) + " and cannot take an HSM.");
    }
    if (cluster.hsms.size() >= kMaxHsms) {
        return invalid_request("Cluster '" + id + "' already has " + std::to_string(kMaxHsms) + " HSMs.");
    }
    return std::nullopt;
}

// What every HSM of every cluster has taken: places, the tokens behind them, addresses.
struct Taken {
    std::set<std::string> places;
    std::set<std::string> serials;
    std::set<std::string> addresses;
};
Taken taken(const Call& call) {
    Taken all;
    for (const ClusterPtr& cluster : call.manager.parts().inventory.clusters()) {
        for (const Hsm& hsm : cluster->hsms) {
            all.places.insert(hsm.record.place);
            all.serials.insert(hsm.serial);
            all.addresses.insert(hsm.record.ip);
        }
    }
    return all;
}

Outcome<std::string> address_for(const Subnet& subnet, const Taken& used,
                                 std::optional<std::string_view> wanted) {
    if (wanted) {
        const std::string address(*wanted);
        if (!address.starts_with(subnet.network)) {
            return invalid_request("The IP address " + address + " is not one of subnet " + subnet.id + ".");
        }
        if (used.addresses.contains(address)) {
            return invalid_request("The IP address " + address + " is in use.");
        }
        return address;
    }
    for (int last = kFirstAddress; last <= kLastAddress; ++last) {
        std::string address = subnet.network + std::to_string(last);
        if (!used.addresses.contains(address)) {
            return address;
        }
    }
    return invalid_request("Subnet " + subnet.id + " has no free IP address.");
}

// `hsm` was planned on a view; what another request took meanwhile, for whichever cluster, only the
// transaction sees. Two clusters with one token would end with one wiping the other's.
Outcome<Done> claim_place(store::Txn& txn, const store::CloudHsmRecord& hsm) {
    const auto rows = txn.cloudhsm_hsms();
    if (!rows) {
        return internal(rows.error().describe());
    }
    const bool lost = std::ranges::any_of(*rows, [&](const store::CloudHsmRecord& other) {
        return other.ip == hsm.ip || (!hsm.place.empty() && other.place == hsm.place);
    });
    if (lost) {
        return invalid_request(
            "The HSM or its IP address was taken by another request at the same time. Try again.");
    }
    return done;
}

// The least likely come last: one that could not be made when it was taken before, and, because what was on
// it may be there still, one that was not wiped.
int doubts(const Call& call, const Place& place) {
    const bool barred = !call.manager.parts().inventory.bars(place.serial).empty();
    return (barred ? 2 : 0) + (call.manager.failed_last(place.name) ? 1 : 0);
}

// A configured HSM of the zone that no cluster has, else a soft token where the configuration allows it.
Outcome<std::string> place_for(const Call& call, std::string_view zone, const Taken& used) {
    const Place* best = nullptr;
    for (const Place& place : call.manager.options().places) {
        // An entry that was renamed names a token that has its HSM.
        const bool has_hsm = used.places.contains(place.name) ||
                             (!place.serial.empty() && used.serials.contains(place.serial));
        if (place.zone != zone || has_hsm) {
            continue;
        }
        if (best == nullptr || doubts(call, place) < doubts(call, *best)) {
            best = &place;
        }
    }
    if (best != nullptr) {
        return best->name;
    }
    if (!call.manager.options().soft_module.empty()) {
        return std::string();
    }
    return invalid_request("No HSM is free in Availability Zone " + std::string(zone) +
                           ": the configuration names the HSMs that clusters can take.");
}

Outcome<store::CloudHsmRecord> plan(const Call& call, const ClusterView& cluster,
                                    const CreateHsmRequest& request) {
    if (auto refused = check_state(cluster)) {
        return *std::move(refused);
    }
    const auto mapped = std::ranges::find(cluster.record.subnets, request.zone, &store::Tag::key);
    if (mapped == cluster.record.subnets.end()) {
        return invalid_request("Cluster '" + cluster.record.id.value() +
                               "' has no subnet in Availability Zone " + std::string(request.zone) + ".");
    }
    const auto& known = call.manager.options().subnets;
    const auto subnet = std::ranges::find(known, mapped->value, &Subnet::id);
    if (subnet == known.end()) {
        return invalid_request("Subnet '" + mapped->value + "' does not exist any more.");
    }
    const Taken used = taken(call);
    auto address = address_for(*subnet, used, request.ip);
    auto place = place_for(call, request.zone, used);
    if (!address || !place) {
        return !address ? std::move(address).error() : std::move(place).error();
    }
    const ManagerParts& parts = call.manager.parts();
    store::CloudHsmRecord hsm;
    hsm.id = HsmId(new_id("hsm-", parts.random));
    hsm.cluster = cluster.record.id;
    hsm.zone = request.zone;
    hsm.subnet = subnet->id;
    hsm.eni = new_network_id("eni-", parts.random);
    hsm.ip = *std::move(address);
    hsm.place = *std::move(place);
    hsm.created = parts.life.now();
    return hsm;
}

asio::awaitable<Outcome<CreateHsmResponse>> handle_create_hsm(Call& call, const CreateHsmRequest& request) {
    const Outcome<ClusterPtr> cluster = find_cluster(call, request.cluster);
    if (!cluster) {
        co_return cluster.error();
    }
    Outcome<store::CloudHsmRecord> planned = plan(call, **cluster, request);
    if (!planned) {
        co_return std::move(planned).error();
    }
    auto record = std::make_shared<const store::CloudHsmRecord>(*std::move(planned));
    CreateHsmResponse response{record, *cluster, describe(*record, (*cluster)->record)};
    append_for_audit(call.audit.response_elements, response);
    Decide decide = [&](store::Txn& txn) -> Outcome<Done> {
        Outcome<Done> claimed = claim_cluster(txn, **cluster);
        claimed = claimed ? claim_place(txn, *record) : claimed;
        return claimed ? put(txn, *record) : claimed;
    };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    call.manager.take_up(record->id);
    co_return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> create_hsm(Call& call) {
    return run(call, handle_create_hsm);
}

}  // namespace claviger::cloudhsm
