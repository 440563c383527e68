// Evidence against one HSM, and whether requests stay away from it. Shared by the io threads, lock-free.
#pragma once

#include <atomic>
#include <cstdint>

namespace claviger::cluster {

// Where an outcome came from: only what the HSM itself did wrong is evidence.
enum class Evidence : std::uint8_t {
    good,    // it answered the request
    none,    // the caller's input, our load, our deadline: says nothing
    fault,   // it answered with a failure of its own, or one fast answer was late while others came
    silent,  // nothing at all came from it while a fast answer became late: it hangs
};

// Consecutive faults open it, silence opens it at once. Only a canary (close()) closes it again: requests of
// callers are no probes.
class Breaker {
public:
    static constexpr std::uint32_t kFaults = 5;

    // True if this evidence opened the breaker.
    bool record(Evidence evidence) noexcept {
        switch (evidence) {
            case Evidence::good:
                // Load before store: in the good case the line stays shared between the threads.
                if (faults_.load(std::memory_order_relaxed) != 0) {
                    faults_.store(0, std::memory_order_relaxed);
                }
                return false;
            case Evidence::none: return false;
            case Evidence::fault:
                return faults_.fetch_add(1, std::memory_order_relaxed) + 1 >= kFaults && trip();
            case Evidence::silent: return trip();
        }
        return false;
    }
    bool open() const noexcept { return open_.load(std::memory_order_acquire); }
    void close() noexcept {
        faults_.store(0, std::memory_order_relaxed);
        open_.store(false, std::memory_order_release);
    }

private:
    bool trip() noexcept { return !open_.exchange(true, std::memory_order_acq_rel); }

    std::atomic<std::uint32_t> faults_{0};
    std::atomic<bool> open_{false};
};

}  // namespace claviger::cluster
