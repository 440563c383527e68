// The jobs of a Manager behind CreateHsm and DeleteHsm, from their row to its end.
#include <algorithm>

#include <boost/asio/awaitable.hpp>

#include "src/cloudhsm/directories.hpp"
#include "src/cloudhsm/manager.hpp"
#include "src/cloudhsm/state_message.hpp"
#include "src/observe/log.hpp"

namespace claviger::cloudhsm {
namespace {

using boost::asio::awaitable;

constexpr std::string_view kCreated = "HSM created.";
constexpr std::string_view kNotCreated = "HSM creation failed. Please delete this HSM and try again.";
constexpr std::string_view kBarred = "Its last HSM was deleted without being wiped. ";
// After a refused DeleteHsm, as kNotSigned.
constexpr std::string_view kNoBackup =
    "The HSM was not deleted: no backup of the cluster could be made. Try again.";

bool is_of_the_disk(const Error& error) noexcept {
    return error.code == Errc::io_error || error.code == Errc::integrity;
}

}  // namespace

awaitable<Status<>> Manager::create_hsm(HsmId id, SecretBytes officer_pin) {
    const auto hsm = parts_.inventory.hsm(id);
    if (!hsm) {
        co_return Error(Errc::not_found, id.value());
    }
    const Lease::Held held = co_await lease(hsm->cluster).take();
    const ClusterPtr view = parts_.inventory.cluster(hsm->cluster);
    const cluster::HsmOptions options = hsm_options(*hsm);
    Status<> made = done;
    if (std::string why = why_unplaced(*hsm); !why.empty() && parts_.inventory.token(id)) {
        store::CloudHsmRecord begun = *hsm;
        begun.state_message = kNotMade;
        co_return co_await note_place(std::move(begun), std::move(why));
    } else if (!why.empty()) {
        made = Error(Errc::bad_config, why_not_taken(id, std::move(why)));
    } else if (!parts_.inventory.token(id)) {
        if (options.officer_is_asked() && officer_pin.empty()) {
            co_return co_await wait_for_officer(id);
        }
        // What an earlier attempt left is of no cluster: nothing of it was recorded. A token that exists is
        // made empty again when it is taken, and its directory says that it may be.
        if (!options.existing) {
            const auto remove = [&] { return remove_directory(options_.hsm_directory / id.value()); };
            made = co_await aside_.run(remove);
        }
        if (made) {
            const auto facts = parts_.inventory.facts(hsm->cluster);
            // Keys that no certificate was given for had no use yet, and went with the HSM that made them.
            if (facts && !facts->certificate_pem.empty()) {
                made = co_await join(*hsm, *view, *facts, std::move(officer_pin));
            } else {
                made = co_await make_first(*hsm, *view, std::move(officer_pin));
            }
        }
        if (!made && made.error().code == Errc::pin_refused && options.officer_is_asked()) {
            const Status<> waits = co_await wait_for_officer(id);
            co_return waits ? made : waits;
        }
    }
    if (made && waiting_.contains(id)) {
        co_return done;  // take_recovery_answer() goes on
    }
    co_return co_await finish_create(*hsm, std::move(made));
}

// Putting the entry back makes nothing of an HSM without a token, but gives a token back that it took in
// part.
std::string Manager::why_not_taken(const HsmId& id, std::string unplaced) const {
    const Result<std::string> claimed = claimed_serial(id);
    if (claimed && claimed->empty()) {
        return unplaced.substr(0, unplaced.rfind(':'));
    }
    unplaced.pop_back();  // its full stop: why_not_created() goes on
    return unplaced + ", or its token cannot be wiped";
}

// What its operator can mend he should read. The rest is in the log, and no client's business.
std::string Manager::why_not_created(const store::CloudHsmRecord& hsm, const Error& why) const {
    std::string message;
    if (why.code == Errc::bad_config) {
        message = why.detail + ". ";
    }
    if (!parts_.inventory.bars(hsm_options(hsm).serial).empty()) {
        message += kBarred;
    }
    return message + std::string(kNotCreated);
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
    note_attempt(hsm.place, made.has_value());
    const store::HsmState state = made ? store::HsmState::active : store::HsmState::degraded;
    std::string message = made ? std::string(kCreated) : why_not_created(hsm, made.error());
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
    const bool served = !hsm.state_message.ends_with(kNotCreated) &&
                        state_before(hsm.state_message) != store::HsmState::create_in_progress;
    const bool last = std::ranges::none_of(view->hsms, [&](const Hsm& other) {
        return other.record.id != hsm.id && other.record.state == store::HsmState::active;
    });
    if (made || !served || !last) {
        co_return done;
    }
    const bool insisted = hsm.state_message.ends_with(kNotSigned) && !is_of_the_disk(made.error());
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
        const Status<> told =
            co_await refuse_deletion(*hsm, is_of_the_disk(kept.error()) ? kNoBackup : kNotSigned);
        co_return told ? kept : told;
    }
    if (cluster::Cluster* const running = cluster(hsm->cluster)) {
        const Status<> removed = co_await running->remove(id.value());
        static_cast<void>(removed);  // not_found: it never served
    }
    const auto token = parts_.inventory.token(id);
    const Result<std::string> claimed = claimed_serial(id);
    const bool taken_in_part = !token && !(claimed && claimed->empty());
    const std::string unplaced = why_unplaced(*hsm);
    Status<> wiped = done;
    if ((token || taken_in_part) && !unplaced.empty()) {
        wiped = Error(Errc::bad_config, unplaced);  // whose files lie in its directory is another question
    } else if (token || taken_in_part) {
        auto pin = token ? officer_pin(id) : Result<SecretBytes>(SecretBytes());
        if (pin) {
            cluster::HsmOptions options = hsm_options(*hsm);
            if (taken_in_part) {
                options.wipe = cluster::Wipe::objects;  // nobody has seen yet that its user had nothing on it
            }
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
                                                  {"do",
                                                   "who has the token has the cluster's keys: destroy it, or "
                                                   "empty it with a tool of its own"}});
    }
    store::HsmRecord barred = token.value_or(store::HsmRecord{});
    barred.id = id;
    barred.cluster = hsm->cluster;
    barred.zone = hsm->zone;
    barred.serial = taken_in_part && claimed ? *claimed : hsm_options(*hsm).serial;
    barred.state = kNotWiped;
    barred.version = 0;
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) -> Status<> {
        Status<> erased = txn.erase_hsm(id);
        return erased && !wiped ? txn.put(barred) : erased;
    };
    const Status<> erased = co_await commit(std::move(work));
    // Last: until then it tells whoever begins anew that the token was ours and is wiped.
    if (!erased || !wiped) {
        co_return erased;
    }
    const auto remove = [&] { return remove_directory(options_.hsm_directory / id.value()); };
    co_return co_await aside_.run(remove);
}

}  // namespace claviger::cloudhsm
