#include "src/cloudhsm/describe.hpp"
#include "src/cloudhsm/operations/operations.hpp"

namespace claviger::cloudhsm {
namespace {

constexpr auto kWindow = std::chrono::days(7);  // in which RestoreBackup undoes it

struct DeleteBackupRequest {
    std::string_view backup;
    static constexpr auto fields() { return std::tuple(field("BackupId", &DeleteBackupRequest::backup)); }
};

asio::awaitable<Outcome<BackupResponse>> handle_delete_backup(Call& call,
                                                              const DeleteBackupRequest& request) {
    const Outcome<BackupPtr> backup = find_backup(call, request.backup);
    if (!backup) {
        co_return backup.error();
    }
    const WallTime now = call.manager.parts().life.now();
    std::function<Outcome<Done>(store::BackupRecord&)> change = [&](store::BackupRecord& row) {
        const Outcome<Done> allowed = must_be(row, store::BackupState::ready);
        row.state = store::BackupState::pending_deletion;
        row.deletion = now + kWindow;
        return allowed;
    };
    const Outcome<BackupPtr> changed = co_await change_backup(call, *backup, std::move(change));
    if (!changed) {
        co_return changed.error();
    }
    co_return BackupResponse{*changed, describe(**changed)};
}

}  // namespace

asio::awaitable<Outcome<std::string>> delete_backup(Call& call) {
    return run(call, handle_delete_backup);
}

}  // namespace claviger::cloudhsm
