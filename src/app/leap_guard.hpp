// Holds back destruction after the wall clock leapt: a wrong date must not end keys whose time has not come.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <claviger/base/result.hpp>

#include "src/store/store.hpp"

namespace claviger::app {

// Wall time beside a clock that nobody sets: CLOCK_BOOTTIME, and which boot it counts from.
struct ClockReading {
    WallTime wall;
    std::chrono::milliseconds since_boot{};
    std::string boot;  // /proc/sys/kernel/random/boot_id
};
ClockReading read_clocks();

// Pure apart from load() and save(). One thread; holds() and hold_until() may be asked from any.
class LeapGuard {
public:
    static constexpr std::chrono::hours kLeap{1};
    static constexpr std::chrono::hours kHold{24};

    // Compares with the reading before. Wall time more than kLeap ahead of what has really passed begins a
    // hold. After a reboot nothing says how long the machine was off, so it counts as no time: a hold too
    // many only delays.
    enum class Seen { nothing, leap };
    Seen observe(const ClockReading& now);

    bool holds(WallTime now) const noexcept { return now < hold_until(); }
    // The epoch: no hold.
    WallTime hold_until() const noexcept { return hold_until_.load(std::memory_order_relaxed); }
    void accept() noexcept { hold_until_ = WallTime{}; }

    // Errc::integrity: the stored mark does not parse.
    Status<> load(const store::Contents& contents);
    // Returns at once; `saved` runs on the store's writer thread.
    void save(store::Store& store, std::function<void(Status<>)> saved) const;

private:
    std::optional<ClockReading> mark_;
    std::atomic<WallTime> hold_until_{WallTime{}};
};

}  // namespace claviger::app
