#include <algorithm>
#include <charconv>

#include "src/cloudhsm/describe.hpp"
#include "src/cloudhsm/ids.hpp"
#include "src/cloudhsm/operations/operations.hpp"
#include "src/cloudhsm/tags.hpp"

namespace claviger::cloudhsm {
namespace {

constexpr std::string_view kVpc = "vpc-00000001";  // the one network there is

struct Retention {
    std::string_view type;
    std::string_view value;
    static constexpr auto fields() {
        return std::tuple(field("Type", &Retention::type), field("Value", &Retention::value));
    }
};

struct CreateClusterRequest {
    std::string_view type;
    std::vector<std::string_view> subnets;
    std::optional<Retention> retention;
    std::optional<std::string_view> source_backup;
    std::string_view network_type = "IPV4";
    std::string_view mode = "FIPS";
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
        if (subnet == known.end()) {
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

Outcome<std::uint32_t> retention_of(const std::optional<Retention>& given) {
    std::uint32_t days = 90;
    if (given) {
        const auto [end, error] =
            std::from_chars(given->value.data(), given->value.data() + given->value.size(), days);
        if (error != std::errc() || end != given->value.data() + given->value.size() || days < 7 ||
            days > 379) {
            return invalid_request("The backup retention period must be between 7 and 379 days.");
        }
    }
    return days;
}

asio::awaitable<Outcome<CreateClusterResponse>> handle(Call& call, const CreateClusterRequest& request) {
    auto subnets = map_subnets(call, request.subnets);
    const auto days = retention_of(request.retention);
    if (!subnets || !days) {
        co_return !subnets ? std::move(subnets).error() : days.error();
    }
    if (request.type == "hsm1.medium" && request.mode == "NON_FIPS") {
        co_return invalid_request("The HSM type hsm1.medium supports the mode FIPS only.");
    }
    if (request.source_backup) {
        co_return not_found("Backup '" + std::string(*request.source_backup) + "' was not found.");
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
    record.mode = request.mode;
    record.network_type = request.network_type;
    record.retention_days = *days;
    record.subnets = *std::move(subnets);
    record.vpc = kVpc;
    record.security_group = new_network_id("sg-", parts.random);
    for (const TagWire& tag : request.tags) {
        record.tags.push_back({std::string(tag.key), std::string(tag.value)});
    }
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
    return run(call, handle);
}

}  // namespace claviger::cloudhsm
