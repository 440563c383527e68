#include "src/cloudhsm/operations/operations.hpp"
#include "src/cloudhsm/resource_policy.hpp"
#include "src/policy/document.hpp"

namespace claviger::cloudhsm {
namespace {

asio::awaitable<Outcome<PolicyResponse>> handle_put_resource_policy(Call& call,
                                                                    const ResourceRequest& request) {
    const Outcome<BackupPtr> backup = backup_of(call, request);
    if (!backup) {
        co_return backup.error();
    }
    if (!request.policy) {
        co_return invalid_request("Policy must be given.");
    }
    // The grammar of policies that stand at a resource is the same for every service.
    if (const auto parsed = policy::parse_key_policy(*request.policy); !parsed) {
        co_return invalid_request(parsed.error().message);
    }
    std::function<Outcome<Done>(store::BackupRecord&)> change = [&](store::BackupRecord& row) {
        row.policy = *request.policy;
        return must_be(row, store::BackupState::ready);
    };
    const Outcome<BackupPtr> changed = co_await change_backup(call, *backup, std::move(change));
    if (!changed) {
        co_return changed.error();
    }
    PolicyResponse response{std::string(*request.arn), (*changed)->policy};
    co_return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> put_resource_policy(Call& call) {
    return run(call, handle_put_resource_policy);
}

}  // namespace claviger::cloudhsm
