// The jobs of a Manager for which people bring the wrapping key: where the recovery key is not on this
// machine, and no member may hand it over or none is left.
#include <algorithm>

#include <claviger/base/digest.hpp>

#include "src/cloudhsm/founded_rows.hpp"
#include "src/cloudhsm/manager.hpp"
#include "src/cloudhsm/operator_record.hpp"
#include "src/cloudhsm/state_message.hpp"
#include "src/observe/log.hpp"

namespace claviger::cloudhsm {
namespace {

using boost::asio::awaitable;

constexpr std::string_view kTaken = "The wrapping key was brought; the HSM joins.";

}  // namespace

bool Manager::has_vault(const ClusterId& lineage) const {
    const cluster::HsmOptions vault = vault_options(lineage);
    std::error_code unknown;
    return parts_.inventory.token(HsmId(vault.hsm_id)) && std::filesystem::exists(vault.state_dir, unknown);
}

awaitable<Status<>> Manager::wait_for_recovery(const store::CloudHsmRecord& hsm,
                                               const store::ClusterRecord& row, SecretBytes officer_pin) {
    std::string message = waiting_message(kWaitingForRecovery, hsm.state_message);
    // An earlier process may have left it waiting.
    std::string unfinished = waiting_message("", hsm.state_message);
    const Status<> begun =
        co_await set_state(hsm.id, store::HsmState::create_in_progress, std::move(unfinished));
    if (!begun) {
        co_return begun;
    }
    cluster::HsmOptions options = hsm_options(hsm);
    cluster::ClusterFacts facts = facts_of(row);
    cluster::Site where = site();
    auto prepared = co_await cluster::JoiningHsm::prepare(std::move(where), std::move(facts),
                                                          std::move(options), std::move(officer_pin));
    if (!prepared) {
        co_return prepared.error();
    }
    waiting_[hsm.id] = *std::move(prepared);
    observe::warn(
        "cloudhsm.waiting_for_recovery",
        {{"hsm", hsm.id.value()},
         {"cluster", hsm.cluster.value()},
         {"do", "claviger cluster recover --request FILE, and bring it to the recovery key's holder"}});
    co_return co_await set_state(hsm.id, store::HsmState::create_in_progress, std::move(message));
}

Result<RecoveryRequest> Manager::recovery_request(const std::string& hsm) const {
    const auto waiting = hsm.empty() && waiting_.size() == 1 ? waiting_.begin() : waiting_.find(HsmId(hsm));
    if (waiting == waiting_.end()) {
        std::string ids;
        for (const auto& [id, joining] : waiting_) {
            ids.append(" ").append(id.value());
        }
        return Error(Errc::not_found, ids.empty()   ? "no HSM waits for recovery"
                                      : hsm.empty() ? "several HSMs wait, name one with --hsm-id:" + ids
                                                    : hsm + " does not wait for recovery; these do:" + ids);
    }
    const auto record = parts_.inventory.hsm(waiting->first);
    const auto row = record ? parts_.inventory.facts(record->cluster) : std::nullopt;
    if (!row) {
        return Error(Errc::not_found, waiting->first.value() + " is of no cluster any more");
    }
    return RecoveryRequest{record->cluster.value(), row->lineage_id().value(),
                           row->cwk_generation,     waiting->first.value(),
                           row->recovery_public,    waiting->second->transport_public(),
                           row->recovery_bundle};
}

awaitable<Status<>> Manager::take_recovery_answer(RecoveryAnswer answer) {
    const HsmId id(answer.hsm);
    const auto waiting = waiting_.find(id);
    if (waiting == waiting_.end()) {
        co_return Error(Errc::not_found, answer.hsm + " does not wait for recovery");
    }
    if (answer.transport != to_bytes(sha256(waiting->second->transport_public()))) {
        co_return Error(
            Errc::conflict,
            "the answer is to an older question of " + answer.hsm +
                ", whose transport key is gone: claviger cluster recover --request writes the one "
                "of now");
    }
    // From here on the HSM is being created, not waiting: a request cannot delete it.
    std::function<Status<>(store::Txn&)> claim = [&](store::Txn& txn) -> Status<> {
        auto row = txn.cloudhsm_hsm(id);
        if (!row || !*row || (*row)->state != store::HsmState::create_in_progress) {
            return Error(Errc::conflict, answer.hsm + " is being deleted");
        }
        const ClusterPtr view = parts_.inventory.cluster((*row)->cluster);
        (*row)->state_message = kTaken;
        const Status<> put = txn.put(**std::move(row));
        return put ? txn.audit(
                         operator_record(parts_, view->record, "ClusterRecover", {{"hsmId", answer.hsm}}))
                   : put;
    };
    const Status<> claimed = co_await commit(std::move(claim));
    if (claimed) {
        run_job(id.value() + " recovery", finish_join(id, std::move(answer.wrapped)));
    }
    co_return claimed;
}

awaitable<Status<>> Manager::finish_join(HsmId id, Bytes wrapped) {
    const auto hsm = parts_.inventory.hsm(id);
    const Lease::Held held = co_await lease(hsm->cluster).take();
    auto node = waiting_.extract(id);
    const auto row = parts_.inventory.facts(hsm->cluster);
    if (node.empty() || !row) {
        co_return Error(Errc::not_found, id.value() + " does not wait any more");
    }
    const std::unique_ptr<cluster::JoiningHsm> joining = std::move(node.mapped());
    std::string certificate = row->certificate_pem;
    const Result<cluster::FoundedHsm> joined =
        co_await joining->accept(std::move(certificate), std::move(wrapped));
    co_await joining->close();
    if (!joined && !stopping_) {
        // The holder may bring another, to another question: what the token has of this one is made anew.
        std::string message(kNotTaken);
        const Status<> again =
            co_await set_state(id, store::HsmState::create_in_progress, std::move(message));
        take_up(id);
        co_return again ? Status<>(joined.error()) : again;
    }
    Status<> made = joined ? Status<>(done) : Status<>(joined.error());
    if (joined) {
        made = co_await record_token(*joined, hsm->cluster);
    }
    co_return co_await finish_create(*hsm, std::move(made));
}

awaitable<void> Manager::give_up_waiting(HsmId id) {
    auto node = waiting_.extract(id);
    if (!node.empty()) {
        const std::unique_ptr<cluster::JoiningHsm> joining = std::move(node.mapped());
        co_await joining->close();
    }
}

}  // namespace claviger::cloudhsm
