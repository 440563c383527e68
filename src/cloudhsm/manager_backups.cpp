// The jobs of a Manager that make, read and end backups.
#include <algorithm>
#include <chrono>

#include <boost/asio/awaitable.hpp>

#include <claviger/base/files.hpp>

#include "src/cloudhsm/founded_rows.hpp"
#include "src/cloudhsm/ids.hpp"
#include "src/cloudhsm/manager.hpp"
#include "src/observe/log.hpp"

namespace claviger::cloudhsm {
namespace {

using boost::asio::awaitable;
using namespace std::chrono_literals;

constexpr auto kInterval = 24h;  // CloudHSM user guide: at least one in 24 hours
constexpr auto kRetry = 1h;      // after one that failed
constexpr std::uint32_t kRetention = 90;
constexpr std::size_t kMaxFile = std::size_t{1} << 30;

bool has_failed(const store::BackupRecord& backup) {
    return backup.state == store::BackupState::deleted && backup.digest.empty();
}

// When the next one of this cluster should be there.
WallTime next_backup(const std::vector<BackupPtr>& backups, const ClusterId& cluster) {
    WallTime next{};
    for (const BackupPtr& backup : backups) {
        if (backup->cluster == cluster) {
            next = std::max<WallTime>(next, backup->created + (has_failed(*backup) ? kRetry : kInterval));
        }
    }
    return next;
}

bool is_last(const std::vector<BackupPtr>& backups, const store::BackupRecord& backup) {
    return std::ranges::none_of(backups, [&](const BackupPtr& other) {
        return other->cluster == backup.cluster && other->state == store::BackupState::ready &&
               other->created > backup.created;
    });
}

// A deletion that is over, or a READY one that is older than its cluster's policy. A copy has no policy, and
// the last one of a cluster stays.
bool is_over(const store::BackupRecord& backup, const std::vector<BackupPtr>& backups, std::uint32_t days,
             WallTime now) {
    switch (backup.state) {
        case store::BackupState::pending_deletion: return backup.deletion && *backup.deletion <= now;
        case store::BackupState::ready:
            return !backup.never_expires && !backup.cluster.value().empty() &&
                   backup.created + std::chrono::days(days) <= now && !is_last(backups, backup);
        case store::BackupState::create_in_progress:
        case store::BackupState::deleted: break;
    }
    return false;
}

}  // namespace

std::filesystem::path Manager::backup_file(const BackupId& id) const {
    return options_.backup_directory / (id.value() + ".backup");
}

awaitable<Result<BackupId>> Manager::begin_backup(ClusterId id) {
    const ClusterPtr view = parts_.inventory.cluster(id);
    if (!view || view->record.state != store::ClusterState::active || view->hsms.empty()) {
        co_return Error(Errc::conflict, "a cluster is backed up while it is ACTIVE and has an HSM");
    }
    store::BackupRecord record;
    record.id = BackupId(new_id("backup-", parts_.random));
    record.account = view->record.account;
    record.region = view->record.region;
    record.cluster = id;
    record.created = parts_.life.now();
    record.hsm_type = view->record.hsm_type;
    record.mode = view->record.mode;
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) { return txn.put(record); };
    const Status<> begun = co_await commit(std::move(work));
    if (!begun) {
        co_return begun.error();
    }
    co_return record.id;
}

awaitable<Status<>> Manager::finish_backup(BackupId id) {
    const BackupPtr record = parts_.inventory.backup(id);
    const Lease::Held held = co_await lease(record->cluster).take();
    co_return co_await write_backup(id);
}

awaitable<Result<Bytes>> Manager::make_backup_file(const store::BackupRecord& record) {
    if (!record.source_backup.value().empty()) {
        const auto read = [&] { return read_file(backup_file(record.source_backup), kMaxFile); };
        co_return co_await aside_.run(read);
    }
    const ClusterPtr view = parts_.inventory.cluster(record.cluster);
    const auto row = parts_.inventory.facts(record.cluster);
    Result<Bytes> signature =
        Error(Errc::no_hsm, record.cluster.value() + " has no HSM that could sign a backup");
    if (!row || !view) {
        co_return signature;
    }
    BackupContents contents{record.id, record.created, {}};
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) -> Status<> {
        auto rows = txn.contents_of(record.cluster);
        if (!rows) {
            return std::move(rows).error();
        }
        contents.rows = *std::move(rows);
        return done;
    };
    if (const Status<> read = co_await commit(std::move(work)); !read) {
        co_return read.error();
    }
    Bytes encoded;
    const auto encode = [&] {
        encoded = encode_backup(std::move(contents));
        return sha256(encoded);
    };
    const Sha256Digest digest = co_await aside_.run(encode);
    for (cluster::KeySource& signer : member_sources(*view, store::HsmState::delete_in_progress)) {
        cluster::Site where = site();
        cluster::ClusterFacts facts = facts_of(*row);
        Bytes asked = to_bytes(digest);
        signature = co_await cluster::sign_backup(std::move(where), std::move(facts), std::move(signer),
                                                  std::move(asked));
        if (signature) {
            break;
        }
    }
    if (!signature) {
        co_return signature.error();
    }
    co_return sign_off(std::move(encoded), *signature);
}

awaitable<Status<>> Manager::write_backup(BackupId id) {
    store::BackupRecord record = *parts_.inventory.backup(id);
    const Result<Bytes> file = co_await make_backup_file(record);
    const auto write = [&]() -> Status<> {
        if (!file) {
            return file.error();
        }
        record.digest = to_bytes(sha256(*file));
        Status<> written = make_directory(options_.backup_directory);
        written = written ? replace_file(backup_file(id), *file) : written;
        if (!written) {
            return written;
        }
        return read_backup(record).transform([](const BackupContents&) { return done; });
    };
    const Status<> made = co_await aside_.run(write);
    if (!made) {
        record.digest.clear();
        observe::error("cloudhsm.backup_failed",
                       {{"backup", id.value()}, {"reason", made.error().describe()}});
    }
    record.state = made ? store::BackupState::ready : store::BackupState::deleted;
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) -> Status<> {
        const auto row = txn.backup(id);
        if (!row || !*row) {
            return row ? Error(Errc::not_found, id.value()) : row.error();
        }
        record.version = (*row)->version;
        record.tags = (*row)->tags;  // what may be changed meanwhile
        return txn.put(record);
    };
    const Status<> recorded = co_await commit(std::move(work));
    co_return made ? recorded : made;
}

Result<BackupContents> Manager::read_backup(const store::BackupRecord& record) const {
    const Result<Bytes> file = read_file(backup_file(record.id), kMaxFile);
    if (!file) {
        return file.error();
    }
    if (to_bytes(sha256(*file)) != record.digest) {
        return Error(Errc::integrity, "the file of " + record.id.value() + " is not the one that was made");
    }
    return open_backup(*file);
}

awaitable<Status<>> Manager::check_backup(const store::BackupRecord& record) {
    const auto check = [&] {
        return read_backup(record).transform([](const BackupContents&) { return done; });
    };
    co_return co_await aside_.run(check);
}

awaitable<void> Manager::tend_backups() {
    const WallTime now = parts_.life.now();
    std::vector<BackupPtr> backups = parts_.inventory.backups();
    for (const ClusterPtr& view : parts_.inventory.clusters()) {
        if (view->record.state == store::ClusterState::active && view->active_hsms() > 0 &&
            next_backup(backups, view->record.id) <= now) {
            const Result<BackupId> begun = co_await begin_backup(view->record.id);
            if (begun) {
                take_up(*begun);
            }
        }
    }
    for (const BackupPtr& backup : backups) {
        if (is_over(*backup, backups, retention_days(backup->cluster), now)) {
            run_job(backup->id.value() + " deletion", end_backup(backup->id));
        }
    }
}

std::uint32_t Manager::retention_days(const ClusterId& id) const {
    const ClusterPtr of = parts_.inventory.cluster(id);
    return of ? of->record.retention_days : kRetention;
}

// The row first, looked at again, because it may have been restored: then nobody is promised the file any
// more. What ends this process in between leaves a file, which the next one removes.
awaitable<Status<>> Manager::end_backup(BackupId id) {
    bool over = false;
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) -> Status<> {
        auto row = txn.backup(id);
        if (!row || !*row) {
            return row ? Error(Errc::not_found, id.value()) : std::move(row).error();
        }
        const WallTime now = parts_.life.now();
        const bool ended = (*row)->state == store::BackupState::deleted;
        over = ended || is_over(**row, parts_.inventory.backups(), retention_days((*row)->cluster), now);
        if (ended || !over) {
            return done;
        }
        (*row)->state = store::BackupState::deleted;
        (*row)->deletion = now;
        return txn.put(**std::move(row));
    };
    if (Status<> ended = co_await commit(std::move(work)); !ended || !over) {
        co_return ended;
    }
    const auto remove = [&]() -> Status<> {
        std::error_code error;
        std::filesystem::remove(backup_file(id), error);
        if (error) {
            return Error(Errc::io_error, backup_file(id).string() + ": " + error.message());
        }
        return sync_directory(options_.backup_directory);
    };
    co_return co_await aside_.run(remove);
}

void Manager::remove_left_files() {
    for (const BackupPtr& backup : parts_.inventory.backups()) {
        std::error_code absent;
        if (backup->state == store::BackupState::deleted &&
            std::filesystem::exists(backup_file(backup->id), absent)) {
            run_job(backup->id.value() + " deletion", end_backup(backup->id));
        }
    }
}

}  // namespace claviger::cloudhsm
