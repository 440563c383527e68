// Made by tools/generate_model.py from the service model cloudhsmv2-2017-04-28; not edited by hand.
// clang-format off
#include "src/model/shape.hpp"

namespace claviger::model {
namespace {

constexpr Member kMembersOfBackup[] = {
    {"BackupArn", "backupArn", 1, Presence::optional},
    {"BackupId", "backupId", 2, Presence::required},
    {"BackupState", "backupState", 7, Presence::optional},
    {"ClusterId", "clusterId", 22, Presence::optional},
    {"CopyTimestamp", "copyTimestamp", 92, Presence::optional},
    {"CreateTimestamp", "createTimestamp", 92, Presence::optional},
    {"DeleteTimestamp", "deleteTimestamp", 92, Presence::optional},
    {"HsmType", "hsmType", 56, Presence::optional},
    {"Mode", "mode", 23, Presence::optional},
    {"NeverExpires", "neverExpires", 10, Presence::optional},
    {"SourceBackup", "sourceBackup", 2, Presence::optional},
    {"SourceCluster", "sourceCluster", 22, Presence::optional},
    {"SourceRegion", "sourceRegion", 74, Presence::optional},
    {"TagList", "tagList", 88, Presence::optional},
};
constexpr std::string_view kValuesOfBackupPolicy[] = {
    "DEFAULT",
};
constexpr Member kMembersOfBackupRetentionPolicy[] = {
    {"Type", "type", 5, Presence::optional},
    {"Value", "value", 6, Presence::optional},
};
constexpr std::string_view kValuesOfBackupRetentionType[] = {
    "DAYS",
};
constexpr std::string_view kValuesOfBackupState[] = {
    "CREATE_IN_PROGRESS",
    "READY",
    "DELETED",
    "PENDING_DELETION",
};
constexpr Member kMembersOfCertificates[] = {
    {"AwsHardwareCertificate", "awsHardwareCertificate", 11, Presence::optional},
    {"ClusterCertificate", "clusterCertificate", 11, Presence::optional},
    {"ClusterCsr", "clusterCsr", 11, Presence::optional},
    {"HsmCertificate", "hsmCertificate", 11, Presence::optional},
    {"ManufacturerHardwareCertificate", "manufacturerHardwareCertificate", 11, Presence::optional},
};
constexpr Member kMembersOfCloudHsmAccessDeniedException[] = {
    {"Message", "message", 96, Presence::optional},
};
constexpr Member kMembersOfCloudHsmInternalFailureException[] = {
    {"Message", "message", 96, Presence::optional},
};
constexpr Member kMembersOfCloudHsmInvalidRequestException[] = {
    {"Message", "message", 96, Presence::optional},
};
constexpr Member kMembersOfCloudHsmResourceLimitExceededException[] = {
    {"Message", "message", 96, Presence::optional},
};
constexpr Member kMembersOfCloudHsmResourceNotFoundException[] = {
    {"Message", "message", 96, Presence::optional},
};
constexpr Member kMembersOfCloudHsmServiceException[] = {
    {"Message", "message", 96, Presence::optional},
};
constexpr Member kMembersOfCloudHsmTagException[] = {
    {"Message", "message", 96, Presence::optional},
};
constexpr Member kMembersOfCluster[] = {
    {"BackupPolicy", "backupPolicy", 3, Presence::optional},
    {"BackupRetentionPolicy", "backupRetentionPolicy", 4, Presence::optional},
    {"Certificates", "certificates", 12, Presence::optional},
    {"ClusterId", "clusterId", 22, Presence::optional},
    {"CreateTimestamp", "createTimestamp", 92, Presence::optional},
    {"HsmType", "hsmType", 56, Presence::optional},
    {"HsmTypeRollbackExpiration", "hsmTypeRollbackExpiration", 92, Presence::optional},
    {"Hsms", "hsms", 57, Presence::optional},
    {"Mode", "mode", 23, Presence::optional},
    {"NetworkType", "networkType", 69, Presence::optional},
    {"PreCoPassword", "preCoPassword", 71, Presence::optional},
    {"SecurityGroup", "securityGroup", 79, Presence::optional},
    {"SourceBackupId", "sourceBackupId", 2, Presence::optional},
    {"State", "state", 24, Presence::optional},
    {"StateMessage", "stateMessage", 80, Presence::optional},
    {"SubnetMapping", "subnetMapping", 48, Presence::optional},
    {"TagList", "tagList", 88, Presence::optional},
    {"VpcId", "vpcId", 95, Presence::optional},
};
constexpr std::string_view kValuesOfClusterMode[] = {
    "FIPS",
    "NON_FIPS",
};
constexpr std::string_view kValuesOfClusterState[] = {
    "CREATE_IN_PROGRESS",
    "UNINITIALIZED",
    "INITIALIZE_IN_PROGRESS",
    "INITIALIZED",
    "ACTIVE",
    "UPDATE_IN_PROGRESS",
    "MODIFY_IN_PROGRESS",
    "ROLLBACK_IN_PROGRESS",
    "DELETE_IN_PROGRESS",
    "DELETED",
    "DEGRADED",
};
constexpr Member kMembersOfCopyBackupToRegionRequest[] = {
    {"BackupId", "backupId", 2, Presence::required},
    {"DestinationRegion", "destinationRegion", 74, Presence::required},
    {"TagList", "tagList", 88, Presence::optional},
};
constexpr Member kMembersOfCopyBackupToRegionResponse[] = {
    {"DestinationBackup", "destinationBackup", 45, Presence::optional},
};
constexpr Member kMembersOfCreateClusterRequest[] = {
    {"BackupRetentionPolicy", "backupRetentionPolicy", 4, Presence::optional},
    {"HsmType", "hsmType", 56, Presence::required},
    {"Mode", "mode", 23, Presence::optional},
    {"NetworkType", "networkType", 69, Presence::optional},
    {"SourceBackupId", "sourceBackupId", 1, Presence::optional},
    {"SubnetIds", "subnetIds", 84, Presence::required},
    {"TagList", "tagList", 88, Presence::optional},
};
constexpr Member kMembersOfCreateClusterResponse[] = {
    {"Cluster", "cluster", 21, Presence::optional},
};
constexpr Member kMembersOfCreateHsmRequest[] = {
    {"AvailabilityZone", "availabilityZone", 47, Presence::required},
    {"ClusterId", "clusterId", 22, Presence::required},
    {"IpAddress", "ipAddress", 60, Presence::optional},
};
constexpr Member kMembersOfCreateHsmResponse[] = {
    {"Hsm", "hsm", 53, Presence::optional},
};
constexpr Member kMembersOfDeleteBackupRequest[] = {
    {"BackupId", "backupId", 2, Presence::required},
};
constexpr Member kMembersOfDeleteBackupResponse[] = {
    {"Backup", "backup", 0, Presence::optional},
};
constexpr Member kMembersOfDeleteClusterRequest[] = {
    {"ClusterId", "clusterId", 22, Presence::required},
};
constexpr Member kMembersOfDeleteClusterResponse[] = {
    {"Cluster", "cluster", 21, Presence::optional},
};
constexpr Member kMembersOfDeleteHsmRequest[] = {
    {"ClusterId", "clusterId", 22, Presence::required},
    {"EniId", "eniId", 46, Presence::optional},
    {"EniIp", "eniIp", 60, Presence::optional},
    {"HsmId", "hsmId", 54, Presence::optional},
};
constexpr Member kMembersOfDeleteHsmResponse[] = {
    {"HsmId", "hsmId", 54, Presence::optional},
};
constexpr Member kMembersOfDeleteResourcePolicyRequest[] = {
    {"ResourceArn", "resourceArn", 14, Presence::optional},
};
constexpr Member kMembersOfDeleteResourcePolicyResponse[] = {
    {"Policy", "policy", 76, Presence::optional},
    {"ResourceArn", "resourceArn", 14, Presence::optional},
};
constexpr Member kMembersOfDescribeBackupsRequest[] = {
    {"Filters", "filters", 50, Presence::optional},
    {"MaxResults", "maxResults", 9, Presence::optional},
    {"NextToken", "nextToken", 70, Presence::optional},
    {"Shared", "shared", 10, Presence::optional},
    {"SortAscending", "sortAscending", 10, Presence::optional},
};
constexpr Member kMembersOfDescribeBackupsResponse[] = {
    {"Backups", "backups", 8, Presence::optional},
    {"NextToken", "nextToken", 70, Presence::optional},
};
constexpr Member kMembersOfDescribeClustersRequest[] = {
    {"Filters", "filters", 50, Presence::optional},
    {"MaxResults", "maxResults", 26, Presence::optional},
    {"NextToken", "nextToken", 70, Presence::optional},
};
constexpr Member kMembersOfDescribeClustersResponse[] = {
    {"Clusters", "clusters", 25, Presence::optional},
    {"NextToken", "nextToken", 70, Presence::optional},
};
constexpr Member kMembersOfDestinationBackup[] = {
    {"CreateTimestamp", "createTimestamp", 92, Presence::optional},
    {"SourceBackup", "sourceBackup", 2, Presence::optional},
    {"SourceCluster", "sourceCluster", 22, Presence::optional},
    {"SourceRegion", "sourceRegion", 74, Presence::optional},
};
constexpr Member kMembersOfGetResourcePolicyRequest[] = {
    {"ResourceArn", "resourceArn", 14, Presence::optional},
};
constexpr Member kMembersOfGetResourcePolicyResponse[] = {
    {"Policy", "policy", 76, Presence::optional},
};
constexpr Member kMembersOfHsm[] = {
    {"AvailabilityZone", "availabilityZone", 47, Presence::optional},
    {"ClusterId", "clusterId", 22, Presence::optional},
    {"EniId", "eniId", 46, Presence::optional},
    {"EniIp", "eniIp", 60, Presence::optional},
    {"EniIpV6", "eniIpV6", 61, Presence::optional},
    {"HsmId", "hsmId", 54, Presence::required},
    {"HsmType", "hsmType", 56, Presence::optional},
    {"State", "state", 55, Presence::optional},
    {"StateMessage", "stateMessage", 81, Presence::optional},
    {"SubnetId", "subnetId", 83, Presence::optional},
};
constexpr std::string_view kValuesOfHsmState[] = {
    "CREATE_IN_PROGRESS",
    "ACTIVE",
    "DEGRADED",
    "DELETE_IN_PROGRESS",
    "DELETED",
};
constexpr Member kMembersOfInitializeClusterRequest[] = {
    {"ClusterId", "clusterId", 22, Presence::required},
    {"SignedCert", "signedCert", 11, Presence::required},
    {"TrustAnchor", "trustAnchor", 11, Presence::required},
};
constexpr Member kMembersOfInitializeClusterResponse[] = {
    {"State", "state", 24, Presence::optional},
    {"StateMessage", "stateMessage", 80, Presence::optional},
};
constexpr Member kMembersOfListTagsRequest[] = {
    {"MaxResults", "maxResults", 64, Presence::optional},
    {"NextToken", "nextToken", 70, Presence::optional},
    {"ResourceId", "resourceId", 75, Presence::required},
};
constexpr Member kMembersOfListTagsResponse[] = {
    {"NextToken", "nextToken", 70, Presence::optional},
    {"TagList", "tagList", 88, Presence::required},
};
constexpr Member kMembersOfModifyBackupAttributesRequest[] = {
    {"BackupId", "backupId", 2, Presence::required},
    {"NeverExpires", "neverExpires", 10, Presence::required},
};
constexpr Member kMembersOfModifyBackupAttributesResponse[] = {
    {"Backup", "backup", 0, Presence::optional},
};
constexpr Member kMembersOfModifyClusterRequest[] = {
    {"BackupRetentionPolicy", "backupRetentionPolicy", 4, Presence::optional},
    {"ClusterId", "clusterId", 22, Presence::required},
    {"HsmType", "hsmType", 56, Presence::optional},
};
constexpr Member kMembersOfModifyClusterResponse[] = {
    {"Cluster", "cluster", 21, Presence::optional},
};
constexpr std::string_view kValuesOfNetworkType[] = {
    "IPV4",
    "DUALSTACK",
};
constexpr Member kMembersOfPutResourcePolicyRequest[] = {
    {"Policy", "policy", 76, Presence::optional},
    {"ResourceArn", "resourceArn", 14, Presence::optional},
};
constexpr Member kMembersOfPutResourcePolicyResponse[] = {
    {"Policy", "policy", 76, Presence::optional},
    {"ResourceArn", "resourceArn", 14, Presence::optional},
};
constexpr Member kMembersOfRestoreBackupRequest[] = {
    {"BackupId", "backupId", 2, Presence::required},
};
constexpr Member kMembersOfRestoreBackupResponse[] = {
    {"Backup", "backup", 0, Presence::optional},
};
constexpr Member kMembersOfTag[] = {
    {"Key", "key", 86, Presence::required},
    {"Value", "value", 91, Presence::required},
};
constexpr Member kMembersOfTagResourceRequest[] = {
    {"ResourceId", "resourceId", 75, Presence::required},
    {"TagList", "tagList", 88, Presence::required},
};
constexpr Member kMembersOfUntagResourceRequest[] = {
    {"ResourceId", "resourceId", 75, Presence::required},
    {"TagKeyList", "tagKeyList", 87, Presence::required},
};

constexpr Shape kShapes[] = {
    {"Backup", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfBackup, kNoShape, kNoShape},  // 0
    {"BackupArn", Type::string, Sensitive::no, kUnbounded, kUnbounded, "^(arn:aws(-(us-gov))?:cloudhsm:([a-z]{2}(-(gov|isob|iso))?-(east|west|north|south|central){1,2}-[0-9]{1}):[0-9]{12}:backup/)?backup-[2-7a-zA-Z]{11,16}", "^(arn:aws(-(us-gov))?:cloudhsm:([a-z]{2}(-(gov|isob|iso))?-(east|west|north|south|central){1,2}-[0-9]{1}):[0-9]{12}:backup/)?backup-[2-7a-zA-Z]{11,16}", {}, {}, kNoShape, kNoShape},  // 1
    {"BackupId", Type::string, Sensitive::no, kUnbounded, kUnbounded, "backup-[2-7a-zA-Z]{11,16}", "backup-[2-7a-zA-Z]{11,16}", {}, {}, kNoShape, kNoShape},  // 2
    {"BackupPolicy", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfBackupPolicy, {}, kNoShape, kNoShape},  // 3
    {"BackupRetentionPolicy", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfBackupRetentionPolicy, kNoShape, kNoShape},  // 4
    {"BackupRetentionType", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfBackupRetentionType, {}, kNoShape, kNoShape},  // 5
    {"BackupRetentionValue", Type::string, Sensitive::no, 1, 3, "[0-9]+", "[0-9]+", {}, {}, kNoShape, kNoShape},  // 6
    {"BackupState", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfBackupState, {}, kNoShape, kNoShape},  // 7
    {"Backups", Type::list, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, 0, kNoShape},  // 8
    {"BackupsMaxSize", Type::integer, Sensitive::no, 1, 50, "", "", {}, {}, kNoShape, kNoShape},  // 9
    {"Boolean", Type::boolean, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, kNoShape, kNoShape},  // 10
    {"Cert", Type::string, Sensitive::no, kUnbounded, 20000, "[a-zA-Z0-9+-/=\\s]*", "[a-zA-Z0-9+-/=\\s]*", {}, {}, kNoShape, kNoShape},  // 11
    {"Certificates", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCertificates, kNoShape, kNoShape},  // 12
    {"CloudHsmAccessDeniedException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCloudHsmAccessDeniedException, kNoShape, kNoShape},  // 13
    {"CloudHsmArn", Type::string, Sensitive::no, kUnbounded, kUnbounded, "arn:aws(-(us-gov))?:cloudhsm:([a-z]{2}(-(gov|isob|iso))?-(east|west|north|south|central){1,2}-[0-9]{1}):[0-9]{12}:(backup/backup|cluster/cluster|hsm/hsm)-[2-7a-zA-Z]{11,16}", "arn:aws(-(us-gov))?:cloudhsm:([a-z]{2}(-(gov|isob|iso))?-(east|west|north|south|central){1,2}-[0-9]{1}):[0-9]{12}:(backup/backup|cluster/cluster|hsm/hsm)-[2-7a-zA-Z]{11,16}", {}, {}, kNoShape, kNoShape},  // 14
    {"CloudHsmInternalFailureException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCloudHsmInternalFailureException, kNoShape, kNoShape},  // 15
    {"CloudHsmInvalidRequestException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCloudHsmInvalidRequestException, kNoShape, kNoShape},  // 16
    {"CloudHsmResourceLimitExceededException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCloudHsmResourceLimitExceededException, kNoShape, kNoShape},  // 17
    {"CloudHsmResourceNotFoundException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCloudHsmResourceNotFoundException, kNoShape, kNoShape},  // 18
    {"CloudHsmServiceException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCloudHsmServiceException, kNoShape, kNoShape},  // 19
    {"CloudHsmTagException", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCloudHsmTagException, kNoShape, kNoShape},  // 20
    {"Cluster", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCluster, kNoShape, kNoShape},  // 21
    {"ClusterId", Type::string, Sensitive::no, kUnbounded, kUnbounded, "cluster-[2-7a-zA-Z]{11,16}", "cluster-[2-7a-zA-Z]{11,16}", {}, {}, kNoShape, kNoShape},  // 22
    {"ClusterMode", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfClusterMode, {}, kNoShape, kNoShape},  // 23
    {"ClusterState", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfClusterState, {}, kNoShape, kNoShape},  // 24
    {"Clusters", Type::list, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, 21, kNoShape},  // 25
    {"ClustersMaxSize", Type::integer, Sensitive::no, 1, 25, "", "", {}, {}, kNoShape, kNoShape},  // 26
    {"CopyBackupToRegionRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCopyBackupToRegionRequest, kNoShape, kNoShape},  // 27
    {"CopyBackupToRegionResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCopyBackupToRegionResponse, kNoShape, kNoShape},  // 28
    {"CreateClusterRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCreateClusterRequest, kNoShape, kNoShape},  // 29
    {"CreateClusterResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCreateClusterResponse, kNoShape, kNoShape},  // 30
    {"CreateHsmRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCreateHsmRequest, kNoShape, kNoShape},  // 31
    {"CreateHsmResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfCreateHsmResponse, kNoShape, kNoShape},  // 32
    {"DeleteBackupRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDeleteBackupRequest, kNoShape, kNoShape},  // 33
    {"DeleteBackupResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDeleteBackupResponse, kNoShape, kNoShape},  // 34
    {"DeleteClusterRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDeleteClusterRequest, kNoShape, kNoShape},  // 35
    {"DeleteClusterResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDeleteClusterResponse, kNoShape, kNoShape},  // 36
    {"DeleteHsmRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDeleteHsmRequest, kNoShape, kNoShape},  // 37
    {"DeleteHsmResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDeleteHsmResponse, kNoShape, kNoShape},  // 38
    {"DeleteResourcePolicyRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDeleteResourcePolicyRequest, kNoShape, kNoShape},  // 39
    {"DeleteResourcePolicyResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDeleteResourcePolicyResponse, kNoShape, kNoShape},  // 40
    {"DescribeBackupsRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDescribeBackupsRequest, kNoShape, kNoShape},  // 41
    {"DescribeBackupsResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDescribeBackupsResponse, kNoShape, kNoShape},  // 42
    {"DescribeClustersRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDescribeClustersRequest, kNoShape, kNoShape},  // 43
    {"DescribeClustersResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDescribeClustersResponse, kNoShape, kNoShape},  // 44
    {"DestinationBackup", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfDestinationBackup, kNoShape, kNoShape},  // 45
    {"EniId", Type::string, Sensitive::no, kUnbounded, kUnbounded, "eni-[0-9a-fA-F]{8,17}", "eni-[0-9a-fA-F]{8,17}", {}, {}, kNoShape, kNoShape},  // 46
    {"ExternalAz", Type::string, Sensitive::no, kUnbounded, kUnbounded, "[a-z]{2}(-(gov))?-(east|west|north|south|central){1,2}-\\d[a-z]", "[a-z]{2}(-(gov))?-(east|west|north|south|central){1,2}-\\d[a-z]", {}, {}, kNoShape, kNoShape},  // 47
    {"ExternalSubnetMapping", Type::map, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, 83, 47},  // 48
    {"Field", Type::string, Sensitive::no, kUnbounded, kUnbounded, "[a-zA-Z0-9_-]+", "[a-zA-Z0-9_-]+", {}, {}, kNoShape, kNoShape},  // 49
    {"Filters", Type::map, Sensitive::no, kUnbounded, 30, "", "", {}, {}, 82, 49},  // 50
    {"GetResourcePolicyRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfGetResourcePolicyRequest, kNoShape, kNoShape},  // 51
    {"GetResourcePolicyResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfGetResourcePolicyResponse, kNoShape, kNoShape},  // 52
    {"Hsm", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfHsm, kNoShape, kNoShape},  // 53
    {"HsmId", Type::string, Sensitive::no, kUnbounded, kUnbounded, "hsm-[2-7a-zA-Z]{11,16}", "hsm-[2-7a-zA-Z]{11,16}", {}, {}, kNoShape, kNoShape},  // 54
    {"HsmState", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfHsmState, {}, kNoShape, kNoShape},  // 55
    {"HsmType", Type::string, Sensitive::no, kUnbounded, 32, "((p|)hsm[0-9][a-z.]*\\.[a-zA-Z]+)", "((p|)hsm[0-9][a-z.]*\\.[a-zA-Z]+)", {}, {}, kNoShape, kNoShape},  // 56
    {"Hsms", Type::list, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, 53, kNoShape},  // 57
    {"InitializeClusterRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfInitializeClusterRequest, kNoShape, kNoShape},  // 58
    {"InitializeClusterResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfInitializeClusterResponse, kNoShape, kNoShape},  // 59
    {"IpAddress", Type::string, Sensitive::no, kUnbounded, kUnbounded, "\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}", "\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}", {}, {}, kNoShape, kNoShape},  // 60
    {"IpV6Address", Type::string, Sensitive::no, kUnbounded, 100, "", "", {}, {}, kNoShape, kNoShape},  // 61
    {"ListTagsRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfListTagsRequest, kNoShape, kNoShape},  // 62
    {"ListTagsResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfListTagsResponse, kNoShape, kNoShape},  // 63
    {"MaxSize", Type::integer, Sensitive::no, 1, 100, "", "", {}, {}, kNoShape, kNoShape},  // 64
    {"ModifyBackupAttributesRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfModifyBackupAttributesRequest, kNoShape, kNoShape},  // 65
    {"ModifyBackupAttributesResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfModifyBackupAttributesResponse, kNoShape, kNoShape},  // 66
    {"ModifyClusterRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfModifyClusterRequest, kNoShape, kNoShape},  // 67
    {"ModifyClusterResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfModifyClusterResponse, kNoShape, kNoShape},  // 68
    {"NetworkType", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", kValuesOfNetworkType, {}, kNoShape, kNoShape},  // 69
    {"NextToken", Type::string, Sensitive::no, kUnbounded, 256, ".*", ".*", {}, {}, kNoShape, kNoShape},  // 70
    {"PreCoPassword", Type::string, Sensitive::no, 7, 32, "", "", {}, {}, kNoShape, kNoShape},  // 71
    {"PutResourcePolicyRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfPutResourcePolicyRequest, kNoShape, kNoShape},  // 72
    {"PutResourcePolicyResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfPutResourcePolicyResponse, kNoShape, kNoShape},  // 73
    {"Region", Type::string, Sensitive::no, kUnbounded, kUnbounded, "[a-z]{2}(-(gov))?-(east|west|north|south|central){1,2}-\\d", "[a-z]{2}(-(gov))?-(east|west|north|south|central){1,2}-\\d", {}, {}, kNoShape, kNoShape},  // 74
    {"ResourceId", Type::string, Sensitive::no, kUnbounded, kUnbounded, "(?:cluster|backup)-[2-7a-zA-Z]{11,16}", "(?:cluster|backup)-[2-7a-zA-Z]{11,16}", {}, {}, kNoShape, kNoShape},  // 75
    {"ResourcePolicy", Type::string, Sensitive::no, 1, 20000, "", "", {}, {}, kNoShape, kNoShape},  // 76
    {"RestoreBackupRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfRestoreBackupRequest, kNoShape, kNoShape},  // 77
    {"RestoreBackupResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfRestoreBackupResponse, kNoShape, kNoShape},  // 78
    {"SecurityGroup", Type::string, Sensitive::no, kUnbounded, kUnbounded, "sg-[0-9a-fA-F]{8,17}", "sg-[0-9a-fA-F]{8,17}", {}, {}, kNoShape, kNoShape},  // 79
    {"StateMessage", Type::string, Sensitive::no, kUnbounded, 300, ".*", ".*", {}, {}, kNoShape, kNoShape},  // 80
    {"String", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, kNoShape, kNoShape},  // 81
    {"Strings", Type::list, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, 81, kNoShape},  // 82
    {"SubnetId", Type::string, Sensitive::no, kUnbounded, kUnbounded, "subnet-[0-9a-fA-F]{8,17}", "subnet-[0-9a-fA-F]{8,17}", {}, {}, kNoShape, kNoShape},  // 83
    {"SubnetIds", Type::list, Sensitive::no, 1, 10, "", "", {}, {}, 83, kNoShape},  // 84
    {"Tag", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfTag, kNoShape, kNoShape},  // 85
    {"TagKey", Type::string, Sensitive::no, 1, 128, "^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$", "^([\\w \\x{0080}-\\x{10FFFF}_.:/=+\\-@]*)$", {}, {}, kNoShape, kNoShape},  // 86
    {"TagKeyList", Type::list, Sensitive::no, 1, 50, "", "", {}, {}, 86, kNoShape},  // 87
    {"TagList", Type::list, Sensitive::no, 1, 50, "", "", {}, {}, 85, kNoShape},  // 88
    {"TagResourceRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfTagResourceRequest, kNoShape, kNoShape},  // 89
    {"TagResourceResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, kNoShape, kNoShape},  // 90
    {"TagValue", Type::string, Sensitive::no, 0, 256, "^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$", "^([\\w \\x{0080}-\\x{10FFFF}_.:/=+\\-@]*)$", {}, {}, kNoShape, kNoShape},  // 91
    {"Timestamp", Type::timestamp, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, kNoShape, kNoShape},  // 92
    {"UntagResourceRequest", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, kMembersOfUntagResourceRequest, kNoShape, kNoShape},  // 93
    {"UntagResourceResponse", Type::structure, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, kNoShape, kNoShape},  // 94
    {"VpcId", Type::string, Sensitive::no, kUnbounded, kUnbounded, "vpc-[0-9a-fA-F]", "vpc-[0-9a-fA-F]", {}, {}, kNoShape, kNoShape},  // 95
    {"errorMessage", Type::string, Sensitive::no, kUnbounded, kUnbounded, "", "", {}, {}, kNoShape, kNoShape},  // 96
};

constexpr std::string_view kErrorsOfCopyBackupToRegion[] = {
    "CloudHsmAccessDeniedException",
    "CloudHsmInternalFailureException",
    "CloudHsmInvalidRequestException",
    "CloudHsmResourceNotFoundException",
    "CloudHsmServiceException",
    "CloudHsmTagException",
};
constexpr std::string_view kErrorsOfCreateCluster[] = {
    "CloudHsmAccessDeniedException",
    "CloudHsmInternalFailureException",
    "CloudHsmInvalidRequestException",
    "CloudHsmResourceNotFoundException",
    "CloudHsmServiceException",
    "CloudHsmTagException",
};
constexpr std::string_view kErrorsOfCreateHsm[] = {
    "CloudHsmAccessDeniedException",
    "CloudHsmInternalFailureException",
    "CloudHsmInvalidRequestException",
    "CloudHsmResourceNotFoundException",
    "CloudHsmServiceException",
};
constexpr std::string_view kErrorsOfDeleteBackup[] = {
    "CloudHsmAccessDeniedException",
    "CloudHsmInternalFailureException",
    "CloudHsmInvalidRequestException",
    "CloudHsmResourceNotFoundException",
    "CloudHsmServiceException",
};
constexpr std::string_view kErrorsOfDeleteCluster[] = {
    "CloudHsmAccessDeniedException",
    "CloudHsmInternalFailureException",
    "CloudHsmInvalidRequestException",
    "CloudHsmResourceNotFoundException",
    "CloudHsmServiceException",
    "CloudHsmTagException",
};
constexpr std::string_view kErrorsOfDeleteHsm[] = {
    "CloudHsmAccessDeniedException",
    "CloudHsmInternalFailureException",
    "CloudHsmInvalidRequestException",
    "CloudHsmResourceNotFoundException",
    "CloudHsmServiceException",
};
constexpr std::string_view kErrorsOfDeleteResourcePolicy[] = {
    "CloudHsmAccessDeniedException",
    "CloudHsmInternalFailureException",
    "CloudHsmInvalidRequestException",
    "CloudHsmResourceNotFoundException",
    "CloudHsmServiceException",
};
constexpr std::string_view kErrorsOfDescribeBackups[] = {
    "CloudHsmAccessDeniedException",
    "CloudHsmInternalFailureException",
    "CloudHsmInvalidRequestException",
    "CloudHsmResourceNotFoundException",
    "CloudHsmServiceException",
    "CloudHsmTagException",
};
constexpr std::string_view kErrorsOfDescribeClusters[] = {
    "CloudHsmAccessDeniedException",
    "CloudHsmInternalFailureException",
    "CloudHsmInvalidRequestException",
    "CloudHsmServiceException",
    "CloudHsmTagException",
};
constexpr std::string_view kErrorsOfGetResourcePolicy[] = {
    "CloudHsmAccessDeniedException",
    "CloudHsmInternalFailureException",
    "CloudHsmInvalidRequestException",
    "CloudHsmResourceNotFoundException",
    "CloudHsmServiceException",
};
constexpr std::string_view kErrorsOfInitializeCluster[] = {
    "CloudHsmAccessDeniedException",
    "CloudHsmInternalFailureException",
    "CloudHsmInvalidRequestException",
    "CloudHsmResourceNotFoundException",
    "CloudHsmServiceException",
};
constexpr std::string_view kErrorsOfListTags[] = {
    "CloudHsmAccessDeniedException",
    "CloudHsmInternalFailureException",
    "CloudHsmInvalidRequestException",
    "CloudHsmResourceNotFoundException",
    "CloudHsmServiceException",
    "CloudHsmTagException",
};
constexpr std::string_view kErrorsOfModifyBackupAttributes[] = {
    "CloudHsmAccessDeniedException",
    "CloudHsmInternalFailureException",
    "CloudHsmInvalidRequestException",
    "CloudHsmResourceNotFoundException",
    "CloudHsmServiceException",
};
constexpr std::string_view kErrorsOfModifyCluster[] = {
    "CloudHsmAccessDeniedException",
    "CloudHsmInternalFailureException",
    "CloudHsmInvalidRequestException",
    "CloudHsmResourceNotFoundException",
    "CloudHsmServiceException",
};
constexpr std::string_view kErrorsOfPutResourcePolicy[] = {
    "CloudHsmAccessDeniedException",
    "CloudHsmInternalFailureException",
    "CloudHsmInvalidRequestException",
    "CloudHsmResourceNotFoundException",
    "CloudHsmServiceException",
};
constexpr std::string_view kErrorsOfRestoreBackup[] = {
    "CloudHsmAccessDeniedException",
    "CloudHsmInternalFailureException",
    "CloudHsmInvalidRequestException",
    "CloudHsmResourceNotFoundException",
    "CloudHsmServiceException",
};
constexpr std::string_view kErrorsOfTagResource[] = {
    "CloudHsmAccessDeniedException",
    "CloudHsmInternalFailureException",
    "CloudHsmInvalidRequestException",
    "CloudHsmResourceLimitExceededException",
    "CloudHsmResourceNotFoundException",
    "CloudHsmServiceException",
    "CloudHsmTagException",
};
constexpr std::string_view kErrorsOfUntagResource[] = {
    "CloudHsmAccessDeniedException",
    "CloudHsmInternalFailureException",
    "CloudHsmInvalidRequestException",
    "CloudHsmResourceNotFoundException",
    "CloudHsmServiceException",
    "CloudHsmTagException",
};

constexpr Operation kOperations[] = {
    {"CopyBackupToRegion", 27, 28, kErrorsOfCopyBackupToRegion},
    {"CreateCluster", 29, 30, kErrorsOfCreateCluster},
    {"CreateHsm", 31, 32, kErrorsOfCreateHsm},
    {"DeleteBackup", 33, 34, kErrorsOfDeleteBackup},
    {"DeleteCluster", 35, 36, kErrorsOfDeleteCluster},
    {"DeleteHsm", 37, 38, kErrorsOfDeleteHsm},
    {"DeleteResourcePolicy", 39, 40, kErrorsOfDeleteResourcePolicy},
    {"DescribeBackups", 41, 42, kErrorsOfDescribeBackups},
    {"DescribeClusters", 43, 44, kErrorsOfDescribeClusters},
    {"GetResourcePolicy", 51, 52, kErrorsOfGetResourcePolicy},
    {"InitializeCluster", 58, 59, kErrorsOfInitializeCluster},
    {"ListTags", 62, 63, kErrorsOfListTags},
    {"ModifyBackupAttributes", 65, 66, kErrorsOfModifyBackupAttributes},
    {"ModifyCluster", 67, 68, kErrorsOfModifyCluster},
    {"PutResourcePolicy", 72, 73, kErrorsOfPutResourcePolicy},
    {"RestoreBackup", 77, 78, kErrorsOfRestoreBackup},
    {"TagResource", 89, 90, kErrorsOfTagResource},
    {"UntagResource", 93, 94, kErrorsOfUntagResource},
};

constexpr Exception kExceptions[] = {
    {"CloudHsmAccessDeniedException", Fault::client},
    {"CloudHsmInternalFailureException", Fault::server},
    {"CloudHsmInvalidRequestException", Fault::client},
    {"CloudHsmResourceLimitExceededException", Fault::client},
    {"CloudHsmResourceNotFoundException", Fault::client},
    {"CloudHsmServiceException", Fault::client},
    {"CloudHsmTagException", Fault::client},
};

constexpr Service kService{"2017-04-28", "BaldrApiService", kShapes, kOperations, kExceptions};

}  // namespace

const Service& cloudhsm() noexcept {
    return kService;
}

}  // namespace claviger::model
