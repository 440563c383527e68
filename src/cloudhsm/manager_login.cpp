// Logging in to a cluster and out of it, and the password of its crypto user.
#include <algorithm>
#include <chrono>

#include "src/cloudhsm/manager.hpp"
#include "src/cloudhsm/users.hpp"
#include "src/observe/log.hpp"

namespace claviger::cloudhsm {
namespace {

using boost::asio::awaitable;
using namespace std::chrono_literals;

constexpr auto kReadmission = 15s;

// PKCS#11 v2.40 section 5.1.6; the numbers travel with errors.
constexpr unsigned long kPinLocked = 0xA4;
constexpr unsigned long kPinNotInitialized = 0x102;
constexpr unsigned long kAnotherLoggedIn = 0x104;

LoginError failed(const Error& error) {
    LoginFailure why = LoginFailure::internal_error;
    switch (error.code) {
        case Errc::pin_refused:
            why = error.ckr == kPinLocked           ? LoginFailure::user_locked_out
                  : error.ckr == kPinNotInitialized ? LoginFailure::user_not_found
                  : error.ckr != 0                  ? LoginFailure::invalid_credentials
                                                    : LoginFailure::user_locked_out;
            break;
        case Errc::no_hsm: why = LoginFailure::insufficient_hsms; break;
        case Errc::hsm_gone:
        case Errc::deadline_exceeded:
        case Errc::hsm_fault:
        case Errc::not_found:
        case Errc::io_error: why = LoginFailure::network_errors; break;
        case Errc::conflict:
            why = error.ckr == kAnotherLoggedIn ? LoginFailure::user_logged_in : LoginFailure::internal_error;
            break;
        case Errc::internal:
        case Errc::data_invalid:
        case Errc::key_not_loaded:
        case Errc::key_fault:
        case Errc::unsupported:
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
    if (view->active_hsms() == 0) {
        return LoginError{LoginFailure::insufficient_hsms, "no HSM is ACTIVE"};
    }
    if (!view->has_user(kKmsUser)) {
        return LoginError{LoginFailure::user_not_found, "the cluster has no user kmsuser"};
    }
    return view;
}

// An HSM that joined after kmsuser got his password has a PIN of its own: the login is made where the host
// keeps this password, and only if none does, on the first HSM that answers, whose token has the last word.
awaitable<Result<Done, LoginError>> Manager::try_password(ClusterId id, SecretBytes password) {
    const Lease::Held held = co_await lease(id).take();
    const Result<ClusterPtr, LoginError> view = connectable(id);
    if (!view) {
        co_return view.error();
    }
    bool accepted = false;
    const Hsm* other = nullptr;
    Error last(Errc::no_hsm, "no HSM is ACTIVE");
    for (const Hsm& hsm : (*view)->hsms) {
        if (hsm.record.state != store::HsmState::active) {
            continue;
        }
        // With an empty one the flags are looked at and nothing is tried.
        SecretBytes once = accepted ? SecretBytes() : password.clone();
        cluster::HsmOptions options = hsm_options(hsm.record);
        cluster::Site where = site();
        const Status<> tried = co_await cluster::try_user_pin(std::move(where), std::move(options),
                                                              std::move(once), cluster::PinGuess::kept);
        if (tried) {
            accepted = true;
        } else if (tried.error().code == Errc::conflict) {
            other = other == nullptr ? &hsm : other;
        } else if (tried.error().code == Errc::pin_refused) {
            co_return failed(tried.error());
        } else {
            last = tried.error();
            observe::warn("cloudhsm.hsm_not_asked",
                          {{"hsm", hsm.record.id.value()}, {"reason", last.describe()}});
        }
    }
    if (accepted) {
        co_return done;
    }
    if (other == nullptr) {
        co_return failed(last);
    }
    cluster::HsmOptions options = hsm_options(other->record);
    cluster::Site where = site();
    const Status<> tried = co_await cluster::try_user_pin(std::move(where), std::move(options),
                                                          std::move(password), cluster::PinGuess::any);
    if (!tried) {
        co_return failed(tried.error());
    }
    co_return done;
}

awaitable<Result<Done, LoginError>> Manager::log_in(ClusterId id) {
    const Lease::Held held = co_await lease(id).take();
    const Result<ClusterPtr, LoginError> view = connectable(id);
    if (!view) {
        co_return view.error();
    }
    const Status<> up = co_await raise(id);
    if (!up) {
        co_return failed(up.error());
    }
    if (const Status<> settled = co_await settle_keys(id); !settled) {
        observe::warn("cloudhsm.keys_not_settled",
                      {{"cluster", id.value()}, {"reason", settled.error().describe()}});
    }
    std::size_t good = 0;
    for (const Hsm& hsm : (*view)->hsms) {
        if (hsm.record.state != store::HsmState::active) {
            continue;
        }
        SecretBytes drawn_by_token;
        const Status<> rotated =
            co_await cluster(id)->set_user_pin(hsm.record.id.value(), std::move(drawn_by_token));
        if (!rotated) {
            observe::warn("cloudhsm.pin_not_rotated",
                          {{"hsm", hsm.record.id.value()}, {"reason", rotated.error().describe()}});
        }
        good += rotated ? 1 : 0;
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
        if (hsm.record.state == store::HsmState::active && !there) {
            if (Status<> added = (*running)->add(hsm_options(hsm.record)); !added) {
                co_return added;
            }
        }
    }
    const Status<> all =
        co_await (*running)->wait_serving(view->active_hsms(), parts_.clock.mono() + kReadmission);
    if (!all && (*running)->serving() == 0) {
        co_return all;
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

awaitable<Status<>> Manager::set_user_password(ClusterId id, SecretBytes password) {
    const Lease::Held held = co_await lease(id).take();
    const ClusterPtr before = parts_.inventory.cluster(id);
    // Hosts that were logged out run for this, and are ended again.
    if (before->record.logged_out) {
        if (const Status<> up = co_await raise(id); !up) {
            co_return up;
        }
    }
    Status<> outcome = done;
    for (const Hsm& hsm : before->hsms) {
        if (hsm.record.state == store::HsmState::active && outcome) {
            outcome = co_await cluster(id)->set_user_pin(hsm.record.id.value(), password.clone());
        }
    }
    if (before->record.logged_out) {
        const Status<> down = co_await lower(id);
        outcome = outcome ? down : outcome;
    }
    co_return outcome;
}

}  // namespace claviger::cloudhsm
