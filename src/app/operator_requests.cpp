// What an operator asks over the admin socket.
#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "src/app/running_service.hpp"
#include "src/cloudhsm/backup_command.hpp"
#include "src/cloudhsm/command.hpp"
#include "src/cloudhsm/recovery_command.hpp"

namespace claviger::app {

using namespace std::chrono_literals;

asio::awaitable<Result<std::string>> Service::answer_operator(std::string request) {
    constexpr std::string_view kAdvance = "clock advance ";
    if (request == "status") {
        co_return status_page(observed());
    }
    constexpr std::string_view kCloudHsm = "cloudhsm ";
    if (request.starts_with(kCloudHsm)) {
        std::string command = request.substr(kCloudHsm.size());
        wipe(request);
        co_return co_await cloudhsm::answer_command(*clusters_, std::move(command));
    }
    constexpr std::string_view kBackup = "backup ";
    if (request.starts_with(kBackup)) {
        co_return co_await cloudhsm::answer_backup_command(*clusters_, request.substr(kBackup.size()));
    }
    constexpr std::string_view kRecovery = "recovery ";
    if (request.starts_with(kRecovery)) {
        co_return co_await cloudhsm::answer_recovery_command(*clusters_, request.substr(kRecovery.size()));
    }
    if (request == "report leftovers") {
        co_return co_await leftovers();
    }
    if (request == "clock accept") {
        leaps_.accept();
        save_mark();
        co_return std::string("keys whose time has come are destroyed again\n");
    }
    if (request.starts_with(kAdvance)) {
        co_return advance_clock(std::string_view(request).substr(kAdvance.size()));
    }
    co_return Error(Errc::bad_config,
                    "the service does not know this request; is claviger of another version?");
}

Result<std::string> Service::advance_clock(std::string_view by) {
    if (settings_.kind != Kind::dev) {
        return Error(Errc::bad_config, "the life clock moves in a dev store only");
    }
    const auto duration = parse_duration(by);
    if (!duration) {
        return duration.error();
    }
    if (Status<> advanced = life_.advance(*store_, *duration); !advanced) {
        return std::move(advanced).error();
    }
    calendar_.cancel();
    return fmt::format("the life clock is {} s ahead of wall time\n", (life_.now() - clock_.wall()) / 1s);
}

asio::awaitable<Result<std::string>> Service::leftovers() {
    auto contents = store_->load();
    if (!contents) {
        co_return std::move(contents).error();
    }
    std::vector<std::array<std::byte, 32>> known;
    for (const store::MaterialRecord& material : contents->materials) {
        if (const auto parsed = cluster::KeyMaterial::parse(material.key_token)) {
            known.push_back((*parsed)->name());
        }
    }
    auto found = co_await cluster_->report_leftovers(std::move(known));
    if (!found) {
        co_return std::move(found).error();
    }
    boost::json::array rows;
    const auto add = [&rows](std::string_view cluster, const std::vector<cluster::KeyObject>& leftovers) {
        for (const cluster::KeyObject& one : leftovers) {
            rows.push_back({{"cluster", cluster}, {"hsm", one.hsm_id}, {"label", one.label}, {"id", one.id}});
        }
    };
    add(kDefaultCluster, *found);
    for (const cloudhsm::ClusterPtr& view : inventory_.clusters()) {
        add(view->record.id.value(), clusters_->key_report(view->record.id).orphans);
    }
    co_return boost::json::serialize(rows) + "\n";
}

}  // namespace claviger::app
