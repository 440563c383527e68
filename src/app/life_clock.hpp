// The clock of keys' lives: wall time plus the offset that `claviger dev clock advance` moved.
#pragma once

#include <atomic>
#include <chrono>

#include "src/api/life_clock.hpp"
#include "src/store/store.hpp"

namespace claviger::app {

// Thread-safe. The offset is a setting in the store; a production store never gets one.
class StoredLifeClock final : public api::LifeClock {
public:
    explicit StoredLifeClock(const Clock& clock) : clock_(clock) {}

    // Errc::integrity if the stored offset is not a number.
    Status<> load(const store::Contents& contents);
    WallTime now() const override {
        return clock_.wall() + std::chrono::milliseconds(offset_.load(std::memory_order_relaxed));
    }
    // Durable when it returns; blocks. Only forwards.
    Status<> advance(store::Store& store, std::chrono::milliseconds by);

private:
    const Clock& clock_;
    std::atomic<std::int64_t> offset_{0};
};

// "8d", "36h", "90m", "30s".
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace claviger::app
