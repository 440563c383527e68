// The user PINs of a cluster's tokens: tried, set to a password, drawn anew, given back by the officer.
#include <algorithm>

#include <boost/asio/awaitable.hpp>

#include "src/cloudhsm/known_pins.hpp"
#include "src/cloudhsm/manager.hpp"
#include "src/cloudhsm/state_message.hpp"
#include "src/observe/log.hpp"

namespace claviger::cloudhsm {
namespace {

using boost::asio::awaitable;

constexpr std::string_view kPinKnown = "The user PIN is known again.";

// Only what a token said of a PIN counts against it; a host that is away, or late, says nothing.
store::HsmState state_of(const cluster::MemberView& member, store::HsmState before) {
    if (member.process != 0) {
        return store::HsmState::active;
    }
    switch (member.failure ? cluster::why_refused(*member.failure) : cluster::LoginRefusal::none) {
        case cluster::LoginRefusal::wrong:
        case cluster::LoginRefusal::not_set:
        case cluster::LoginRefusal::warned: return store::HsmState::pin_unknown;
        case cluster::LoginRefusal::locked: return store::HsmState::pin_locked;
        case cluster::LoginRefusal::another_user:
        case cluster::LoginRefusal::none: break;
    }
    return before;
}

}  // namespace

// The one command that mends it is the one that can call its officer.
std::string Manager::pin_message(const store::CloudHsmRecord& hsm, store::HsmState state) const {
    if (state == store::HsmState::active) {
        return std::string(kPinKnown);
    }
    const std::string command = hsm_options(hsm).officer_is_asked()
                                    ? "claviger cloudhsm hsm enroll --hsm-id " + hsm.id.value()
                                    : "claviger cloudhsm user change-password";
    std::string message(state == store::HsmState::pin_locked ? kPinLocked : kPinUnknown);
    message += state == store::HsmState::pin_locked
                   ? command + " unlocks the token and gives it another."
                   : "the token refuses, or warns of, the one that its host keeps. " + command +
                         " gives it another.";
    return message;
}

bool Manager::serves(const store::CloudHsmRecord& hsm) {
    const cluster::Cluster* const running = cluster(hsm.cluster);
    const std::vector<cluster::MemberView> members =
        running == nullptr ? std::vector<cluster::MemberView>{} : running->members();
    const auto member = std::ranges::find(members, hsm.id.value(), &cluster::MemberView::hsm_id);
    return member != members.end() && member->process != 0;
}

awaitable<Status<>> Manager::note_pins(ClusterId id) {
    const cluster::Cluster* const running = cluster(id);
    const ClusterPtr view = parts_.inventory.cluster(id);
    if (running == nullptr || view == nullptr) {
        co_return done;
    }
    Status<> noted = done;
    for (const cluster::MemberView& member : running->members()) {
        const auto hsm =
            std::ranges::find(view->hsms, member.hsm_id,
                              [](const Hsm& one) -> const std::string& { return one.record.id.value(); });
        if (hsm != view->hsms.end() && store::is_member(hsm->record.state) && noted) {
            const store::HsmState state = state_of(member, hsm->record.state);
            noted = co_await note_pin(hsm->record, state);
        }
    }
    co_return noted;
}

awaitable<Status<>> Manager::note_pin(const store::CloudHsmRecord& hsm, store::HsmState state) {
    if (hsm.state == state || !store::is_member(hsm.state)) {
        co_return done;
    }
    std::string message = pin_message(hsm, state);
    if (state != store::HsmState::active && hsm.state_message.ends_with(kNotSigned)) {
        message.append(" ").append(kNotSigned);
    }
    bool changed = false;
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) -> Status<> {
        auto row = txn.cloudhsm_hsm(hsm.id);
        if (!row) {
            return std::move(row).error();
        }
        if (!*row || (*row)->state != hsm.state) {
            return done;
        }
        changed = true;
        (*row)->state = state;
        (*row)->state_message = message;
        return txn.put(**std::move(row));
    };
    const Status<> noted = co_await commit(std::move(work));
    if (noted && changed) {
        const auto level = state == store::HsmState::active ? observe::Level::info : observe::Level::warn;
        observe::log(level, "cloudhsm.user_pin", {{"hsm", hsm.id.value()}, {"state", message}});
    }
    co_return noted;
}

awaitable<Status<>> Manager::refuse_deletion(const store::CloudHsmRecord& hsm, std::string_view why) {
    store::HsmState state = state_before(hsm.state_message);
    std::string before = state == store::HsmState::active ? std::string() : pin_message(hsm, state);
    if (const std::string unplaced = why_unplaced(hsm); !unplaced.empty()) {
        before = unplaced_message(unplaced, before);
        state = store::HsmState::unplaced;
    }
    std::string message = before.empty() ? std::string(why) : before + " " + std::string(why);
    const Status<> told = co_await set_state(hsm.id, state, std::move(message));
    if (!told) {
        co_return told;
    }
    co_return co_await note_pins(hsm.cluster);  // a login may have told more since
}

awaitable<Result<bool>> Manager::user_pin_is_lost(const store::CloudHsmRecord& hsm) {
    if (hsm.state != store::HsmState::active) {
        co_return store::is_member(hsm.state);
    }
    cluster::Cluster* const running = cluster(hsm.cluster);
    if (running == nullptr) {
        co_return Error(Errc::no_hsm, "its host does not run");
    }
    const Result<cluster::UserPin> told = co_await running->user_pin(hsm.id.value());
    if (!told) {
        co_return told.error();
    }
    co_return told->locked || !told->kept;
}

awaitable<Status<>> Manager::try_pin(const store::CloudHsmRecord& hsm, const SecretBytes& pin,
                                     cluster::PinGuess guess) {
    cluster::HsmOptions options = hsm_options(hsm);
    cluster::Site where = site();
    SecretBytes once = pin.clone();
    co_return co_await cluster::try_user_pin(std::move(where), std::move(options), std::move(once), guess);
}

awaitable<Status<>> Manager::set_known_pins(ClusterId id, std::set<HsmId> hsms) {
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) -> Status<> {
        const auto before = read_known_pins(txn, id);
        if (!before) {
            return before.error();
        }
        if (*before == hsms) {
            return done;
        }
        return write_known_pins(txn, id, hsms);
    };
    co_return co_await commit(std::move(work));
}

awaitable<Status<>> Manager::draw_missed_pins(ClusterId id) {
    std::set<HsmId> known;
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) -> Status<> {
        auto read = read_known_pins(txn, id);
        if (!read) {
            return std::move(read).error();
        }
        known = *std::move(read);
        return done;
    };
    if (Status<> read = co_await commit(std::move(work)); !read || known.empty()) {
        co_return read;
    }
    Status<> outcome = done;
    for (const cluster::MemberView& member : cluster(id)->members()) {
        const HsmId hsm(member.hsm_id);
        if (member.process == 0 || !known.contains(hsm)) {
            continue;
        }
        SecretBytes drawn_by_token;
        Status<> drawn = co_await cluster(id)->set_user_pin(member.hsm_id, std::move(drawn_by_token));
        if (drawn) {
            known.erase(hsm);
            observe::info("cloudhsm.pin_rotated_late", {{"hsm", hsm.value()}});
        } else {
            outcome = std::move(drawn);
        }
    }
    std::erase_if(known, [&](const HsmId& hsm) { return !parts_.inventory.hsm(hsm); });
    const Status<> recorded = co_await set_known_pins(id, std::move(known));
    co_return outcome ? recorded : outcome;
}

// The host of an HSM changes the PIN that it keeps; where the token refuses that one, the officer sets a new
// one.
awaitable<Status<>> Manager::set_user_password(ClusterId id, SecretBytes password) {
    const Lease::Held held = co_await lease(id).take();
    const ClusterPtr before = parts_.inventory.cluster(id);
    if (before->members() == 0) {
        co_return Error(Errc::no_hsm, "The cluster has no ACTIVE HSM: create one first.");
    }
    // Hosts that were logged out run for this, and are ended again.
    if (before->record.logged_out) {
        if (const Status<> up = co_await raise(id); !up && up.error().code != Errc::pin_refused) {
            const Status<> down = co_await lower(id);
            static_cast<void>(down);  // why they did not come up is the one to tell
            co_return up;
        }
    }
    const Result<cluster::Cluster*> running = open_cluster(id);
    if (!running) {
        co_return running.error();
    }
    const std::vector<cluster::MemberView> members = (*running)->members();
    Status<> outcome = done;
    std::vector<HsmId> refused;
    for (const Hsm& hsm : before->hsms) {
        const std::string& name = hsm.record.id.value();
        if (!store::is_member(hsm.record.state) || !outcome) {
            continue;
        }
        const auto member = std::ranges::find(members, name, &cluster::MemberView::hsm_id);
        const store::HsmState state =
            member == members.end() ? hsm.record.state : state_of(*member, hsm.record.state);
        if (state != store::HsmState::active) {
            refused.push_back(hsm.record.id);
        } else {
            outcome = co_await (*running)->set_user_pin(name, password.clone());
            if (!outcome && outcome.error().code == Errc::pin_refused) {
                refused.push_back(hsm.record.id);  // it serves with a PIN that was changed, or locked, since
                outcome = done;
            }
        }
    }
    if (before->record.logged_out) {
        const Status<> down = co_await lower(id);
        outcome = outcome ? down : outcome;
    }
    for (const HsmId& hsm : refused) {
        if (outcome) {
            auto officer = officer_pin(hsm);
            if (officer) {
                outcome = co_await reset_user_pin(hsm, password, *std::move(officer));
            } else {
                outcome = officer.error();
            }
        }
    }
    co_return outcome;
}

awaitable<Status<>> Manager::reset_user_pin(HsmId id, const SecretBytes& password, SecretBytes officer_pin) {
    const auto hsm = parts_.inventory.hsm(id);
    if (!hsm) {
        co_return Error(Errc::not_found, id.value());
    }
    cluster::HsmOptions options = hsm_options(*hsm);
    if (options.officer_is_asked() && officer_pin.empty()) {
        co_return Error(Errc::conflict,
                        "The officer of " + id.value() +
                            " must give its token a user PIN first: claviger cloudhsm hsm enroll "
                            "--hsm-id " +
                            id.value() + ".");
    }
    cluster::Cluster* const running = cluster(hsm->cluster);
    const Status<> removed = co_await running->remove(id.value());  // not_found: its host does not run
    cluster::Site where = site();
    const Status<> set = co_await cluster::reset_user_pin(std::move(where), std::move(options),
                                                          std::move(officer_pin), password.clone());
    observe::warn("cloudhsm.user_pin_reset", {{"hsm", id.value()}, {"good", set ? "yes" : "no"}});
    if (set) {
        const Status<> noted = co_await note_pin(*hsm, store::HsmState::active);
        static_cast<void>(noted);  // the keeper looks again
    }
    const Status<> back = removed ? running->add(hsm_options(*hsm)) : removed;
    co_return set&& removed ? back : set;
}

}  // namespace claviger::cloudhsm
