// Logging in to a cluster and out of it, and the password of its crypto user.
#include <algorithm>
#include <chrono>

#include "src/cloudhsm/known_pins.hpp"
#include "src/cloudhsm/manager.hpp"
#include "src/cloudhsm/users.hpp"
#include "src/observe/log.hpp"

namespace claviger::cloudhsm {
namespace {

using boost::asio::awaitable;
using namespace std::chrono_literals;

constexpr auto kReadmission = 15s;

std::optional<LoginFailure> refusal_of(const Error& error) {
    switch (cluster::why_refused(error)) {
        case cluster::LoginRefusal::wrong: return LoginFailure::invalid_credentials;
        case cluster::LoginRefusal::locked:
        case cluster::LoginRefusal::warned: return LoginFailure::user_locked_out;
        case cluster::LoginRefusal::not_set: return LoginFailure::user_not_found;
        case cluster::LoginRefusal::another_user: return LoginFailure::user_logged_in;
        case cluster::LoginRefusal::none: break;
    }
    return std::nullopt;
}

LoginError failed(const Error& error) {
    if (const auto refused = refusal_of(error)) {
        return {*refused, error.describe()};
    }
    LoginFailure why = LoginFailure::internal_error;
    switch (error.code) {
        case Errc::no_hsm: why = LoginFailure::insufficient_hsms; break;
        case Errc::hsm_gone:
        case Errc::deadline_exceeded:
        case Errc::hsm_fault:
        case Errc::not_found:
        case Errc::io_error: why = LoginFailure::network_errors; break;
        case Errc::conflict: why = LoginFailure::user_logged_in; break;  // somebody holds the token's lock
        case Errc::internal:
        case Errc::data_invalid:
        case Errc::key_not_loaded:
        case Errc::key_fault:
        case Errc::unsupported:
        case Errc::pin_refused:
        case Errc::session_fault:
        case Errc::not_logged_in:
        case Errc::overloaded:
        case Errc::not_admitted:
        case Errc::protocol_error:
        case Errc::bad_config:
        case Errc::integrity: break;
    }
    return {why, error.describe()};
}

// No HSM was admitted: whatever a token says of itself makes it no HSM of this cluster.
LoginError not_admitted(const Error& error) {
    return error.code == Errc::integrity ? LoginError{LoginFailure::insufficient_hsms, error.describe()}
                                         : failed(error);
}

bool is_unreachable(const Error& error) noexcept {
    return error.code == Errc::hsm_gone || error.code == Errc::not_found ||
           error.code == Errc::deadline_exceeded || error.code == Errc::hsm_fault;
}

// Why none of them serves: what an HSM said, rather than that another one said nothing.
Error why_none_serves(const std::vector<cluster::MemberView>& members) {
    std::optional<Error> why;
    for (const cluster::MemberView& member : members) {
        if (member.failure && (!why || (is_unreachable(*why) && !is_unreachable(*member.failure)))) {
            why = member.failure;
            why->detail = member.hsm_id + ": " + why->detail;
        }
    }
    return why ? *std::move(why) : Error(Errc::hsm_gone, "no host of the cluster answers");
}

}  // namespace

// What must be there before anybody logs in.
Result<ClusterPtr, LoginError> Manager::connectable(const ClusterId& id) const {
    ClusterPtr view = parts_.inventory.cluster(id);
    if (!view || view->record.state == store::ClusterState::deleted) {
        return LoginError{LoginFailure::cluster_not_found, id.value()};
    }
    for (const store::Tag& subnet : view->record.subnets) {
        if (std::ranges::find(options_.subnets, subnet.value, &Subnet::id) == options_.subnets.end()) {
            return LoginError{LoginFailure::subnet_not_found, subnet.value};
        }
    }
    if (view->members() == 0) {
        return LoginError{LoginFailure::insufficient_hsms, "no HSM is ACTIVE"};
    }
    if (!view->has_user(kKmsUser)) {
        return LoginError{LoginFailure::user_not_found, "the cluster has no user kmsuser"};
    }
    return view;
}

// An HSM that joined after kmsuser got his password has a PIN of its own: the login is made where the host
// keeps this password, and only if none does, on the first HSM, whose token has the last word. Not while an
// HSM could not be asked: it may be the one.
awaitable<Result<Done, LoginError>> Manager::try_password(ClusterId id, SecretBytes password) {
    const Lease::Held held = co_await lease(id).take();
    const Result<ClusterPtr, LoginError> view = connectable(id);
    if (!view) {
        co_return view.error();
    }
    bool accepted = false;
    const Hsm* other = nullptr;
    std::optional<Error> unasked;
    for (const Hsm& hsm : (*view)->hsms) {
        if (!store::is_member(hsm.record.state)) {
            continue;
        }
        // With an empty one the flags are looked at and nothing is tried.
        const SecretBytes once = accepted ? SecretBytes() : password.clone();
        Status<> tried = co_await try_pin(hsm.record, once, cluster::PinGuess::kept);
        if (!tried && tried.error().code == Errc::hsm_gone) {
            tried = co_await try_pin(hsm.record, once, cluster::PinGuess::kept);  // its process was killed
        }
        if (tried) {
            accepted = true;
        } else if (tried.error().code == Errc::data_invalid) {
            other = other == nullptr ? &hsm : other;
        } else if (tried.error().code == Errc::pin_refused) {
            // One that serves is ACTIVE all the same: its login holds.
            if (!serves(hsm.record) && cluster::why_refused(tried.error()) == cluster::LoginRefusal::locked) {
                const Status<> noted = co_await note_pin(hsm.record, store::HsmState::pin_locked);
                static_cast<void>(noted);  // what the caller asked is answered all the same
            }
            co_return failed(tried.error());
        } else {
            unasked = tried.error();
            observe::warn("cloudhsm.hsm_not_asked",
                          {{"hsm", hsm.record.id.value()}, {"reason", unasked->describe()}});
        }
    }
    if (accepted) {
        co_return done;
    }
    if (unasked || other == nullptr) {
        co_return failed(unasked.value_or(Error(Errc::no_hsm, "no HSM is ACTIVE")));
    }
    const Status<> tried = co_await try_pin(other->record, password, cluster::PinGuess::any);
    if (!tried) {
        co_return failed(tried.error());
    }
    co_return done;
}

awaitable<Result<Done, LoginError>> Manager::log_in(ClusterId id) {
    const Lease::Held held = co_await lease(id).take();
    if (const Result<ClusterPtr, LoginError> view = connectable(id); !view) {
        co_return view.error();
    }
    const Status<> up = co_await raise(id);
    if (!up) {
        co_return not_admitted(up.error());
    }
    if (const Status<> settled = co_await settle_keys(id); !settled) {
        observe::warn("cloudhsm.keys_not_settled",
                      {{"cluster", id.value()}, {"reason", settled.error().describe()}});
    }
    std::size_t good = 0;
    std::set<HsmId> known;
    const ClusterPtr view = parts_.inventory.cluster(id);  // raise() may have found PINs that fit no more
    for (const Hsm& hsm : view->hsms) {
        if (hsm.record.state != store::HsmState::active) {
            continue;
        }
        SecretBytes drawn_by_token;
        const Status<> rotated =
            co_await cluster(id)->set_user_pin(hsm.record.id.value(), std::move(drawn_by_token));
        if (rotated) {
            ++good;
        } else {
            known.insert(hsm.record.id);
            observe::warn("cloudhsm.pin_not_rotated",
                          {{"hsm", hsm.record.id.value()}, {"reason", rotated.error().describe()}});
        }
    }
    if (const Status<> recorded = co_await set_known_pins(id, std::move(known)); !recorded) {
        co_return failed(recorded.error());
    }
    if (good == 0) {
        co_return LoginError{LoginFailure::internal_error, "no HSM took a new PIN"};
    }
    co_return done;
}

// Hosts run and at least one is admitted; the others get the time to be.
awaitable<Status<>> Manager::raise(ClusterId id) {
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) -> Status<> {
        auto row = txn.cloudhsm_cluster(id);
        if (!row || !*row) {
            return row ? Error(Errc::not_found, id.value()) : std::move(row).error();
        }
        (*row)->logged_out = false;
        return txn.put(**std::move(row));
    };
    if (const Status<> recorded = co_await commit(std::move(work)); !recorded) {
        co_return recorded;
    }
    const Result<cluster::Cluster*> running = open_cluster(id);
    if (!running) {
        co_return running.error();
    }
    const ClusterPtr view = parts_.inventory.cluster(id);
    const auto members = (*running)->members();
    for (const Hsm& hsm : view->hsms) {
        const bool there =
            std::ranges::find(members, hsm.record.id.value(), &cluster::MemberView::hsm_id) != members.end();
        if (has_host(hsm.record) && !there) {
            if (Status<> added = (*running)->add(hsm_options(hsm.record)); !added) {
                co_return added;
            }
        }
    }
    // As many as can: one that cannot serve is no reason not to wait for the others.
    const MonoTime deadline = parts_.clock.mono() + kReadmission;
    Status<> up = Error(Errc::no_hsm, "none serves yet");
    for (std::size_t count = std::max<std::size_t>(view->active_hsms(), 1); count > 0 && !up; --count) {
        up = co_await (*running)->wait_serving(count, deadline);
    }
    const Status<> noted = co_await note_pins(id);
    static_cast<void>(noted);  // the keeper looks again
    if (!up) {
        co_return why_none_serves((*running)->members());
    }
    co_return done;
}

awaitable<Status<>> Manager::log_out(ClusterId id) {
    const Lease::Held held = co_await lease(id).take();
    co_return co_await lower(id);
}

awaitable<Status<>> Manager::lower(ClusterId id) {
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) -> Status<> {
        auto row = txn.cloudhsm_cluster(id);
        if (!row || !*row) {
            return row ? Error(Errc::not_found, id.value()) : std::move(row).error();
        }
        (*row)->logged_out = true;
        return txn.put(**std::move(row));
    };
    if (const Status<> recorded = co_await commit(std::move(work)); !recorded) {
        co_return recorded;
    }
    if (cluster::Cluster* const running = cluster(id)) {
        for (const cluster::MemberView& member : running->members()) {
            const Status<> removed = co_await running->remove(member.hsm_id);
            static_cast<void>(removed);  // not_found: it is gone, which is what was wanted
        }
    }
    co_return done;
}

}  // namespace claviger::cloudhsm
