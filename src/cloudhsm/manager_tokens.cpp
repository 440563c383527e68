// What a Manager knows of its tokens: where they are, who their officer is, which of them hand over keys.
#include <algorithm>

#include <boost/asio/awaitable.hpp>

#include "src/cloudhsm/founded_rows.hpp"
#include "src/cloudhsm/manager.hpp"

namespace claviger::cloudhsm {
namespace {

using boost::asio::awaitable;

}  // namespace

cluster::Site Manager::site() const {
    return {parts_.control, options_.host_program, parts_.clock, parts_.random};
}

cluster::HsmOptions Manager::hsm_options(const store::CloudHsmRecord& hsm) const {
    cluster::HsmOptions options;
    options.hsm_id = hsm.id.value();
    options.zone = hsm.zone;
    options.state_dir = options_.hsm_directory / hsm.id.value();
    options.host_arguments = options_.host_arguments;
    const auto token = parts_.inventory.token(hsm.id);
    if (token) {
        options.serial = token->serial;
    }
    const auto place = std::ranges::find(options_.places, hsm.place, &Place::name);
    if (hsm.place.empty()) {
        options.module = options_.soft_module;
    } else if (place != options_.places.end()) {
        options.module = place->module;
        options.accept_weak_module = place->accept_weak_module;
        // An HSM that was made before the operator named a token stays what it is.
        if (!place->serial.empty() && (!token || token->serial == place->serial)) {
            options.serial = place->serial;
            options.existing = true;
            options.officer_pin_file = place->officer_pin_file;
            options.wipe = place->wipe;
            options.host_arguments.insert(options.host_arguments.end(), {"--token-files", "none"});
        }
    }
    const ClusterPtr view = parts_.inventory.cluster(hsm.cluster);
    const std::string region = view == nullptr ? std::string() : view->record.region;
    const std::string residency[] = {"--residency", "token", "--key-arn", key_arn_prefix(region)};
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
    return officer_pin_of(*token, parts_.sealing_key);
}

// It was found empty, whatever it held before: nothing bars it any more.
Status<> Manager::put_token(store::Txn& txn, const store::HsmRecord& token) const {
    Status<> put = txn.put(token);
    for (const HsmId& former : parts_.inventory.bars(token.serial)) {
        put = put ? txn.erase_hsm(former) : put;
    }
    return put;
}

awaitable<Status<>> Manager::record_token(const cluster::FoundedHsm& made, const ClusterId& cluster) {
    auto token = token_row(made, cluster, parts_.sealing_key, parts_.random);
    if (!token) {
        co_return std::move(token).error();
    }
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) { return put_token(txn, *token); };
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
        // It takes an officer, and nobody is asked for one who is not there.
        std::erase_if(sources, [](const cluster::KeySource& one) { return one.token.officer_is_asked(); });
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

}  // namespace claviger::cloudhsm
