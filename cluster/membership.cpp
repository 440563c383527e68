#include "cluster/membership.hpp"

#include <algorithm>
#include <utility>

namespace claviger::cluster {

void Member::set_state(std::string state) {
    const std::lock_guard lock(mutex_);
    state_ = std::move(state);
}

void Member::set_error(std::string error) {
    const std::lock_guard lock(mutex_);
    last_error_ = std::move(error);
}

void Member::set_failure(Error failure) {
    const std::lock_guard lock(mutex_);
    last_error_ = failure.detail;
    failure_ = std::move(failure);
}

void Member::clear_failure() {
    const std::lock_guard lock(mutex_);
    failure_.reset();
}

std::string Member::state() const {
    const std::lock_guard lock(mutex_);
    return state_;
}

std::string Member::last_error() const {
    const std::lock_guard lock(mutex_);
    return last_error_;
}

std::optional<Error> Member::failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
}

std::shared_ptr<const Membership> Board::current() const {
    const std::lock_guard lock(mutex_);
    return current_;
}

void Board::publish(Serving serving) {
    auto next = std::make_shared<Membership>(*current());
    std::erase_if(next->serving,
                  [&](const Serving& entry) { return entry.member->index() == serving.member->index(); });
    next->serving.push_back(std::move(serving));
    std::sort(next->serving.begin(), next->serving.end(),
              [](const Serving& a, const Serving& b) { return a.member->index() < b.member->index(); });
    replace(std::move(next));
}

void Board::withdraw(std::uint32_t member) {
    auto next = std::make_shared<Membership>(*current());
    if (std::erase_if(next->serving, [&](const Serving& entry) { return entry.member->index() == member; }) >
        0) {
        replace(std::move(next));
    }
}

// Only the control thread publishes: nothing is lost between current() and here.
void Board::replace(std::shared_ptr<const Membership> next) {
    std::vector<Listener> listeners;
    {
        const std::lock_guard lock(mutex_);
        auto numbered = std::make_shared<Membership>(*next);
        numbered->version = current_->version + 1;
        current_ = numbered;
        next = std::move(numbered);
        for (const auto& [id, entry] : listeners_) {
            listeners.push_back(entry.listener);
        }
    }
    for (const Listener& listener : listeners) {
        listener(next);
    }
}

std::uint64_t Board::listen(Listener listener, std::shared_ptr<const ClientCounters> counters) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t id = next_listener_++;
    listeners_.emplace(id, Entry{std::move(listener), std::move(counters)});
    return id;
}

void Board::forget(std::uint64_t listener) {
    const std::lock_guard lock(mutex_);
    const auto found = listeners_.find(listener);
    if (found == listeners_.end()) {
        return;
    }
    for (std::size_t i = 0; i < kMaxMembers; ++i) {
        const ClientCounters::PerMember& counted = found->second.counters->members[i];
        retired_[i].operations += counted.operations.load(std::memory_order_relaxed);
        retired_[i].faults += counted.faults.load(std::memory_order_relaxed);
        retired_[i].key_loads += counted.key_loads.load(std::memory_order_relaxed);
    }
    listeners_.erase(found);
}

Board::Sums Board::sums(std::uint32_t member) const {
    const std::lock_guard lock(mutex_);
    Sums sum = retired_[member];
    for (const auto& [id, entry] : listeners_) {
        const ClientCounters::PerMember& counted = entry.counters->members[member];
        sum.operations += counted.operations.load(std::memory_order_relaxed);
        sum.faults += counted.faults.load(std::memory_order_relaxed);
        sum.key_loads += counted.key_loads.load(std::memory_order_relaxed);
        sum.outstanding += counted.outstanding.load(std::memory_order_relaxed);
    }
    return sum;
}

}  // namespace claviger::cluster
