#include "cluster/pending.hpp"

#include <algorithm>

namespace claviger::cluster {

std::uint64_t PendingTable::add(Completion waiter, MonoTime sent, MonoTime deadline, link::CostClass cost) {
    if (free_.empty()) {
        free_.push_back(static_cast<std::uint32_t>(slots_.size()));
        slots_.emplace_back();
    }
    const std::uint32_t index = free_.back();
    free_.pop_back();
    Slot& slot = slots_[index];
    slot.waiter = std::move(waiter);
    slot.sent = sent;
    slot.deadline = deadline;
    slot.cost = cost;
    slot.state = State::waiting;
    ++waiting_;
    earliest_ = std::min(earliest_, deadline);
    return (static_cast<std::uint64_t>(slot.generation) << 32) | index;
}

PendingTable::Match PendingTable::take(std::uint64_t id, Completion& waiter) {
    const std::uint64_t index = id & 0xffffffffu;
    if (index >= slots_.size()) {
        return Match::unknown;
    }
    Slot& slot = slots_[index];
    if (slot.state == State::free || slot.generation != id >> 32) {
        return Match::unknown;
    }
    const bool waits = slot.state == State::waiting;
    if (waits) {
        waiter = std::move(slot.waiter);
        --waiting_;
    } else {
        --abandoned_;
    }
    slot.state = State::free;
    ++slot.generation;
    free_.push_back(static_cast<std::uint32_t>(index));
    return waits ? Match::waiting : Match::abandoned;
}

void PendingTable::take_late(MonoTime now, std::vector<Late>& late) {
    if (now < earliest_) {
        return;
    }
    earliest_ = MonoTime::max();
    for (Slot& slot : slots_) {
        if (slot.state != State::waiting) {
            continue;
        }
        if (slot.deadline > now) {
            earliest_ = std::min(earliest_, slot.deadline);
            continue;
        }
        late.push_back(Late{std::move(slot.waiter), slot.sent, slot.cost});
        slot.state = State::abandoned;
        --waiting_;
        ++abandoned_;
    }
}

std::vector<Completion> PendingTable::take_all() {
    std::vector<Completion> waiters;
    waiters.reserve(waiting_);
    free_.clear();
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        Slot& slot = slots_[i];
        if (slot.state == State::waiting) {
            waiters.push_back(std::move(slot.waiter));
        }
        if (slot.state != State::free) {
            slot.state = State::free;
            ++slot.generation;
        }
        free_.push_back(static_cast<std::uint32_t>(i));
    }
    waiting_ = 0;
    abandoned_ = 0;
    earliest_ = MonoTime::max();
    return waiters;
}

}  // namespace claviger::cluster
