#include "src/cloudhsm/describe.hpp"

namespace claviger::cloudhsm {
namespace {

std::optional<std::string_view> unless_empty(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional<std::string_view>(text);
}

}  // namespace

std::string_view to_string(store::ClusterState state) noexcept {
    switch (state) {
        case store::ClusterState::create_in_progress: return "CREATE_IN_PROGRESS";
        case store::ClusterState::uninitialized: return "UNINITIALIZED";
        case store::ClusterState::initialize_in_progress: return "INITIALIZE_IN_PROGRESS";
        case store::ClusterState::initialized: return "INITIALIZED";
        case store::ClusterState::active: return "ACTIVE";
        case store::ClusterState::delete_in_progress: return "DELETE_IN_PROGRESS";
        case store::ClusterState::deleted: return "DELETED";
        case store::ClusterState::degraded: return "DEGRADED";
    }
    return {};
}

std::string_view to_string(store::HsmState state) noexcept {
    switch (state) {
        case store::HsmState::create_in_progress: return "CREATE_IN_PROGRESS";
        case store::HsmState::active: return "ACTIVE";
        case store::HsmState::degraded:
        case store::HsmState::pin_unknown:
        case store::HsmState::pin_locked:
        case store::HsmState::unplaced: return "DEGRADED";
        case store::HsmState::delete_in_progress: return "DELETE_IN_PROGRESS";
    }
    return {};
}

std::vector<TagWire> describe(const std::vector<store::Tag>& tags) {
    std::vector<TagWire> all;
    all.reserve(tags.size());
    for (const store::Tag& tag : tags) {
        all.push_back({tag.key, tag.value});
    }
    return all;
}

HsmWire describe(const store::CloudHsmRecord& hsm, const store::CloudHsmClusterRecord& cluster) {
    return {hsm.zone,
            hsm.cluster.value(),
            hsm.subnet,
            hsm.eni,
            hsm.ip,
            hsm.id.value(),
            cluster.hsm_type,
            to_string(hsm.state),
            unless_empty(hsm.state_message)};
}

ClusterWire describe(const ClusterView& cluster) {
    const store::CloudHsmClusterRecord& record = cluster.record;
    ClusterWire wire;
    wire.retention.value = std::to_string(record.retention_days);
    wire.id = record.id.value();
    wire.created = record.created;
    for (const Hsm& hsm : cluster.hsms) {
        wire.hsms.push_back(describe(hsm.record, record));
    }
    wire.type = record.hsm_type;
    wire.security_group = record.security_group;
    wire.source_backup = unless_empty(record.source_backup);
    wire.state = to_string(record.state);
    wire.message = unless_empty(record.state_message);
    for (const store::Tag& subnet : record.subnets) {
        wire.subnets.pairs.emplace_back(subnet.key, subnet.value);
    }
    wire.vpc = record.vpc;
    wire.network_type = record.network_type;
    // The request and who vouches for the HSM until it is initialised, the cluster certificate from then on.
    if (cluster.active_hsms() > 0) {
        wire.certificates.csr = unless_empty(record.csr_pem);
        wire.certificates.hsm = unless_empty(record.hsm_certificate_pem);
        wire.certificates.aws_hardware = unless_empty(record.aws_hardware_pem);
        wire.certificates.manufacturer_hardware = unless_empty(record.manufacturer_hardware_pem);
    }
    if (record.csr_pem.empty()) {
        wire.certificates.cluster = unless_empty(cluster.certificate_pem);
    }
    wire.tags = describe(record.tags);
    wire.mode = record.mode;
    return wire;
}

std::string_view to_string(store::BackupState state) noexcept {
    switch (state) {
        case store::BackupState::create_in_progress: return "CREATE_IN_PROGRESS";
        case store::BackupState::ready: return "READY";
        case store::BackupState::pending_deletion: return "PENDING_DELETION";
        case store::BackupState::deleted: return "DELETED";
    }
    return {};
}

std::string arn_of(const AccountId& account, std::string_view region, std::string_view id) {
    std::string arn = "arn:aws:cloudhsm:";
    arn.append(region).append(":").append(account.value()).append(":");
    return arn.append(id.substr(0, id.find('-'))).append("/").append(id);
}

BackupWire describe(const store::BackupRecord& backup) {
    BackupWire wire;
    wire.arn = arn_of(backup.account, backup.region, backup.id.value());
    wire.id = backup.id.value();
    wire.state = to_string(backup.state);
    wire.cluster = unless_empty(backup.cluster.value());
    wire.created = backup.created;
    wire.copied = backup.copied;
    wire.never_expires = backup.never_expires;
    wire.source_region = unless_empty(backup.source_region);
    wire.source_backup = unless_empty(backup.source_backup.value());
    wire.source_cluster = unless_empty(backup.source_cluster.value());
    wire.deletion = backup.deletion;
    wire.tags = describe(backup.tags);
    wire.type = backup.hsm_type;
    wire.mode = backup.mode;
    return wire;
}

}  // namespace claviger::cloudhsm
