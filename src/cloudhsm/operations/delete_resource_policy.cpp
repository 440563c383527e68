#include "src/cloudhsm/operations/operations.hpp"
#include "src/cloudhsm/resource_policy.hpp"

namespace claviger::cloudhsm {
namespace {

asio::awaitable<Outcome<PolicyResponse>> handle_delete_resource_policy(Call& call,
                                                                       const ResourceRequest& request) {
    const Outcome<BackupPtr> backup = backup_of(call, request);
    if (!backup) {
        co_return backup.error();
    }
    PolicyResponse response{std::string(*request.arn), {}};
    std::function<Outcome<Done>(store::BackupRecord&)> change =
        [&](store::BackupRecord& row) -> Outcome<Done> {
        if (row.policy.empty()) {
            return not_found("Backup '" + row.id.value() + "' has no resource policy.");
        }
        response.policy = std::move(row.policy);
        row.policy.clear();
        return done;
    };
    const Outcome<BackupPtr> changed = co_await change_backup(call, *backup, std::move(change));
    if (!changed) {
        co_return changed.error();
    }
    co_return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> delete_resource_policy(Call& call) {
    return run(call, handle_delete_resource_policy);
}

}  // namespace claviger::cloudhsm
