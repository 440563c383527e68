// HSMs whose officer's PIN only people know (officer = "operator"): they wait until somebody types it.
#include <boost/asio/awaitable.hpp>

#include "src/cloudhsm/manager.hpp"
#include "src/cloudhsm/operator_record.hpp"
#include "src/cloudhsm/state_message.hpp"
#include "src/observe/log.hpp"

namespace claviger::cloudhsm {
namespace {

using boost::asio::awaitable;

constexpr std::string_view kGiven = "The officer's PIN was given; the HSM is being made.";

}  // namespace

awaitable<Status<>> Manager::wait_for_officer(HsmId id) {
    observe::warn("cloudhsm.waiting_for_officer",
                  {{"hsm", id.value()}, {"do", "claviger cloudhsm hsm enroll --hsm-id " + id.value()}});
    // Not where DeleteHsm has come first.
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) -> Status<> {
        auto row = txn.cloudhsm_hsm(id);
        if (!row) {
            return std::move(row).error();
        }
        if (!*row || (*row)->state != store::HsmState::create_in_progress) {
            return done;
        }
        (*row)->state_message = waiting_message(kWaitingForOfficer, (*row)->state_message);
        return txn.put(**std::move(row));
    };
    co_return co_await commit_patiently(std::move(work));
}

// Recorded before the token hears of it. One that is to be made is being made from here on, so a request
// cannot delete it.
awaitable<Status<>> Manager::claim_for_officer(const store::CloudHsmRecord& hsm, bool made) {
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) -> Status<> {
        auto row = txn.cloudhsm_hsm(hsm.id);
        const ClusterPtr view = parts_.inventory.cluster(hsm.cluster);
        if (!row || !*row || (*row)->state != hsm.state || (*row)->state_message != hsm.state_message) {
            return Error(Errc::conflict, hsm.id.value() + " changed in this moment: look at it again.");
        }
        Status<> put = done;
        if (!made) {
            (*row)->state_message = waiting_message(kGiven, (*row)->state_message);
            put = txn.put(**std::move(row));
        }
        return put ? txn.audit(
                         operator_record(parts_, view->record, "HsmEnroll", {{"hsmId", hsm.id.value()}}))
                   : put;
    };
    co_return co_await commit(std::move(work));
}

awaitable<Status<>> Manager::enroll(HsmId id, SecretBytes officer_pin) {
    const auto hsm = parts_.inventory.hsm(id);
    if (!hsm) {
        co_return Error(Errc::not_found, "There is no such HSM.");
    }
    if (officer_pin.size() > cluster::kLongestPin) {
        co_return Error(Errc::bad_config, "That is longer than any PIN.");
    }
    const bool waits = waits_for_officer(*hsm);
    bool wanted = waits;
    if (!waits) {
        const Result<bool> lost = co_await user_pin_is_lost(*hsm);
        wanted = lost && *lost;
    }
    if (!wanted || !hsm_options(*hsm).officer_is_asked()) {
        co_return Error(Errc::conflict, id.value() + " does not wait for its officer.");
    }
    if (!waits) {
        const Status<> claimed = co_await claim_for_officer(*hsm, true);
        if (!claimed) {
            co_return claimed;
        }
        co_return co_await give_user_pin(id, std::move(officer_pin));
    }
    if (!jobs_.insert(id.value()).second) {
        co_return Error(Errc::conflict, id.value() + " is being looked at: try again.");
    }
    Work making = make_enrolled(*hsm, std::move(officer_pin));
    Status<> made = done;
    try {
        made = co_await std::move(making);
    } catch (const std::exception& bug) {
        made = Error(Errc::internal, bug.what());
    }
    // Here and in no destructor: a job that is suspended when the service ends outlives the manager.
    jobs_.erase(id.value());
    if (!made) {
        take_up(id);  // where it did not get to the row, the row waits again
    }
    co_return made;
}

awaitable<Status<>> Manager::make_enrolled(store::CloudHsmRecord hsm, SecretBytes officer_pin) {
    const Status<> claimed = co_await claim_for_officer(hsm, false);
    if (!claimed) {
        co_return claimed;
    }
    Work making = create_hsm(hsm.id, std::move(officer_pin));
    co_return co_await once_served(hsm.cluster, std::move(making));
}

awaitable<Status<>> Manager::give_user_pin(HsmId id, SecretBytes officer_pin) {
    const auto before = parts_.inventory.hsm(id);
    if (!before) {
        co_return Error(Errc::not_found, id.value());
    }
    const Lease::Held held = co_await lease(before->cluster).take();
    const auto hsm = parts_.inventory.hsm(id);
    if (!hsm || !store::is_member(hsm->state)) {
        co_return Error(Errc::conflict, id.value() + " changed in this moment: look at it again.");
    }
    const Result<bool> lost = co_await user_pin_is_lost(*hsm);
    if (!lost) {
        co_return lost.error();
    }
    if (!*lost) {
        co_return done;  // whoever had the lease before gave it one
    }
    const Result<cluster::Cluster*> running = open_cluster(hsm->cluster);
    if (!running) {
        co_return running.error();
    }
    const SecretBytes drawn_by_token;
    co_return co_await reset_user_pin(id, drawn_by_token, std::move(officer_pin));
}

}  // namespace claviger::cloudhsm
