// Counters, gauges and histograms, and their Prometheus text form (exposition format 0.0.4).
//
// Counting is a relaxed add on a cache line of the calling thread: no lock, no sharing between io threads.
// Registering takes a lock and returns a reference that lives as long as its registry; do it at start.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace claviger::observe {

inline constexpr std::size_t kShards = 8;  // threads beyond that share

// The calling thread's shard.
std::size_t shard_index() noexcept;

class Counter {
public:
    void add(std::uint64_t n = 1) noexcept {
        shards_[shard_index()].value.fetch_add(n, std::memory_order_relaxed);
    }
    std::uint64_t value() const noexcept;

private:
    struct alignas(64) Shard {
        std::atomic<std::uint64_t> value{0};
    };
    std::array<Shard, kShards> shards_;
};

class Gauge {
public:
    void set(std::int64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
    void add(std::int64_t delta) noexcept { value_.fetch_add(delta, std::memory_order_relaxed); }
    std::int64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::int64_t> value_{0};
};

// Upper bounds in seconds fixed at registration; observations in seconds.
class Histogram {
public:
    explicit Histogram(std::span<const double> bounds);
    void observe(double seconds) noexcept;
    std::span<const double> bounds() const noexcept { return bounds_; }
    std::vector<std::uint64_t> counts() const;  // per bucket, not cumulative; the last is +Inf
    double sum() const noexcept;

private:
    struct alignas(64) Shard {
        std::unique_ptr<std::atomic<std::uint64_t>[]> buckets;
        std::atomic<std::uint64_t> sum_nanoseconds{0};
    };
    std::vector<double> bounds_;
    std::array<Shard, kShards> shards_;
};

using Labels = std::vector<std::pair<std::string, std::string>>;

// 50 µs to 10 s: what a request or a key operation can take.
std::span<const double> latency_bounds() noexcept;

// One series of a family whose series come and go.
struct Sample {
    Labels labels;
    double value = 0;
};
using Samples = std::function<std::vector<Sample>()>;

class Metrics {
public:
    Metrics();
    ~Metrics();
    // The same name and labels give the same object. A name keeps the type and help of its first
    // registration.
    Counter& counter(std::string_view name, std::string_view help, const Labels& labels = {});
    Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels = {});
    Histogram& histogram(std::string_view name, std::string_view help, const Labels& labels = {},
                         std::span<const double> bounds = latency_bounds());
    // Asked at each scrape, on the scraping thread. A counter never falls while the process lives.
    void counter_from(std::string_view name, std::string_view help, const Labels& labels,
                      std::function<double()> read);
    void gauge_from(std::string_view name, std::string_view help, const Labels& labels,
                    std::function<double()> read);
    // The same for every series of the name at once. No other registration of the name.
    void counters_from(std::string_view name, std::string_view help, Samples read);
    void gauges_from(std::string_view name, std::string_view help, Samples read);
    std::string text() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace claviger::observe
