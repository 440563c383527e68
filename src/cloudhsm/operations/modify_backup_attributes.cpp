#include "src/cloudhsm/describe.hpp"
#include "src/cloudhsm/operations/operations.hpp"

namespace claviger::cloudhsm {
namespace {

struct ModifyRequest {
    std::string_view backup;
    bool never_expires = false;
    static constexpr auto fields() {
        return std::tuple(field("BackupId", &ModifyRequest::backup),
                          field("NeverExpires", &ModifyRequest::never_expires));
    }
};

asio::awaitable<Outcome<BackupResponse>> handle_modify_backup_attributes(Call& call,
                                                                         const ModifyRequest& request) {
    const Outcome<BackupPtr> backup = find_backup(call, request.backup);
    if (!backup) {
        co_return backup.error();
    }
    std::function<Outcome<Done>(store::BackupRecord&)> change = [&](store::BackupRecord& row) {
        row.never_expires = request.never_expires;
        return must_be(row, store::BackupState::ready);
    };
    const Outcome<BackupPtr> changed = co_await change_backup(call, *backup, std::move(change));
    if (!changed) {
        co_return changed.error();
    }
    co_return BackupResponse{*changed, describe(**changed)};
}

}  // namespace

asio::awaitable<Outcome<std::string>> modify_backup_attributes(Call& call) {
    return run(call, handle_modify_backup_attributes);
}

}  // namespace claviger::cloudhsm
