// The jobs of a Manager that make, certify and wipe tokens.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include <boost/asio/awaitable.hpp>

#include <claviger/cluster/certificates.hpp>

#include "src/cloudhsm/manager.hpp"
#include "src/cloudhsm/vault_file.hpp"
#include "src/observe/log.hpp"

namespace claviger::cloudhsm {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using namespace std::chrono_literals;

constexpr std::string_view kHsmTable = "hsms";
constexpr auto kAdmission = 15s;
constexpr std::string_view kCreated = "HSM created.";
constexpr std::string_view kNotCreated = "HSM creation failed. Please delete this HSM and try again.";
// After a refused DeleteHsm; its next one knows by the second that it is the next.
constexpr std::string_view kNoBackup =
    "The HSM was not deleted: no backup of the cluster could be made. Try again.";
constexpr std::string_view kNotSigned =
    "The HSM was not deleted: it could not sign a backup of the cluster. Try again; a second DeleteHsm "
    "deletes it "
    "without one if it still cannot.";

bool is_of_the_disk(const Error& error) noexcept {
    return error.code == Errc::io_error || error.code == Errc::integrity;
}

Status<> remove_directory(const std::filesystem::path& directory) {
    std::error_code error;
    std::filesystem::remove_all(directory, error);
    if (error) {
        return Error(Errc::io_error, directory.string() + ": cannot remove: " + error.message());
    }
    return done;
}

}  // namespace

cluster::ClusterFacts facts_of(const store::ClusterRecord& row) {
    return {row.lineage_id().value(),
            row.cwk_generation,
            row.recovery_public,
            row.recovery_bundle,
            row.check_token,
            row.identity_token,
            row.sealed() ? cluster::MembershipRule::sealed : cluster::MembershipRule::open};
}

cluster::Site Manager::site() const {
    return {parts_.control, options_.host_program, parts_.clock, parts_.random};
}

cluster::HsmOptions Manager::hsm_options(const store::CloudHsmRecord& hsm) const {
    cluster::HsmOptions options;
    options.hsm_id = hsm.id.value();
    options.zone = hsm.zone;
    options.state_dir = options_.hsm_directory / hsm.id.value();
    options.module = options_.soft_module;
    options.host_arguments = options_.host_arguments;
    const auto token = parts_.inventory.token(hsm.id);
    if (token) {
        options.serial = token->serial;
    }
    const auto place = std::ranges::find(options_.places, hsm.place, &Place::name);
    if (place != options_.places.end()) {
        options.module = place->module;
        options.accept_weak_module = place->accept_weak_module;
        // An HSM that was made before the operator named a token stays what it is.
        if (!place->serial.empty() && (!token || token->serial == place->serial)) {
            options.serial = place->serial;
            options.officer_pin_file = place->officer_pin_file;
            options.host_arguments.insert(options.host_arguments.end(), {"--token-files", "none"});
        }
    }
    const std::string residency[] = {"--residency", "token", "--key-arn", options_.key_arn};
    options.host_arguments.insert(options.host_arguments.end(), std::begin(residency), std::end(residency));
    return options;
}

// The vault of "cluster-abc" is "vault-abc", in the directory "abc".
cluster::HsmOptions Manager::vault_options(const ClusterId& lineage) const {
    cluster::HsmOptions options;
    const std::string name = lineage.value().substr(lineage.value().find('-') + 1);
    options.hsm_id = "vault-" + name;
    options.zone = "vault";
    options.state_dir = options_.vault_directory / name;
    options.module = options_.vault_module;
    options.host_arguments = options_.host_arguments;
    if (const auto token = parts_.inventory.token(HsmId(options.hsm_id))) {
        options.serial = token->serial;
    }
    return options;
}

Result<SecretBytes> Manager::officer_pin(const HsmId& id) const {
    const auto token = parts_.inventory.token(id);
    if (!token) {
        return Error(Errc::not_found, id.value() + " has no token yet");
    }
    return store::open_secret(parts_.sealing_key, kHsmTable, id.value(), token->sealed_officer_pin);
}

Result<store::HsmRecord> Manager::seal_token(const cluster::FoundedHsm& made,
                                             const ClusterId& cluster) const {
    store::HsmRecord record;
    record.id = HsmId(made.hsm_id);
    record.cluster = cluster;
    record.zone = made.zone;
    record.serial = made.serial;
    record.state = "ACTIVE";
    auto sealed =
        store::seal_secret(parts_.sealing_key, parts_.random, kHsmTable, made.hsm_id, made.officer_pin);
    if (!sealed) {
        return std::move(sealed).error();
    }
    record.sealed_officer_pin = *std::move(sealed);
    return record;
}

awaitable<Status<>> Manager::create_hsm(HsmId id) {
    const auto hsm = parts_.inventory.hsm(id);
    if (!hsm) {
        co_return Error(Errc::not_found, id.value());
    }
    const Lease::Held held = co_await lease(hsm->cluster).take();
    const ClusterPtr view = parts_.inventory.cluster(hsm->cluster);
    Status<> made = done;
    if (!parts_.inventory.token(id)) {
        // What an earlier attempt left is of no cluster: nothing of it was recorded. A token that exists is
        // made empty again when it is taken, and its directory says that it may be.
        if (hsm_options(*hsm).officer_pin_file.empty()) {
            made = remove_directory(options_.hsm_directory / id.value());
        }
        if (made) {
            const auto facts = parts_.inventory.facts(hsm->cluster);
            if (facts) {
                made = co_await join(*hsm, *view, *facts);
            } else {
                made = co_await make_first(*hsm, *view);
            }
        }
    }
    if (made && waiting_.contains(id)) {
        co_return done;  // take_recovery_answer() goes on
    }
    co_return co_await finish_create(*hsm, std::move(made));
}

// The token is made and recorded, or `made` says why not: the HSM serves before its row says ACTIVE.
awaitable<Status<>> Manager::finish_create(store::CloudHsmRecord hsm, Status<> made) {
    const HsmId id = hsm.id;
    const ClusterPtr view = parts_.inventory.cluster(hsm.cluster);
    if (made && !view->certificate_pem.empty() && !view->record.logged_out) {
        made = co_await serve(hsm);
        if (made) {
            made = co_await settle_joined(hsm.cluster, id);  // it holds every key before it is ACTIVE
        }
    }
    if (!made && stopping_) {
        co_return made;  // its hosts are being ended: what failed is no verdict on it
    }
    if (cluster::Cluster* const running = cluster(hsm.cluster); running != nullptr && !made) {
        const Status<> removed = co_await running->remove(id.value());
        static_cast<void>(removed);  // not_found: it never served
    }
    const store::HsmState state = made ? store::HsmState::active : store::HsmState::degraded;
    std::string message(made ? kCreated : kNotCreated);
    if (!made && !hsm_options(hsm).officer_pin_file.empty()) {
        message = made.error().detail + ". " + message;  // somebody chose this token: he should read why
    }
    const Status<> told = co_await set_state(id, state, std::move(message));
    if (made) {
        observe::info("cloudhsm.hsm_created", {{"hsm", id.value()}, {"cluster", hsm.cluster.value()}});
        if (view->record.state == store::ClusterState::active) {
            const Result<BackupId> begun = co_await begin_backup(hsm.cluster);
            if (begun) {
                take_up(*begun);
            }
        }
    }
    co_return made ? told : made;
}

// Tokens, recovery key, wrapping key, identity: recorded in one transaction, or not at all.
awaitable<Status<>> Manager::make_first(const store::CloudHsmRecord& hsm, const ClusterView& cluster) {
    const ClusterId id = cluster.record.id;
    cluster::FirstHsmOptions options;
    options.cluster_id = id.value();
    options.membership = options_.membership;
    options.hsm = hsm_options(hsm);
    options.recovery.public_key = options_.recovery_public;
    if (options_.recovery_public.empty()) {
        options.recovery.vault = vault_options(id);
        if (Status<> clear = remove_directory(options.recovery.vault->state_dir); !clear) {
            co_return clear;
        }
    }
    options.organization = "Claviger";
    options.organizational_unit = options_.unit;
    cluster::Site where = site();
    Result<cluster::FirstHsm> made = co_await cluster::make_first_hsm(std::move(where), std::move(options));
    if (!made) {
        co_return made.error();
    }
    const auto hardware = cluster::simulate_hardware(made->request, hsm.id.value(), parts_.clock.wall());
    const auto token = seal_token(made->hsm, id);
    const auto vault = made->vault ? seal_token(*made->vault, ClusterId()) : store::HsmRecord{};
    if (!hardware || !token || !vault) {
        co_return !hardware ? hardware.error() : !token ? token.error() : vault.error();
    }
    if (made->vault) {
        // It is complete by itself: who has its directory and the sealing key can use it without this store.
        const Status<> kept = keep_vault(vault_options(id).state_dir, *vault);
        if (!kept) {
            co_return kept;
        }
    }
    store::ClusterRecord facts;
    facts.id = id;
    facts.state = "ACTIVE";
    facts.cwk_generation = made->facts.cwk_generation;
    facts.recovery_bundle = made->facts.recovery_bundle;
    facts.recovery_public = made->facts.recovery_public;
    facts.check_token = made->facts.check_token;
    facts.identity_token = made->facts.identity_token;
    if (made->facts.membership == cluster::MembershipRule::sealed) {
        facts.membership = store::ClusterRecord::kSealed;
    }
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) -> Status<> {
        auto row = txn.cloudhsm_cluster(id);
        if (!row || !*row) {
            return row ? Error(Errc::not_found, id.value()) : std::move(row).error();
        }
        (*row)->csr_pem = cluster::request_pem(made->request);
        (*row)->hsm_certificate_pem = hardware->hsm;
        (*row)->aws_hardware_pem = hardware->aws_hardware;
        (*row)->manufacturer_hardware_pem = hardware->manufacturer_hardware;
        Status<> put = txn.put(**std::move(row));
        put = put ? txn.put(facts) : put;
        put = put ? txn.put(*token) : put;
        if (!put || !made->vault) {
            return put;
        }
        // A vault's directory was made anew, so its row may be there from an attempt before.
        const auto former = txn.hsm(vault->id);
        store::HsmRecord vault_row = *vault;
        vault_row.version = former && *former ? (*former)->version : 0;
        return txn.put(std::move(vault_row));
    };
    co_return co_await commit(std::move(work));
}

// Members that can be asked, ACTIVE or in the state `also`: those that serve before those whose host is
// started for it.
std::vector<cluster::KeySource> Manager::member_sources(const ClusterView& view, store::HsmState also) const {
    std::vector<cluster::KeySource> sources;
    for (const Hsm& hsm : view.hsms) {
        if (hsm.record.state == store::HsmState::active ||
            (hsm.record.state == also && !hsm.serial.empty())) {
            sources.emplace_back().token = hsm_options(hsm.record);
        }
    }
    if (cluster::Cluster* const running = cluster(view.record.id)) {
        for (const cluster::MemberView& member : running->members()) {
            const auto source = std::ranges::find(
                sources, member.hsm_id, [](const cluster::KeySource& one) { return one.token.hsm_id; });
            if (member.process != 0 && source != sources.end()) {
                source->host = static_cast<pid_t>(member.process);
            }
        }
    }
    std::ranges::stable_partition(sources,
                                  [](const cluster::KeySource& one) { return one.host.has_value(); });
    return sources;
}

// Who hands over the wrapping key, in the order they are asked: members if the cluster is open, then the
// vault.
Result<std::vector<cluster::KeySource>> Manager::key_sources(const ClusterView& view,
                                                             const store::ClusterRecord& row) const {
    std::vector<cluster::KeySource> sources;
    if (!row.sealed()) {
        sources = member_sources(view, store::HsmState::active);
    }
    if (has_vault(row.lineage_id())) {
        cluster::KeySource& vault = sources.emplace_back();
        vault.kind = cluster::KeySource::Kind::vault;
        vault.token = vault_options(row.lineage_id());
    }
    for (cluster::KeySource& source : sources) {
        auto pin = officer_pin(HsmId(source.token.hsm_id));
        if (!pin) {
            return std::move(pin).error();
        }
        source.officer_pin = *std::move(pin);
    }
    return sources;
}

awaitable<Status<>> Manager::record_token(const cluster::FoundedHsm& made, const ClusterId& cluster) {
    auto token = seal_token(made, cluster);
    if (!token) {
        co_return std::move(token).error();
    }
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) { return txn.put(*token); };
    co_return co_await commit(std::move(work));
}

awaitable<Status<>> Manager::join(const store::CloudHsmRecord& hsm, const ClusterView& view,
                                  const store::ClusterRecord& row) {
    auto sources = key_sources(view, row);
    if (!sources) {
        co_return std::move(sources).error();
    }
    if (sources->empty()) {
        co_return co_await wait_for_recovery(hsm, row);
    }
    cluster::ClusterFacts facts = facts_of(row);
    cluster::HsmOptions options = hsm_options(hsm);
    cluster::Site where = site();
    std::vector<cluster::KeySource> from = *std::move(sources);
    std::string certificate = row.certificate_pem;
    const Result<cluster::FoundedHsm> joined = co_await cluster::join_hsm(
        std::move(where), std::move(facts), std::move(certificate), std::move(options), std::move(from));
    if (!joined) {
        co_return joined.error();
    }
    co_return co_await record_token(*joined, view.record.id);
}

// Into the running cluster, and admitted: only then may its row say ACTIVE.
awaitable<Status<>> Manager::serve(const store::CloudHsmRecord& hsm) {
    const Result<cluster::Cluster*> running = open_cluster(hsm.cluster);
    if (!running) {
        co_return running.error();
    }
    const auto serves = [&] {
        const auto members = (*running)->members();
        return std::ranges::any_of(members, [&](const cluster::MemberView& member) {
            return member.hsm_id == hsm.id.value() && member.state == "serving";
        });
    };
    if (Status<> added = (*running)->add(hsm_options(hsm)); !added) {
        co_return added;
    }
    // After a restart others are being admitted, too.
    const MonoTime until = parts_.clock.mono() + kAdmission;
    Status<> admitted = done;
    while (admitted && !serves()) {
        admitted = co_await (*running)->wait_serving((*running)->serving() + 1, until);
    }
    if (serves()) {
        admitted = done;
    }
    if (!admitted) {
        const Status<> removed = co_await (*running)->remove(hsm.id.value());
        static_cast<void>(removed);  // the reason it was not admitted is the one to tell
    }
    co_return admitted;
}

awaitable<Status<>> Manager::initialize(ClusterId id) {
    const Lease::Held held = co_await lease(id).take();
    const auto row = parts_.inventory.facts(id);
    const ClusterPtr view = parts_.inventory.cluster(id);
    if (!row || view->hsms.empty()) {
        co_return Error(Errc::not_found, id.value() + " has no HSM");
    }
    cluster::ClusterFacts facts = facts_of(*row);
    const store::CloudHsmRecord hsm = view->hsms.front().record;
    cluster::HsmOptions options = hsm_options(hsm);
    cluster::Site where = site();
    std::string certificate = row->certificate_pem;
    Status<> status = co_await cluster::install_certificate(std::move(where), std::move(facts),
                                                            std::move(certificate), std::move(options));
    if (status) {
        status = co_await serve(hsm);  // its admission is the live proof that it holds the certificate's key
    }
    const bool good = status.has_value();
    if (!good && stopping_) {
        co_return status;  // the next process begins anew
    }
    if (!good) {
        co_await retire_cluster(id);  // it is one of the certificate that is taken back
    }
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) -> Status<> {
        auto cluster_row = txn.cloudhsm_cluster(id);
        auto facts_row = txn.cluster(id);
        if (!cluster_row || !*cluster_row || !facts_row || !*facts_row) {
            return Error(Errc::not_found, id.value());
        }
        store::CloudHsmClusterRecord next = **std::move(cluster_row);
        next.state = good ? store::ClusterState::initialized : store::ClusterState::uninitialized;
        next.state_message =
            good ? "" : "Initialization failed: the HSM did not prove the certificate's key.";
        if (good) {
            next.csr_pem.clear();
            next.hsm_certificate_pem.clear();
            next.aws_hardware_pem.clear();
            next.manufacturer_hardware_pem.clear();
            return txn.put(std::move(next));
        }
        store::ClusterRecord back = **std::move(facts_row);
        back.certificate_pem.clear();
        back.trust_anchor_pem.clear();
        const Status<> put = txn.put(std::move(back));
        return put ? txn.put(std::move(next)) : put;
    };
    const Status<> recorded = co_await commit(std::move(work));
    co_return status ? recorded : status;
}

// Before the last HSM is wiped the backup must be there, unless it cannot sign one and is to be deleted all
// the same. Of one that never served, or of one of several, it is made if it can be.
awaitable<Status<>> Manager::back_up_before(const store::CloudHsmRecord& hsm) {
    const ClusterPtr view = parts_.inventory.cluster(hsm.cluster);
    if (view->record.state != store::ClusterState::active || !parts_.inventory.token(hsm.id)) {
        co_return done;
    }
    const Result<BackupId> begun = co_await begin_backup(hsm.cluster);
    Status<> made = begun ? Status<>(done) : Status<>(begun.error());
    if (begun) {
        made = co_await write_backup(*begun);
    }
    // While it is deleted its message is still the one of the state before.
    const bool served = !hsm.state_message.ends_with(kNotCreated);
    const bool last = std::ranges::none_of(view->hsms, [&](const Hsm& other) {
        return other.record.id != hsm.id && other.record.state == store::HsmState::active;
    });
    if (made || !served || !last) {
        co_return done;
    }
    const bool insisted = hsm.state_message == kNotSigned && !is_of_the_disk(made.error());
    co_return insisted ? Status<>(done) : made;
}

// Drained, ended, wiped, erased; an HSM that cannot be reached is deleted all the same, and its serial is
// barred.
awaitable<Status<>> Manager::delete_hsm(HsmId id) {
    const auto hsm = parts_.inventory.hsm(id);
    if (!hsm) {
        co_return done;
    }
    const Lease::Held held = co_await lease(hsm->cluster).take();
    co_await give_up_waiting(id);
    if (const Status<> kept = co_await back_up_before(*hsm); !kept) {
        if (stopping_) {
            co_return kept;  // the next process begins anew
        }
        std::string message(is_of_the_disk(kept.error()) ? kNoBackup : kNotSigned);
        const Status<> told = co_await set_state(id, store::HsmState::active, std::move(message));
        co_return told ? kept : told;
    }
    if (cluster::Cluster* const running = cluster(hsm->cluster)) {
        const Status<> removed = co_await running->remove(id.value());
        static_cast<void>(removed);  // not_found: it never served
    }
    const auto token = parts_.inventory.token(id);
    const bool taken_in_part = !token && cluster::is_claimed(hsm_options(*hsm));
    Status<> wiped = done;
    if (token || taken_in_part) {
        auto pin = token ? officer_pin(id) : Result<SecretBytes>(SecretBytes());
        if (pin) {
            cluster::HsmOptions options = hsm_options(*hsm);
            cluster::Site where = site();
            SecretBytes opened = *std::move(pin);
            wiped = co_await cluster::wipe_hsm(std::move(where), std::move(options), std::move(opened));
        } else {
            wiped = pin.error();
        }
    }
    if (!wiped && stopping_) {
        co_return wiped;  // the next process begins anew
    }
    if (!wiped) {
        observe::error("cloudhsm.hsm_not_wiped", {{"hsm", id.value()},
                                                  {"reason", wiped.error().describe()},
                                                  {"do", "rekey the cluster if the token is not destroyed"}});
    }
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) -> Status<> {
        Status<> erased = txn.erase_hsm(id);
        if (erased && !wiped && token) {
            store::HsmRecord barred = *token;
            barred.state = "NOT WIPED";
            barred.version = 0;
            return txn.put(std::move(barred));
        }
        return erased;
    };
    const Status<> erased = co_await commit(std::move(work));
    // Last: until then it tells whoever begins anew that the token was ours and is wiped.
    co_return erased&& wiped ? remove_directory(options_.hsm_directory / id.value()) : erased;
}

}  // namespace claviger::cloudhsm
