// Latencies in logarithmic steps of 1.6 %: constant memory, no allocation while measuring.
#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstdint>

namespace claviger::bench {

class LatencyHistogram {
public:
    void add(std::chrono::nanoseconds latency) noexcept {
        const auto value = static_cast<std::uint64_t>(latency.count() < 1 ? 1 : latency.count());
        ++counts_[index_of(value)];
        ++total_;
        slowest_ = value > slowest_ ? value : slowest_;
    }
    void add(const LatencyHistogram& other) noexcept {
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            counts_[i] += other.counts_[i];
        }
        total_ += other.total_;
        slowest_ = other.slowest_ > slowest_ ? other.slowest_ : slowest_;
    }
    // The latency that a share of all values does not exceed.
    std::chrono::nanoseconds quantile(double share) const noexcept {
        const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(total_));
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            seen += counts_[i];
            if (seen > wanted) {
                return std::chrono::nanoseconds(upper_bound(i));
            }
        }
        return slowest();
    }
    std::chrono::nanoseconds slowest() const noexcept { return std::chrono::nanoseconds(slowest_); }
    std::uint64_t total() const noexcept { return total_; }

private:
    static constexpr unsigned kStepBits = 6;  // 64 steps for each power of two
    static constexpr std::uint64_t kSteps = 1U << kStepBits;

    static std::size_t index_of(std::uint64_t value) noexcept {
        if (value < kSteps) {
            return value;
        }
        const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - 1 - kStepBits;
        return (shift + 1) * kSteps + (value >> shift) - kSteps;
    }
    static std::uint64_t upper_bound(std::size_t index) noexcept {
        if (index < kSteps) {
            return index;
        }
        const std::size_t shift = index / kSteps - 1;
        return ((index % kSteps + kSteps + 1) << shift) - 1;
    }

    std::array<std::uint64_t, kSteps * (64 - kStepBits + 1)> counts_{};
    std::uint64_t total_ = 0;
    std::uint64_t slowest_ = 0;
};

}  // namespace claviger::bench
