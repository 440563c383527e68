// Clusters and HSMs as the API prints them. Views into the records they were made from, which must outlive
// them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/api/wire.hpp"
#include "src/cloudhsm/clusters.hpp"

namespace claviger::cloudhsm {

std::string_view to_string(store::ClusterState state) noexcept;
std::string_view to_string(store::HsmState state) noexcept;

struct TagWire {
    std::string_view key;
    std::string_view value;
    static constexpr auto fields() {
        return std::tuple(api::field("Key", &TagWire::key), api::field("Value", &TagWire::value));
    }
};
std::vector<TagWire> describe(const std::vector<store::Tag>& tags);

struct HsmWire {
    std::string_view zone, cluster, subnet, eni, ip, id, type, state;
    std::optional<std::string_view> message;
    static constexpr auto fields() {
        using api::field;
        return std::tuple(field("AvailabilityZone", &HsmWire::zone), field("ClusterId", &HsmWire::cluster),
                          field("SubnetId", &HsmWire::subnet), field("EniId", &HsmWire::eni),
                          field("EniIp", &HsmWire::ip), field("HsmId", &HsmWire::id),
                          field("HsmType", &HsmWire::type), field("State", &HsmWire::state),
                          field("StateMessage", &HsmWire::message));
    }
};
HsmWire describe(const store::CloudHsmRecord& hsm, const store::CloudHsmClusterRecord& cluster);

struct RetentionWire {
    std::string_view type = "DAYS";
    std::string value;
    static constexpr auto fields() {
        return std::tuple(api::field("Type", &RetentionWire::type),
                          api::field("Value", &RetentionWire::value));
    }
};

struct CertificatesWire {
    std::optional<std::string_view> csr, hsm, aws_hardware, manufacturer_hardware, cluster;
    static constexpr auto fields() {
        using api::field;
        return std::tuple(field("ClusterCsr", &CertificatesWire::csr),
                          field("HsmCertificate", &CertificatesWire::hsm),
                          field("AwsHardwareCertificate", &CertificatesWire::aws_hardware),
                          field("ManufacturerHardwareCertificate", &CertificatesWire::manufacturer_hardware),
                          field("ClusterCertificate", &CertificatesWire::cluster));
    }
};

struct ClusterWire {
    std::string_view backup_policy = "DEFAULT";
    RetentionWire retention;
    std::string_view id;
    WallTime created;
    std::vector<HsmWire> hsms;
    std::string_view type;
    std::string_view security_group;
    std::optional<std::string_view> source_backup;
    std::string_view state;
    std::optional<std::string_view> message;
    api::TextMap subnets;
    std::string_view vpc;
    std::string_view network_type;
    CertificatesWire certificates;
    std::vector<TagWire> tags;
    std::string_view mode;
    static constexpr auto fields() {
        using api::field;
        return std::tuple(
            field("BackupPolicy", &ClusterWire::backup_policy),
            field("BackupRetentionPolicy", &ClusterWire::retention), field("ClusterId", &ClusterWire::id),
            field("CreateTimestamp", &ClusterWire::created), field("Hsms", &ClusterWire::hsms),
            field("HsmType", &ClusterWire::type), field("SecurityGroup", &ClusterWire::security_group),
            field("SourceBackupId", &ClusterWire::source_backup), field("State", &ClusterWire::state),
            field("StateMessage", &ClusterWire::message), field("SubnetMapping", &ClusterWire::subnets),
            field("VpcId", &ClusterWire::vpc), field("NetworkType", &ClusterWire::network_type),
            field("Certificates", &ClusterWire::certificates), field("TagList", &ClusterWire::tags),
            field("Mode", &ClusterWire::mode));
    }
};
ClusterWire describe(const ClusterView& cluster);

std::string_view to_string(store::BackupState state) noexcept;
// "arn:aws:cloudhsm:us-east-1:111122223333:backup/backup-…"; `id` names the kind of resource, too.
std::string arn_of(const AccountId& account, std::string_view region, std::string_view id);

struct BackupWire {
    std::string arn;
    std::string_view id, state;
    std::optional<std::string_view> cluster;
    WallTime created;
    std::optional<WallTime> copied;
    bool never_expires = false;
    std::optional<std::string_view> source_region, source_backup, source_cluster;
    std::optional<WallTime> deletion;
    std::vector<TagWire> tags;
    std::string_view type, mode;
    static constexpr auto fields() {
        using api::field;
        return std::tuple(
            field("BackupId", &BackupWire::id), field("BackupArn", &BackupWire::arn),
            field("BackupState", &BackupWire::state), field("ClusterId", &BackupWire::cluster),
            field("CreateTimestamp", &BackupWire::created), field("CopyTimestamp", &BackupWire::copied),
            field("NeverExpires", &BackupWire::never_expires),
            field("SourceRegion", &BackupWire::source_region),
            field("SourceBackup", &BackupWire::source_backup),
            field("SourceCluster", &BackupWire::source_cluster),
            field("DeleteTimestamp", &BackupWire::deletion), field("TagList", &BackupWire::tags),
            field("HsmType", &BackupWire::type), field("Mode", &BackupWire::mode));
    }
};
BackupWire describe(const store::BackupRecord& backup);

// An answer whose only member is a backup.
struct BackupResponse {
    std::shared_ptr<const store::BackupRecord> record;  // what `backup` is a view of
    BackupWire backup;
    static constexpr auto fields() { return std::tuple(api::field("Backup", &BackupResponse::backup)); }
};

}  // namespace claviger::cloudhsm
