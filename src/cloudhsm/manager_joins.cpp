// How a token becomes an HSM of its cluster: the first is made, others join, all are certified and admitted.
#include <algorithm>
#include <chrono>

#include <boost/asio/awaitable.hpp>

#include <claviger/cluster/certificates.hpp>

#include "src/cloudhsm/directories.hpp"
#include "src/cloudhsm/founded_rows.hpp"
#include "src/cloudhsm/manager.hpp"
#include "src/cloudhsm/vault_file.hpp"

namespace claviger::cloudhsm {
namespace {

using boost::asio::awaitable;
using namespace std::chrono_literals;

constexpr auto kAdmission = 15s;

// In the place of `former`, if there is one.
template <class Record>
Status<> put_anew(store::Txn& txn, Record record, const Result<std::optional<Record>>& former) {
    if (!former) {
        return former.error();
    }
    record.version = *former ? (*former)->version : 0;
    return txn.put(std::move(record));
}

}  // namespace

// Tokens, recovery key, wrapping key, identity: recorded in one transaction, or not at all.
awaitable<Status<>> Manager::make_first(const store::CloudHsmRecord& hsm, const ClusterView& cluster,
                                        SecretBytes officer_pin) {
    const ClusterId id = cluster.record.id;
    cluster::FirstHsmOptions options;
    options.cluster_id = id.value();
    options.membership = options_.membership;
    options.hsm = hsm_options(hsm);
    options.officer_pin = std::move(officer_pin);
    options.recovery.public_key = options_.recovery_public;
    const cluster::HsmOptions vault_here = vault_options(id);
    if (options_.recovery_public.empty()) {
        options.recovery.vault = vault_here;
    }
    const auto remove = [&] { return remove_directory(vault_here.state_dir); };
    if (Status<> clear = co_await aside_.run(remove); !clear) {
        co_return clear;
    }
    options.organization = "Claviger";
    options.organizational_unit = options_.unit;
    cluster::Site where = site();
    Result<cluster::FirstHsm> made = co_await cluster::make_first_hsm(std::move(where), std::move(options));
    if (!made) {
        co_return made.error();
    }
    const auto hardware = cluster::simulate_hardware(made->request, hsm.id.value(), parts_.clock.wall());
    const auto sealed = [&](const cluster::FoundedHsm& one, const ClusterId& of) {
        return token_row(one, of, parts_.sealing_key, parts_.random);
    };
    const auto token = sealed(made->hsm, id);
    const auto vault = made->vault ? sealed(*made->vault, ClusterId()) : store::HsmRecord{};
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
    const store::ClusterRecord facts = cluster_row(id, std::move(made->facts));
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
        // Rows of a first HSM before this one, which took everything that they tell of with it.
        put = put ? put_anew(txn, facts, txn.cluster(id)) : put;
        put = put ? put_token(txn, *token) : put;
        if (!put || !made->vault) {
            return put;
        }
        return put_anew(txn, *vault, txn.hsm(vault->id));
    };
    co_return co_await commit(std::move(work));
}

awaitable<Status<>> Manager::join(const store::CloudHsmRecord& hsm, const ClusterView& view,
                                  const store::ClusterRecord& row, SecretBytes officer_pin) {
    auto sources = key_sources(view, row);
    if (!sources) {
        co_return std::move(sources).error();
    }
    if (sources->empty()) {
        co_return co_await wait_for_recovery(hsm, row, std::move(officer_pin));
    }
    cluster::ClusterFacts facts = facts_of(row);
    cluster::HsmOptions options = hsm_options(hsm);
    cluster::Site where = site();
    std::vector<cluster::KeySource> from = *std::move(sources);
    std::string certificate = row.certificate_pem;
    const Result<cluster::FoundedHsm> joined =
        co_await cluster::join_hsm(std::move(where), std::move(facts), std::move(certificate),
                                   std::move(options), std::move(officer_pin), std::move(from));
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

}  // namespace claviger::cloudhsm
