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
constexpr std::string_view kBackup[] = {"BackupId"};
constexpr std::string_view kCopyBackup[] = {"DestinationRegion", "BackupId", "TagList"};
constexpr std::string_view kDescribeBackups[] = {"Filters", "MaxResults", "Shared", "SortAscending"};
constexpr std::string_view kModifyBackup[] = {"BackupId", "NeverExpires"};
constexpr std::string_view kModifyCluster[] = {"ClusterId", "BackupRetentionPolicy", "HsmType"};
constexpr std::string_view kArn[] = {"ResourceArn"};
constexpr std::string_view kPolicy[] = {"ResourceArn", "Policy"};
constexpr std::string_view kUntag[] = {"ResourceId", "TagKeyList"};

// name, IAM action, member that names the resource, access, what is audited, handler. Sorted by name.
constexpr Operation kOperations[] = {
    {"CopyBackupToRegion", Action::cloudhsm_copy_backup_to_region, "BackupId", Access::write, kCopyBackup,
     copy_backup_to_region},
    {"CreateCluster", Action::cloudhsm_create_cluster, "", Access::write, kCreateCluster, create_cluster},
    {"CreateHsm", Action::cloudhsm_create_hsm, "ClusterId", Access::write, kCreateHsm, create_hsm},
    {"DeleteBackup", Action::cloudhsm_delete_backup, "BackupId", Access::write, kBackup, delete_backup},
    {"DeleteCluster", Action::cloudhsm_delete_cluster, "ClusterId", Access::write, kCluster, delete_cluster},
    {"DeleteHsm", Action::cloudhsm_delete_hsm, "ClusterId", Access::write, kDeleteHsm, delete_hsm},
    {"DeleteResourcePolicy", Action::cloudhsm_delete_resource_policy, "ResourceArn", Access::write, kArn,
     delete_resource_policy},
    {"DescribeBackups", Action::cloudhsm_describe_backups, "", Access::read, kDescribeBackups,
     describe_backups},
    {"DescribeClusters", Action::cloudhsm_describe_clusters, "", Access::read, kDescribe, describe_clusters},
    {"GetResourcePolicy", Action::cloudhsm_get_resource_policy, "ResourceArn", Access::read, kArn,
     get_resource_policy},
    {"InitializeCluster", Action::cloudhsm_initialize_cluster, "ClusterId", Access::write, kInitialize,
     initialize_cluster},
    {"ListTags", Action::cloudhsm_list_tags, "ResourceId", Access::read, kResource, list_tags},
    {"ModifyBackupAttributes", Action::cloudhsm_modify_backup_attributes, "BackupId", Access::write,
     kModifyBackup, modify_backup_attributes},
    {"ModifyCluster", Action::cloudhsm_modify_cluster, "ClusterId", Access::write, kModifyCluster,
     modify_cluster},
    {"PutResourcePolicy", Action::cloudhsm_put_resource_policy, "ResourceArn", Access::write, kPolicy,
     put_resource_policy},
    {"RestoreBackup", Action::cloudhsm_restore_backup, "BackupId", Access::write, kBackup, restore_backup},
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
