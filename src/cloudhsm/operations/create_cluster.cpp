#include <algorithm>

#include "src/cloudhsm/describe.hpp"
#include "src/cloudhsm/hsm_types.hpp"
#include "src/cloudhsm/ids.hpp"
#include "src/cloudhsm/operations/operations.hpp"
#include "src/cloudhsm/retention.hpp"
#include "src/cloudhsm/tags.hpp"

namespace claviger::cloudhsm {
namespace {

constexpr std::string_view kVpc = "vpc-00000001";  // the one network there is

struct CreateClusterRequest {
    std::string_view type;
    std::vector<std::string_view> subnets;
    std::optional<RetentionRequest> retention;
    std::optional<std::string_view> source_backup;
    std::string_view network_type = "IPV4";
    std::optional<std::string_view> mode;
    std::vector<TagWire> tags;

    static constexpr auto fields() {
        return std::tuple(
            field("HsmType", &CreateClusterRequest::type), field("SubnetIds", &CreateClusterRequest::subnets),
            field("BackupRetentionPolicy", &CreateClusterRequest::retention),
            field("SourceBackupId", &CreateClusterRequest::source_backup),
            field("NetworkType", &CreateClusterRequest::network_type),
            field("Mode", &CreateClusterRequest::mode), field("TagList", &CreateClusterRequest::tags));
    }
};

struct CreateClusterResponse {
    std::shared_ptr<const ClusterView> view;  // what `cluster` is a view of
    ClusterWire cluster;
    static constexpr auto fields() { return std::tuple(field("Cluster", &CreateClusterResponse::cluster)); }
};

// Each subnet is one we know, and no two are in one zone.
Outcome<std::vector<store::Tag>> map_subnets(const Call& call, const std::vector<std::string_view>& given) {
    std::vector<store::Tag> mapping;
    for (const std::string_view id : given) {
        const auto& known = call.manager.options().subnets;
        const auto subnet = std::ranges::find(known, id, &Subnet::id);
        const bool elsewhere =
            subnet != known.end() && subnet->zone.substr(0, subnet->zone.size() - 1) != call.http.region;
        if (subnet == known.end() || elsewhere) {
            return invalid_request("Subnet '" + std::string(id) + "' does not exist.");
        }
        if (std::ranges::find(mapping, subnet->zone, &store::Tag::key) != mapping.end()) {
            return invalid_request("At most one subnet per Availability Zone can be given; two are in " +
                                   subnet->zone + ".");
        }
        mapping.push_back({subnet->zone, subnet->id});
    }
    return mapping;
}

// Whose file is the one that was made. A backup of another account is one that nobody shared.
asio::awaitable<Outcome<BackupPtr>> source_of(Call& call, std::string_view given) {
    const std::string_view id = given.substr(given.rfind('/') + 1);
    const Outcome<BackupPtr> backup = find_backup(call, id);
    if (!backup || (id != given && given != arn_of(call.account(), call.http.region, id))) {
        co_return not_found("Backup '" + std::string(given) + "' was not found.");
    }
    if (const Outcome<Done> ready = must_be(**backup, store::BackupState::ready); !ready) {
        co_return ready.error();
    }
    const Status<> good = co_await call.manager.check_backup(**backup);
    if (!good) {
        Failure refused = invalid_request("Backup '" + std::string(id) + "' is damaged and cannot be used.");
        refused.detail = good.error().describe();
        co_return refused;
    }
    co_return *backup;
}

asio::awaitable<Outcome<CreateClusterResponse>> handle_create_cluster(Call& call,
                                                                      const CreateClusterRequest& request) {
    if (auto refused = check_hsm_type(request.type)) {
        co_return *std::move(refused);
    }
    auto subnets = map_subnets(call, request.subnets);
    const auto days = days_of(request.retention);
    if (!subnets || !days) {
        co_return !subnets ? std::move(subnets).error() : days.error();
    }
    BackupPtr source;
    if (request.source_backup) {
        Outcome<BackupPtr> found = co_await source_of(call, *request.source_backup);
        if (!found) {
            co_return std::move(found).error();
        }
        source = *std::move(found);
    }
    const std::string mode(request.mode ? *request.mode : source ? std::string_view(source->mode) : "FIPS");
    if (source && mode != source->mode) {
        co_return invalid_request("The backup is of a cluster in mode " + source->mode + ".");
    }
    if (request.type == kFipsOnlyType && mode == "NON_FIPS") {
        co_return invalid_request("The HSM type hsm1.medium supports the mode FIPS only.");
    }
    if (auto refused = check_tags(request.tags)) {
        co_return *std::move(refused);
    }
    const ManagerParts& parts = call.manager.parts();
    auto view = std::make_shared<ClusterView>();
    store::CloudHsmClusterRecord& record = view->record;
    record.id = ClusterId(new_id("cluster-", parts.random));
    record.account = call.account();
    record.region = call.http.region;
    record.hsm_type = request.type;
    record.mode = mode;
    record.network_type = request.network_type;
    record.retention_days = *days;
    record.subnets = *std::move(subnets);
    record.vpc = kVpc;
    record.source_backup = source ? source->id.value() : std::string();
    record.security_group = new_network_id("sg-", parts.random);
    record.tags = records_of(request.tags);
    record.created = parts.life.now();
    CreateClusterResponse response{view, describe(*view)};
    append_for_audit(call.audit.response_elements, response);
    Decide decide = [&](store::Txn& txn) { return put(txn, record); };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    call.manager.take_up(record.id);
    co_return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> create_cluster(Call& call) {
    return run(call, handle_create_cluster);
}

}  // namespace claviger::cloudhsm
