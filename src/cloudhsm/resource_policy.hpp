// The resource policy of a backup: what its three operations share.
#pragma once

#include "src/cloudhsm/describe.hpp"
#include "src/cloudhsm/operation.hpp"

namespace claviger::cloudhsm {

struct ResourceRequest {
    std::optional<std::string_view> arn;
    std::optional<std::string_view> policy;
    static constexpr auto fields() {
        return std::tuple(field("ResourceArn", &ResourceRequest::arn),
                          field("Policy", &ResourceRequest::policy));
    }
};

struct PolicyResponse {
    std::optional<std::string> arn;
    std::optional<std::string> policy;
    static constexpr auto fields() {
        return std::tuple(field("ResourceArn", &PolicyResponse::arn),
                          field("Policy", &PolicyResponse::policy));
    }
};

// The caller's backup that the ARN names. Clusters and HSMs have no policies.
inline Outcome<BackupPtr> backup_of(const Call& call, const ResourceRequest& request) {
    if (!request.arn) {
        return invalid_request("ResourceArn must be given.");
    }
    constexpr std::string_view kBackup = ":backup/";
    const std::size_t at = request.arn->find(kBackup);
    if (at == std::string_view::npos) {
        return invalid_request("Only backups have resource policies.");
    }
    const std::string_view id = request.arn->substr(at + kBackup.size());
    if (*request.arn != arn_of(call.account(), call.http.region, id)) {
        return not_found("Resource '" + std::string(*request.arn) + "' was not found.");
    }
    return find_backup(call, id);
}

}  // namespace claviger::cloudhsm
