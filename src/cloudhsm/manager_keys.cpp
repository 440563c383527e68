// The key objects on a cluster's HSMs, brought in step with the store: what is missing is put there, what was
// deleted is destroyed, what nobody knows is reported.
#include <algorithm>
#include <chrono>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <claviger/base/rethrow.hpp>

#include "src/cloudhsm/key_plan.hpp"
#include "src/cloudhsm/manager.hpp"
#include "src/observe/log.hpp"

namespace claviger::cloudhsm {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using namespace std::chrono_literals;

constexpr auto kLook = 1s;      // for an HSM that came back, or a key that was made or deleted
constexpr auto kPatrol = 60s;   // for what foreign tools did to an HSM
constexpr auto kJoining = 60s;  // for an HSM that just joined to take every key
constexpr auto kKeepers = asio::as_tuple(asio::use_awaitable);

// The processes that serve: an HSM that came back has another one.
std::string serving_now(const cluster::Cluster& cluster) {
    std::string text;
    for (const cluster::MemberView& member : cluster.members()) {
        if (member.process != 0) {
            text += member.hsm_id + "@" + std::to_string(member.process) + " ";
        }
    }
    return text;
}

// May be otherwise in a moment.
bool passes(Errc code) noexcept {
    return code == Errc::deadline_exceeded || code == Errc::overloaded || code == Errc::hsm_gone ||
           code == Errc::no_hsm;
}

}  // namespace

awaitable<FoundObjects> Manager::find_keys(ClusterId id) {
    FoundObjects found;
    cluster::Cluster* const running = cluster(id);
    if (running == nullptr) {
        co_return found;
    }
    for (const cluster::MemberView& member : running->members()) {
        if (member.process == 0) {
            continue;
        }
        Result<std::vector<cluster::KeyObject>> objects = co_await running->key_objects(member.hsm_id);
        if (objects) {
            found.emplace(member.hsm_id, *std::move(objects));
        } else {
            observe::warn("cloudhsm.keys_not_listed",
                          {{"hsm", member.hsm_id}, {"reason", objects.error().describe()}});
        }
    }
    co_return found;
}

awaitable<Result<KeyLedger>> Manager::ledger(ClusterId id) {
    KeyLedger ledger;
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) -> Status<> {
        auto read = read_ledger(txn, id);
        if (!read) {
            return std::move(read).error();
        }
        ledger = *std::move(read);
        return done;
    };
    if (Status<> read = co_await commit(std::move(work)); !read) {
        co_return std::move(read).error();
    }
    co_return ledger;
}

// The keys are read before the HSMs are asked: one that is made meanwhile is on them by then.
awaitable<Result<Manager::KeyFailures>> Manager::settle_each(ClusterId id) {
    KeyFailures failures;
    cluster::Cluster* const running = cluster(id);
    const ClusterPtr view = parts_.inventory.cluster(id);
    if (running == nullptr || view == nullptr) {
        co_return failures;
    }
    const std::vector<BookedKey> keys = parts_.keys.keys(id);
    const Result<KeyLedger> before = co_await ledger(id);
    if (!before) {
        co_return before.error();
    }
    std::vector<std::string> hsms;
    for (const Hsm& hsm : view->hsms) {
        hsms.push_back(hsm.record.id.value());
    }
    FoundObjects found = co_await find_keys(id);
    KeyPlan plan = plan_keys(keys, *before, std::move(found), hsms);
    for (const KeyPlan::Placing& one : plan.place) {
        Status<> placed = co_await running->place_key(one.hsm, one.key.material);
        if (!placed) {
            plan.ledger.in_step.erase(one.hsm);
            failures.insert_or_assign(one.hsm, std::move(placed).error());
        } else {
            plan.ledger.held.insert(one.key.arn);
        }
    }
    for (const cluster::KeyObject& object : plan.destroy) {
        Status<> destroyed = co_await running->destroy_object(object);
        if (!destroyed) {
            plan.ledger.tombstones.emplace(object.hsm_id, object.label);
            failures.insert_or_assign(object.hsm_id, std::move(destroyed).error());
        }
    }
    report(id, plan, keys.size());
    if (Status<> kept = co_await keep_ledger(id, *before, std::move(plan.ledger)); !kept) {
        co_return std::move(kept).error();
    }
    co_return failures;
}

awaitable<Status<>> Manager::settle_keys(ClusterId id) {
    Result<KeyFailures> settled = co_await settle_each(id);
    if (!settled) {
        co_return std::move(settled).error();
    }
    if (!settled->empty()) {
        co_return settled->begin()->second;
    }
    co_return done;
}

// What other HSMs could not do is no verdict on this one.
awaitable<Status<>> Manager::settle_joined(ClusterId id, HsmId hsm) {
    const MonoTime until = parts_.clock.mono() + kJoining;
    for (;;) {
        const Result<KeyFailures> settled = co_await settle_each(id);
        if (!settled) {
            co_return settled.error();
        }
        const Result<KeyLedger> after = co_await ledger(id);
        if (!after) {
            co_return after.error();
        }
        if (after->in_step.contains(hsm.value())) {
            co_return done;
        }
        const auto its = settled->find(hsm.value());
        const Error why =
            its != settled->end() ? its->second : Error(Errc::no_hsm, "its objects could not be listed");
        if (stopping_ || !passes(why.code) || parts_.clock.mono() >= until) {
            co_return why;
        }
        asio::steady_timer pause(parts_.control, kLook);
        co_await pause.async_wait(kKeepers);
    }
}

awaitable<Status<>> Manager::settle(ClusterId id) {
    const Lease::Held held = co_await lease(id).take();
    co_return co_await settle_keys(id);
}

awaitable<Status<>> Manager::keep_ledger(ClusterId id, KeyLedger before, KeyLedger after) {
    if (before == after) {
        co_return done;
    }
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) -> Status<> {
        auto now = read_ledger(txn, id);
        if (!now) {
            return std::move(now).error();
        }
        return write_ledger(txn, id, merge(*std::move(now), before, after));
    };
    co_return co_await commit(std::move(work));
}

std::vector<cluster::KeyObject> Manager::settled_orphans(const ClusterId& id, const KeyPlan& plan) {
    const MonoTime now = parts_.clock.mono();
    std::map<std::pair<std::string, std::string>, Sighting> seen;
    std::vector<cluster::KeyObject> orphans;
    for (const cluster::KeyObject& object : plan.orphans) {
        const std::pair name(object.hsm_id, object.label);
        const auto former = sightings_[id].find(name);
        Sighting sighting = former == sightings_[id].end() ? Sighting{now} : former->second;
        if (now - sighting.first >= options_.making) {
            orphans.push_back(object);
            if (!std::exchange(sighting.told, true)) {
                observe::warn("cloudhsm.orphaned_key", {{"cluster", id.value()},
                                                        {"hsm", object.hsm_id},
                                                        {"key", object.label},
                                                        {"do", "claviger cloudhsm key delete removes it"}});
            }
        }
        seen.emplace(name, sighting);
    }
    sightings_[id] = std::move(seen);
    return orphans;
}

void Manager::report(const ClusterId& id, const KeyPlan& plan, std::size_t keys) {
    KeyReport report{keys, plan.gone.size(), settled_orphans(id, plan)};
    const std::lock_guard lock(mutex_);
    KeyReport& former = key_reports_[id];
    if (report.gone > former.gone) {
        observe::error("cloudhsm.key_gone",
                       {{"cluster", id.value()},
                        {"key", plan.gone.front()},
                        {"do",
                         "its objects were destroyed on every HSM; claviger cloudhsm key restore puts "
                         "them back"}});
    }
    former = std::move(report);
}

KeyReport Manager::key_report(const ClusterId& id) const {
    const ClusterPtr view = parts_.inventory.cluster(id);
    const std::lock_guard lock(mutex_);
    const auto found = key_reports_.find(id);
    if (view == nullptr || found == key_reports_.end()) {
        return {};
    }
    KeyReport report = found->second;
    std::erase_if(report.orphans, [&](const cluster::KeyObject& object) {  // of an HSM that has left since
        return std::ranges::none_of(view->hsms,
                                    [&](const Hsm& hsm) { return hsm.record.id.value() == object.hsm_id; });
    });
    return report;
}

awaitable<void> Manager::keep_keys() {
    while (!stopping_) {
        keeper_.expires_after(kLook);
        co_await keeper_.async_wait(kKeepers);
        for (const ClusterPtr& view : parts_.inventory.clusters()) {
            const ClusterId id = view->record.id;
            const cluster::Cluster* const running = cluster(id);
            if (stopping_ || running == nullptr || lease(id).taken()) {
                continue;
            }
            if (const Status<> noted = co_await note_pins(id); !noted || running->serving() == 0) {
                continue;
            }
            std::string what = serving_now(*running) + std::to_string(parts_.keys.version());
            const Kept& last = kept_[id];
            if (last.what != what || parts_.clock.mono() >= last.at + kPatrol) {
                run_job(id.value() + " keys", keep_cluster(id, std::move(what)));
            }
        }
    }
    keeping_ = false;
}

// A job of its own: a cluster with a slow HSM keeps no other one waiting.
Manager::Work Manager::keep_cluster(ClusterId id, std::string what) {
    const Lease::Held held = co_await lease(id).take();
    if (cluster(id) == nullptr || stopping_) {
        co_return done;
    }
    const Status<> settled = co_await settle_keys(id);
    const Status<> drawn = co_await draw_missed_pins(id);
    if (!drawn) {
        observe::warn("cloudhsm.pin_not_rotated",
                      {{"cluster", id.value()}, {"reason", drawn.error().describe()}});
    }
    if (settled) {
        // An object that may be an orphan is looked at again when no request can still be about to commit its
        // key.
        const bool unsure =
            std::ranges::any_of(sightings_[id], [](const auto& one) { return !one.second.told; });
        const MonoTime now = parts_.clock.mono();
        kept_[id] = {std::move(what), unsure ? now - kPatrol + options_.making : now};
    } else {
        observe::warn("cloudhsm.keys_not_settled",
                      {{"cluster", id.value()}, {"reason", settled.error().describe()}});
    }
    co_return done;
}

void Manager::start_keeper() {
    keeping_ = true;
    asio::co_spawn(parts_.control, keep_keys(), rethrow);
}

awaitable<void> Manager::stop_keeper() {
    asio::steady_timer timer(parts_.control);
    while (keeping_) {
        keeper_.cancel();
        timer.expires_after(5ms);
        co_await timer.async_wait(kKeepers);
    }
}

}  // namespace claviger::cloudhsm
