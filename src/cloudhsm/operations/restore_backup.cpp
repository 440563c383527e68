#include "src/cloudhsm/describe.hpp"
#include "src/cloudhsm/operations/operations.hpp"

namespace claviger::cloudhsm {
namespace {

struct RestoreBackupRequest {
    std::string_view backup;
    static constexpr auto fields() { return std::tuple(field("BackupId", &RestoreBackupRequest::backup)); }
};

// Undoes a deletion that is pending.
asio::awaitable<Outcome<BackupResponse>> handle_restore_backup(Call& call,
                                                               const RestoreBackupRequest& request) {
    const Outcome<BackupPtr> backup = find_backup(call, request.backup);
    if (!backup) {
        co_return backup.error();
    }
    std::function<Outcome<Done>(store::BackupRecord&)> change = [](store::BackupRecord& row) {
        const Outcome<Done> allowed = must_be(row, store::BackupState::pending_deletion);
        row.state = store::BackupState::ready;
        row.deletion.reset();
        return allowed;
    };
    const Outcome<BackupPtr> changed = co_await change_backup(call, *backup, std::move(change));
    if (!changed) {
        co_return changed.error();
    }
    co_return BackupResponse{*changed, describe(**changed)};
}

}  // namespace

asio::awaitable<Outcome<std::string>> restore_backup(Call& call) {
    return run(call, handle_restore_backup);
}

}  // namespace claviger::cloudhsm
