// HSMs whose token the configuration names no more: they are passed over until their entry is back.
#include <algorithm>

#include <boost/asio/awaitable.hpp>

#include "src/cloudhsm/manager.hpp"
#include "src/cloudhsm/state_message.hpp"
#include "src/observe/log.hpp"

namespace claviger::cloudhsm {
namespace {

using boost::asio::awaitable;

constexpr std::string_view kPlaced = "Its [[hsm]] is in the configuration again.";

bool belongs(store::HsmState state) {
    return store::is_member(state) || state == store::HsmState::unplaced;
}

}  // namespace

std::string Manager::why_unplaced(const store::CloudHsmRecord& hsm) const {
    const auto place = std::ranges::find(options_.places, hsm.place, &Place::name);
    if (hsm.place.empty()) {
        return {};
    }
    if (place == options_.places.end()) {
        return "its [[hsm]] '" + hsm.place + "' is not in the configuration: put it back.";
    }
    const auto token = parts_.inventory.token(hsm.id);
    if (token && token->serial == place->serial) {
        return {};
    }
    // A file that cannot be read may tell of it.
    const Result<std::string> claimed = claimed_serial(hsm.id);
    const std::string taken = claimed ? *claimed : token ? token->serial : std::string();
    if (!taken.empty() && taken != place->serial) {
        return "its [[hsm]] '" + hsm.place + "' names another serial: put " + taken + " back.";
    }
    return {};
}

Result<std::string> Manager::claimed_serial(const HsmId& id) const {
    return cluster::claimed_serial(options_.hsm_directory / id.value());
}

bool Manager::has_host(const store::CloudHsmRecord& hsm) const {
    return belongs(hsm.state) && state_before(hsm.state_message) != store::HsmState::create_in_progress &&
           why_unplaced(hsm).empty();
}

bool Manager::failed_last(const std::string& place) const {
    const std::lock_guard lock(mutex_);
    return failed_places_.contains(place);
}

void Manager::note_attempt(const std::string& place, bool good) {
    const std::lock_guard lock(mutex_);
    if (good) {
        failed_places_.erase(place);
    } else {
        failed_places_.insert(place);
    }
}

// Once for a process: its configuration stays.
awaitable<Status<>> Manager::note_places() {
    Status<> noted = done;
    for (const ClusterPtr& view : parts_.inventory.clusters()) {
        for (const Hsm& hsm : view->hsms) {
            const std::string why = why_unplaced(hsm.record);
            const bool noted_so =
                hsm.record.state == store::HsmState::unplaced && hsm.record.state_message.starts_with(why);
            const bool back = noted_so && why.empty();
            const bool lost = !noted_so && !why.empty() && belongs(hsm.record.state);
            if ((back || lost) && noted) {
                noted = co_await note_place(hsm.record, why);
            }
        }
    }
    co_return noted;
}

awaitable<Status<>> Manager::note_place(store::CloudHsmRecord hsm, std::string why) {
    const store::HsmState before = state_before(hsm.state_message);
    store::HsmState state = store::HsmState::unplaced;
    std::string message = unplaced_message(why, hsm.state_message);
    if (why.empty()) {
        state = before;
        message = store::is_member(before) && before != store::HsmState::active ? pin_message(hsm, before)
                                                                                : std::string(kPlaced);
    }
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) -> Status<> {
        auto row = txn.cloudhsm_hsm(hsm.id);
        if (!row) {
            return std::move(row).error();
        }
        if (!*row || (*row)->state != hsm.state) {
            return done;  // a request came first
        }
        (*row)->state = state;
        (*row)->state_message = message;
        return txn.put(**std::move(row));
    };
    const Status<> noted = co_await commit_patiently(std::move(work));
    if (!why.empty()) {
        observe::error("cloudhsm.hsm_unplaced", {{"hsm", hsm.id.value()}, {"reason", why}});
    }
    take_up(hsm.id);  // where it is to be made still
    co_return noted;
}

}  // namespace claviger::cloudhsm
