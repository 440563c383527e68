#include "src/cloudhsm/operations/operations.hpp"
#include "src/cloudhsm/resource_policy.hpp"

namespace claviger::cloudhsm {
namespace {

Outcome<PolicyResponse> handle_get_resource_policy(Call& call, const ResourceRequest& request) {
    const Outcome<BackupPtr> backup = backup_of(call, request);
    if (!backup) {
        return backup.error();
    }
    if ((*backup)->policy.empty()) {
        return not_found("Backup '" + (*backup)->id.value() + "' has no resource policy.");
    }
    return PolicyResponse{std::nullopt, (*backup)->policy};
}

}  // namespace

asio::awaitable<Outcome<std::string>> get_resource_policy(Call& call) {
    return run(call, handle_get_resource_policy);
}

}  // namespace claviger::cloudhsm
