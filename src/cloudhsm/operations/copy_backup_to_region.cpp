#include <algorithm>

#include "src/cloudhsm/describe.hpp"
#include "src/cloudhsm/ids.hpp"
#include "src/cloudhsm/operations/operations.hpp"
#include "src/cloudhsm/tags.hpp"

namespace claviger::cloudhsm {
namespace {

struct CopyRequest {
    std::string_view region;
    std::string_view backup;
    std::optional<std::vector<TagWire>> tags;
    static constexpr auto fields() {
        return std::tuple(field("DestinationRegion", &CopyRequest::region),
                          field("BackupId", &CopyRequest::backup), field("TagList", &CopyRequest::tags));
    }
};

// The new backup's id is not in it: DescribeBackups finds it there by its source.
struct DestinationWire {
    WallTime created;
    std::string_view region, backup;
    std::optional<std::string_view> cluster;
    static constexpr auto fields() {
        return std::tuple(field("CreateTimestamp", &DestinationWire::created),
                          field("SourceRegion", &DestinationWire::region),
                          field("SourceBackup", &DestinationWire::backup),
                          field("SourceCluster", &DestinationWire::cluster));
    }
};

struct CopyResponse {
    std::shared_ptr<const store::BackupRecord> record;  // what `backup` is a view of
    DestinationWire backup;
    static constexpr auto fields() { return std::tuple(field("DestinationBackup", &CopyResponse::backup)); }
};

asio::awaitable<Outcome<CopyResponse>> handle_copy_backup_to_region(Call& call, const CopyRequest& request) {
    const Outcome<BackupPtr> source = find_backup(call, request.backup);
    if (!source) {
        co_return source.error();
    }
    if (const Outcome<Done> ready = must_be(**source, store::BackupState::ready); !ready) {
        co_return ready.error();
    }
    const auto& regions = call.manager.options().regions;
    if (std::ranges::find(regions, request.region) == regions.end()) {
        co_return invalid_request("Region '" + std::string(request.region) +
                                  "' is not one that this service answers for.");
    }
    if (request.tags) {
        if (auto refused = check_tags(*request.tags)) {
            co_return *std::move(refused);
        }
    }
    auto copy = std::make_shared<store::BackupRecord>(**source);
    copy->id = BackupId(new_id("backup-", call.manager.parts().random));
    copy->region = request.region;
    copy->cluster = ClusterId();
    copy->state = store::BackupState::create_in_progress;
    copy->copied = call.manager.parts().life.now();
    copy->never_expires = false;
    copy->source_region = (*source)->region;
    copy->source_backup = (*source)->id;
    copy->source_cluster =
        (*source)->cluster.value().empty() ? (*source)->source_cluster : (*source)->cluster;
    copy->policy.clear();
    copy->digest.clear();
    copy->version = 0;
    if (request.tags) {
        copy->tags = records_of(*request.tags);
    }
    CopyResponse response{
        copy,
        {copy->created, copy->source_region, copy->source_backup.value(), copy->source_cluster.value()}};
    append_for_audit(call.audit.response_elements, response);
    Decide decide = [&](store::Txn& txn) { return put(txn, *copy); };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    call.manager.take_up(copy->id);
    co_return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> copy_backup_to_region(Call& call) {
    return run(call, handle_copy_backup_to_region);
}

}  // namespace claviger::cloudhsm
