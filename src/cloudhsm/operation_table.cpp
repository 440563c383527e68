#include <algorithm>

#include "src/cloudhsm/operations/operations.hpp"

namespace claviger::cloudhsm {
namespace {

using policy::Action;

constexpr std::string_view kCreateCluster[] = {
    "HsmType", "SubnetIds", "BackupRetentionPolicy", "SourceBackupId", "NetworkType", "TagList", "Mode"};
constexpr std::string_view kCreateHsm[] = {"ClusterId", "AvailabilityZone", "IpAddress"};
constexpr std::string_view kDeleteHsm[] = {"ClusterId", "HsmId", "EniId", "EniIp"};
constexpr std::string_view kCluster[] = {"ClusterId"};
constexpr std::string_view kDescribe[] = {"Filters", "MaxResults"};
constexpr std::string_view kInitialize[] = {"ClusterId", "SignedCert", "TrustAnchor"};
constexpr std::string_view kResource[] = {"ResourceId"};
constexpr std::string_view kTag[] = {"ResourceId", "TagList"};
constexpr std::string_view kUntag[] = {"ResourceId", "TagKeyList"};

// name, IAM action, member that names the resource, access, what is audited, handler. Sorted by name.
constexpr Operation kOperations[] = {
    {"CreateCluster", Action::cloudhsm_create_cluster, "", Access::write, kCreateCluster, create_cluster},
    {"CreateHsm", Action::cloudhsm_create_hsm, "ClusterId", Access::write, kCreateHsm, create_hsm},
    {"DeleteCluster", Action::cloudhsm_delete_cluster, "ClusterId", Access::write, kCluster, delete_cluster},
    {"DeleteHsm", Action::cloudhsm_delete_hsm, "ClusterId", Access::write, kDeleteHsm, delete_hsm},
    {"DescribeClusters", Action::cloudhsm_describe_clusters, "", Access::read, kDescribe, describe_clusters},
    {"InitializeCluster", Action::cloudhsm_initialize_cluster, "ClusterId", Access::write, kInitialize,
     initialize_cluster},
    {"ListTags", Action::cloudhsm_list_tags, "ResourceId", Access::read, kResource, list_tags},
    {"TagResource", Action::cloudhsm_tag_resource, "ResourceId", Access::write, kTag, tag_resource},
    {"UntagResource", Action::cloudhsm_untag_resource, "ResourceId", Access::write, kUntag, untag_resource},
};
static_assert(std::ranges::is_sorted(kOperations, {}, &Operation::name));

}  // namespace

std::span<const Operation> operation_table() noexcept {
    return kOperations;
}

const Operation* find_operation(std::string_view name) noexcept {
    const auto found = std::ranges::lower_bound(kOperations, name, {}, &Operation::name);
    return found != std::end(kOperations) && found->name == name ? found : nullptr;
}

}  // namespace claviger::cloudhsm
