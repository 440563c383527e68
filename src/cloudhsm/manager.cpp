#include "src/cloudhsm/manager.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <claviger/base/rethrow.hpp>

#include "src/api/submit.hpp"
#include "src/cloudhsm/founded_rows.hpp"
#include "src/observe/log.hpp"

namespace claviger::cloudhsm {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using namespace std::chrono_literals;

constexpr auto kStorePause = 1s;
constexpr auto kJobPause = 10s;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

constexpr std::chrono::seconds kStarting{15};  // for the first host of a cluster

void log_event(cluster::Severity severity, std::string_view hsm, std::string_view text) {
    const observe::Level level = severity == cluster::Severity::info      ? observe::Level::info
                                 : severity == cluster::Severity::warning ? observe::Level::warn
                                                                          : observe::Level::error;
    observe::log(level, "cluster.hsm", {{"hsm", hsm}, {"event", text}});
}

// Threads that make requests: one client of each cluster.
class ThreadClients final : public ClientSource {
public:
    ThreadClients(const Clusters& clusters, asio::io_context& thread)
        : clusters_(clusters), thread_(thread) {}
    cluster::Client* client(const ClusterId& id) override {
        if (const auto found = clients_.find(id); found != clients_.end()) {
            return found->second.get();
        }
        cluster::Cluster* const cluster = clusters_.cluster(id);
        return cluster == nullptr ? nullptr
                                  : clients_.emplace(id, cluster->client(thread_)).first->second.get();
    }

private:
    const Clusters& clusters_;
    asio::io_context& thread_;
    std::map<ClusterId, std::unique_ptr<cluster::Client>> clients_;
};

bool runs_hosts(const store::CloudHsmClusterRecord& cluster) noexcept {
    return !cluster.logged_out && (cluster.state == store::ClusterState::initialized ||
                                   cluster.state == store::ClusterState::active);
}

}  // namespace

std::unique_ptr<ClientSource> thread_clients(const Clusters& clusters, asio::io_context& thread) {
    return std::make_unique<ThreadClients>(clusters, thread);
}

Manager::Manager(ManagerOptions options, ManagerParts parts)
    : options_(std::move(options)), parts_(parts), keeper_(parts.control) {}
Manager::~Manager() = default;

ClusterPtr Manager::find(const AccountId& account, std::string_view region, const ClusterId& id) const {
    ClusterPtr found = parts_.inventory.cluster(id);
    const bool own = found != nullptr && found->record.account == account && found->record.region == region;
    return own ? found : nullptr;
}

std::vector<ClusterPtr> Manager::list(const AccountId& account, std::string_view region) const {
    std::vector<ClusterPtr> all = parts_.inventory.clusters();
    std::erase_if(all, [&](const ClusterPtr& one) {
        return one->record.account != account || one->record.region != region ||
               one->record.state == store::ClusterState::deleted;
    });
    return all;
}

cluster::Cluster* Manager::cluster(const ClusterId& id) const {
    const std::lock_guard lock(mutex_);
    const auto found = clusters_.find(id);
    return found == clusters_.end() ? nullptr : found->second.get();
}

void Manager::start() {
    for (const ClusterPtr& view : parts_.inventory.clusters()) {
        if (runs_hosts(view->record)) {
            if (Result<cluster::Cluster*> opened = open_cluster(view->record.id); !opened) {
                observe::error("cloudhsm.cluster_not_opened",
                               {{"cluster", view->record.id.value()}, {"reason", opened.error().detail}});
            }
        }
        take_up(view->record.id);
        for (const Hsm& hsm : view->hsms) {
            take_up(hsm.record.id);
        }
    }
    for (const BackupPtr& backup : parts_.inventory.backups()) {
        take_up(backup->id);
    }
    run_job("places", note_places());
    remove_left_files();
    start_keeper();
}

awaitable<void> Manager::stop() {
    stopping_ = true;
    co_await stop_keeper();
    while (!waiting_.empty()) {
        const HsmId id = waiting_.begin()->first;
        co_await give_up_waiting(id);
    }
    for (const auto& [id, cluster] : clusters_) {
        co_await cluster->stop();
    }
}

// The cluster::Cluster of an initialised cluster, made with the HSMs that belong to it and started.
Result<cluster::Cluster*> Manager::open_cluster(const ClusterId& id) {
    if (cluster::Cluster* const there = cluster(id)) {
        return there;
    }
    const auto facts = parts_.inventory.facts(id);
    const ClusterPtr view = parts_.inventory.cluster(id);
    if (!facts || !view) {
        return Error(Errc::not_found, id.value() + " has no keys yet");
    }
    cluster::ClusterOptions options;
    options.cluster_id = facts->lineage_id().value();
    options.cwk_generation = facts->cwk_generation;
    options.host_program = options_.host_program;
    options.certificate_pem = facts->certificate_pem;
    options.trust_anchor_pem = facts->trust_anchor_pem;
    options.check_token = facts->check_token;
    options.identity_token = facts->identity_token;
    options.key_objects = cluster::KeyObjects::token;
    options.membership = facts_of(*facts).membership;
    options.log = log_event;
    for (const Hsm& hsm : view->hsms) {
        if (has_host(hsm.record) && runs_hosts(view->record)) {
            options.hsms.push_back(hsm_options(hsm.record));
        }
    }
    auto made = cluster::Cluster::make(parts_.control, std::move(options), parts_.clock, parts_.random);
    if (!made) {
        return std::move(made).error();
    }
    (*made)->start();
    const std::lock_guard lock(mutex_);
    return clusters_.emplace(id, *std::move(made)).first->second.get();
}

awaitable<void> Manager::retire_cluster(ClusterId id) {
    if (cluster::Cluster* const running = cluster(id)) {
        co_await running->stop();
        const std::lock_guard lock(mutex_);
        retired_.push_back(std::move(clusters_.extract(id).mapped()));
    }
}

void Manager::take_up(const ClusterId& id) {
    asio::post(parts_.control, [this, id] {
        const auto again = [this, id] { take_up(id); };
        const ClusterPtr view = parts_.inventory.cluster(id);
        if (view && view->record.state == store::ClusterState::initialize_in_progress) {
            run_job(id.value(), initialize(id), again);
        } else if (view && (view->record.state == store::ClusterState::create_in_progress ||
                            view->record.state == store::ClusterState::delete_in_progress)) {
            run_job(id.value(), finish_cluster(id), again);
        }
    });
}

void Manager::take_up(const HsmId& id) {
    asio::post(parts_.control, [this, id] {
        const auto again = [this, id] { take_up(id); };
        const auto record = parts_.inventory.hsm(id);
        if (record && record->state == store::HsmState::create_in_progress && !waiting_.contains(id)) {
            run_job(id.value(), once_served(record->cluster, create_hsm(id, SecretBytes())), again);
        } else if (record && record->state == store::HsmState::delete_in_progress) {
            run_job(id.value() + " deletion", once_served(record->cluster, delete_hsm(id)), again);
        }
    });
}

void Manager::take_up(const BackupId& id) {
    asio::post(parts_.control, [this, id] {
        const auto again = [this, id] { take_up(id); };
        const BackupPtr record = parts_.inventory.backup(id);
        if (record && record->state == store::BackupState::create_in_progress) {
            run_job(id.value(), once_served(record->cluster, finish_backup(id)), again);
        }
    });
}

void Manager::run_job(std::string resource, Work work, std::function<void()> again) {
    if (stopping_ || !jobs_.insert(resource).second) {
        return;  // it runs already
    }
    asio::co_spawn(parts_.control, supervise(std::move(resource), std::move(work), std::move(again)),
                   rethrow);
}

// A job that needs an HSM which is here asks its host, or starts one. While the cluster's own hosts are only
// starting, as after a restart, one more would find the token locked.
Manager::Work Manager::once_served(ClusterId id, Work work) {
    cluster::Cluster* const running = cluster(id);
    if (running != nullptr && !running->members().empty() && running->serving() == 0) {
        const Status<> served = co_await running->wait_serving(1, parts_.clock.mono() + kStarting);
        static_cast<void>(served);  // without one the work does what it can
    }
    co_return co_await std::move(work);
}

awaitable<void> Manager::supervise(std::string resource, Work work, std::function<void()> again) {
    std::string failure;
    try {
        const Status<> ended = co_await std::move(work);
        failure = ended ? std::string() : ended.error().describe();
    } catch (const std::exception& bug) {
        failure = bug.what();
    }
    jobs_.erase(resource);
    if (!failure.empty()) {
        observe::error("cloudhsm.job_failed", {{"resource", resource}, {"reason", failure}});
    }
    if (!failure.empty() && again) {
        asio::steady_timer pause(parts_.control, kJobPause);
        co_await pause.async_wait(kAwait);
        again();
    }
}

// Clusters of one lineage share a vault, so their jobs take turns too.
Lease& Manager::lease(const ClusterId& id) {
    const auto facts = parts_.inventory.facts(id);
    std::shared_ptr<Lease>& held = leases_[facts ? facts->lineage_id() : id];
    if (!held) {
        held = std::make_unique<Lease>(parts_.control);
    }
    return *held;
}

awaitable<Status<>> Manager::commit(std::function<Status<>(store::Txn&)> work) {
    Status<> decided = done;
    store::Store::Work decide = [&](store::Txn& txn) {
        decided = work(txn);
        return decided.has_value();
    };
    const Result<std::uint64_t> committed = co_await api::submit(parts_.store, std::move(decide));
    if (!decided) {
        co_return decided;
    }
    if (!committed) {
        co_return committed.error();
    }
    co_return done;
}

awaitable<Status<>> Manager::commit_patiently(std::function<Status<>(store::Txn&)> work) {
    asio::steady_timer pause(parts_.control);
    for (bool first = true;; first = false) {
        std::function<Status<>(store::Txn&)> once = work;
        Status<> committed = co_await commit(std::move(once));
        if (committed || committed.error().code != Errc::io_error || stopping_) {
            co_return committed;
        }
        if (first) {
            observe::error("cloudhsm.store_failed", {{"reason", committed.error().describe()}});
        }
        pause.expires_after(kStorePause);
        co_await pause.async_wait(kAwait);
    }
}

awaitable<Status<>> Manager::set_state(const HsmId& id, store::HsmState state, std::string message) {
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) -> Status<> {
        auto row = txn.cloudhsm_hsm(id);
        if (!row || !*row) {
            return row ? Error(Errc::not_found, id.value()) : std::move(row).error();
        }
        (*row)->state = state;
        (*row)->state_message = message;
        return txn.put(**std::move(row));
    };
    co_return co_await commit_patiently(std::move(work));
}

awaitable<Status<>> Manager::set_state(const ClusterId& id, store::ClusterState state, std::string message) {
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) -> Status<> {
        auto row = txn.cloudhsm_cluster(id);
        if (!row || !*row) {
            return row ? Error(Errc::not_found, id.value()) : std::move(row).error();
        }
        (*row)->state = state;
        (*row)->state_message = message;
        return txn.put(**std::move(row));
    };
    co_return co_await commit_patiently(std::move(work));
}

awaitable<Status<>> Manager::finish_cluster(ClusterId id) {
    const ClusterPtr view = parts_.inventory.cluster(id);
    const Lease::Held held = co_await lease(id).take();
    if (view->record.state == store::ClusterState::create_in_progress) {
        if (!view->record.source_backup.empty()) {
            co_return co_await found_from_backup(*view);
        }
        co_return co_await set_state(id, store::ClusterState::uninitialized, "");
    }
    if (cluster::Cluster* const running = cluster(id)) {
        co_await running->stop();
    }
    sightings_.erase(id);
    kept_.erase(id);
    {
        const std::lock_guard lock(mutex_);
        key_reports_.erase(id);
    }
    co_return co_await set_state(id, store::ClusterState::deleted, "");
}

}  // namespace claviger::cloudhsm
