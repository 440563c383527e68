// HSMs whose officer's PIN only people know (officer = "operator"): they wait until somebody types it.
#include <boost/asio/awaitable.hpp>

#include "src/cloudhsm/manager.hpp"
#include "src/cloudhsm/operator_record.hpp"
#include "src/observe/log.hpp"

namespace claviger::cloudhsm {
namespace {

using boost::asio::awaitable;

// Free again when it goes.
class JobName {
public:
    JobName(std::set<std::string>& jobs, std::string name) : jobs_(jobs), name_(std::move(name)) {}
    ~JobName() { jobs_.erase(name_); }
    JobName(const JobName&) = delete;  // one name, freed once
    JobName& operator=(const JobName&) = delete;

private:
    std::set<std::string>& jobs_;
    const std::string name_;
};

constexpr std::string_view kGiven = "The officer's PIN was given; the HSM is being made.";

}  // namespace

awaitable<Status<>> Manager::wait_for_officer(HsmId id) {
    observe::warn("cloudhsm.waiting_for_officer",
                  {{"hsm", id.value()}, {"do", "claviger cloudhsm hsm enroll --hsm-id " + id.value()}});
    std::string message(kWaitingForOfficer);
    co_return co_await set_state(id, store::HsmState::create_in_progress, std::move(message));
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
            (*row)->state_message = kGiven;
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
    const bool made = store::is_member(hsm->state);
    const bool waits =
        hsm->state == store::HsmState::create_in_progress && hsm->state_message == kWaitingForOfficer;
    const bool pin_is_lost = made && hsm->state != store::HsmState::active;
    if (!hsm_options(*hsm).officer_is_asked() || (!waits && !pin_is_lost)) {
        co_return Error(Errc::conflict, id.value() + " does not wait for its officer.");
    }
    if (officer_pin.size() > cluster::kLongestPin) {
        co_return Error(Errc::bad_config, "That is longer than any PIN.");
    }
    if (Status<> claimed = co_await claim_for_officer(*hsm, made); !claimed) {
        co_return claimed;
    }
    if (waits) {
        if (!jobs_.insert(id.value()).second) {
            co_return Error(Errc::conflict, id.value() + " is being looked at: try again.");
        }
        const JobName named(jobs_, id.value());
        Work making = create_hsm(id, std::move(officer_pin));
        co_return co_await once_served(hsm->cluster, std::move(making));
    }
    const Lease::Held held = co_await lease(hsm->cluster).take();
    const Result<cluster::Cluster*> running = open_cluster(hsm->cluster);
    if (!running) {
        co_return running.error();
    }
    const SecretBytes drawn_by_token;
    co_return co_await reset_user_pin(id, drawn_by_token, std::move(officer_pin));
}

}  // namespace claviger::cloudhsm
