// The steps of a start that bring HSMs: founding, the catalogue of keys, the clusters of the CloudHSM v2 API.
#include <fmt/format.h>

#include "src/app/founding.hpp"
#include "src/app/running_service.hpp"
#include "src/observe/log.hpp"

namespace claviger::app {

namespace {

constexpr std::chrono::seconds kFirstAdmission{30};
constexpr std::chrono::seconds kCommit{10};  // more than a row takes on a busy disk

// `recovery`: see recovery_key().
cloudhsm::ManagerOptions manager_options(const Settings& settings, const Layout& layout, Bytes recovery) {
    cloudhsm::ManagerOptions options;
    options.host_program = settings.host_program;
    options.hsm_directory = layout.hsms();
    options.vault_directory = layout.vaults();
    options.backup_directory = layout.backups();
    options.regions = settings.config.service.regions;
    options.host_arguments = host_arguments(settings);
    for (const config::Subnet& subnet : settings.config.subnets) {
        options.subnets.push_back({subnet.id, settings.config.service.home_region() + subnet.zone,
                                   subnet.network.substr(0, subnet.network.rfind('.') + 1)});
    }
    options.soft_module = settings.config.cloudhsm.soft_module;
    options.vault_module =
        options.soft_module.empty() ? settings.config.hsms.front().module : options.soft_module;
    for (const config::Hsm& hsm : settings.config.pool) {
        options.places.push_back(
            {hsm.name, settings.config.service.home_region() + hsm.zone, hsm.module, hsm.serial,
             hsm.officer_pin_file,
             hsm.wipe == config::Wipe::init_token ? cluster::Wipe::init_token : cluster::Wipe::objects,
             hsm.accept_weak_module});
    }
    options.membership = membership(settings.config.cluster);
    options.recovery_public = std::move(recovery);
    options.unit = kind_name(settings.kind);
    options.making = settings.config.cluster.request_deadline + kCommit;
    return options;
}

}  // namespace

Status<> Service::seal_membership() {
    const Result<std::size_t> sealed = seal_clusters(config_.cluster, *store_, contents_);
    if (!sealed) {
        return sealed.error();
    }
    if (*sealed == 0) {
        return done;
    }
    observe::info("cluster.sealed", {{"clusters", *sealed}});
    return load_contents();
}

Status<> Service::open_cluster() {
    if (default_cluster(contents_) == nullptr) {
        Status<> founded =
            found_cluster(settings_, layout_, *store_, *sealing_key_, control_, clock_, random_);
        if (!founded) {
            return founded;
        }
        if (Status<> loaded = load_contents(); !loaded) {
            return loaded;
        }
    }
    Result<Bytes> recovery = recovery_key(config_.cluster);
    if (!recovery) {
        return std::move(recovery).error();
    }
    if (Status<> sealed = seal_membership(); !sealed) {
        return sealed;
    }
    catalogue_.emplace();
    for (const std::string& sentence : catalogue_->load(contents_)) {
        observe::error("catalogue.key_left_out", {{"reason", sentence}});
    }
    inventory_.load(contents_);
    key_book_.load(contents_);
    const cloudhsm::ManagerParts parts{control_,      *store_, inventory_, key_book_,
                                       *sealing_key_, clock_,  life_,      random_};
    clusters_.emplace(manager_options(settings_, layout_, *std::move(recovery)), parts);
    const kms::KeyStoreJobs::Parts jobs{*store_, *catalogue_, *clusters_, *sealing_key_, clock_, random_};
    key_store_jobs_.emplace(jobs);
    store_->observe([this](const store::Change& change) {
        catalogue_->apply(change);
        inventory_.apply(change);
        key_book_.apply(change);
        key_store_jobs_->apply(change);
    });
    auto options = cluster_options(settings_, layout_, contents_);
    if (!options) {
        return std::move(options).error();
    }
    auto cluster = cluster::Cluster::make(control_, *std::move(options), clock_, random_);
    if (!cluster) {
        return std::move(cluster).error();
    }
    cluster_ = *std::move(cluster);
    return done;
}

Status<> Service::start_cluster() {
    cluster_->start();
    clusters_->start();
    key_store_jobs_->start();
    std::optional<Status<>> serving = run_control(cluster_->wait_serving(1, clock_.mono() + kFirstAdmission));
    if (serving && *serving) {
        return done;
    }
    std::string reasons;
    for (const cluster::MemberView& member : cluster_->members()) {
        const bool no_pin = member.failure && member.failure->code == Errc::pin_refused;
        reasons += fmt::format("\n  {}: {}{}{}{}", member.hsm_id, member.state,
                               member.last_error.empty() ? "" : ": ", member.last_error,
                               no_pin ? ". Restore the token or the host's state directory" : "");
    }
    return Error(Errc::no_hsm, "no HSM could be admitted:" + reasons);
}

}  // namespace claviger::app
