#include "src/observe/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <stdexcept>
#include <variant>

namespace claviger::observe {
namespace {

constexpr std::array kLatencyBounds{0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02,
                                    0.05,    0.1,    0.2,    0.5,    1.0,   2.0,   5.0,   10.0};

// Exposition format: backslash, double quote and line feed are escaped in label values.
void append_label_value(std::string& to, std::string_view value) {
    for (const char c : value) {
        switch (c) {
            case '\\': to += "\\\\"; break;
            case '"': to += "\\\""; break;
            case '\n': to += "\\n"; break;
            default: to += c; break;
        }
    }
}

std::string label_text(const Labels& labels) {
    std::string text;
    for (const auto& [name, value] : labels) {
        text += text.empty() ? "" : ",";
        text += name;
        text += "=\"";
        append_label_value(text, value);
        text += '"';
    }
    return text;
}

std::string braced(std::string_view labels) {
    return labels.empty() ? std::string() : "{" + std::string(labels) + "}";
}

}  // namespace

std::size_t shard_index() noexcept {
    static std::atomic<std::size_t> next{0};
    thread_local const std::size_t mine = next.fetch_add(1, std::memory_order_relaxed) % kShards;
    return mine;
}

std::uint64_t Counter::value() const noexcept {
    std::uint64_t sum = 0;
    for (const Shard& shard : shards_) {
        sum += shard.value.load(std::memory_order_relaxed);
    }
    return sum;
}

Histogram::Histogram(std::span<const double> bounds) : bounds_(bounds.begin(), bounds.end()) {
    for (Shard& shard : shards_) {
        shard.buckets = std::make_unique<std::atomic<std::uint64_t>[]>(bounds_.size() + 1);
    }
}

void Histogram::observe(double seconds) noexcept {
    const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), seconds) - bounds_.begin();
    Shard& shard = shards_[shard_index()];
    shard.buckets[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
    const double nanoseconds = std::clamp(seconds * 1e9, 0.0, 1e18);
    shard.sum_nanoseconds.fetch_add(static_cast<std::uint64_t>(nanoseconds), std::memory_order_relaxed);
}

std::vector<std::uint64_t> Histogram::counts() const {
    std::vector<std::uint64_t> counts(bounds_.size() + 1);
    for (const Shard& shard : shards_) {
        for (std::size_t i = 0; i < counts.size(); ++i) {
            counts[i] += shard.buckets[i].load(std::memory_order_relaxed);
        }
    }
    return counts;
}

double Histogram::sum() const noexcept {
    std::uint64_t nanoseconds = 0;
    for (const Shard& shard : shards_) {
        nanoseconds += shard.sum_nanoseconds.load(std::memory_order_relaxed);
    }
    return static_cast<double>(nanoseconds) / 1e9;
}

std::span<const double> latency_bounds() noexcept {
    return kLatencyBounds;
}

class Metrics::Impl {
public:
    using Read = std::function<double()>;
    using Instrument = std::variant<std::monostate, std::unique_ptr<Counter>, std::unique_ptr<Gauge>,
                                    std::unique_ptr<Histogram>, Read>;
    struct Family {
        std::string type;
        std::string help;
        std::map<std::string, Instrument> by_labels;
        Samples samples;
    };

    template <class T, class Make>
    T& get(std::string_view name, std::string_view help, std::string_view type, const Labels& labels,
           Make make) {
        const std::lock_guard lock(mutex_);
        Instrument& slot = entry(name, help, type, labels);
        if (std::holds_alternative<std::monostate>(slot)) {
            slot = make();
        }
        auto* const owned = std::get_if<std::unique_ptr<T>>(&slot);
        if (owned == nullptr) {
            throw std::logic_error("metric registered twice with different types: " + std::string(name));
        }
        return **owned;
    }

    void set(std::string_view name, std::string_view help, std::string_view type, const Labels& labels,
             Read read) {
        const std::lock_guard lock(mutex_);
        entry(name, help, type, labels) = std::move(read);
    }

    void set_samples(std::string_view name, std::string_view help, std::string_view type, Samples read) {
        const std::lock_guard lock(mutex_);
        Family& family = families_[std::string(name)];
        family.type = type;
        family.help = help;
        family.samples = std::move(read);
    }

    std::string text() const {
        const std::lock_guard lock(mutex_);
        std::string out;
        for (const auto& [name, family] : families_) {
            fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} {}\n", name, family.help, name,
                           family.type);
            for (const auto& [labels, instrument] : family.by_labels) {
                write(out, name, labels, instrument);
            }
            for (const Sample& sample : family.samples ? family.samples() : std::vector<Sample>()) {
                fmt::format_to(std::back_inserter(out), "{}{} {}\n", name, braced(label_text(sample.labels)),
                               sample.value);
            }
        }
        return out;
    }

private:
    Instrument& entry(std::string_view name, std::string_view help, std::string_view type,
                      const Labels& labels) {
        Family& family = families_[std::string(name)];
        if (family.type.empty()) {
            family.type = type;
            family.help = help;
        }
        return family.by_labels[label_text(labels)];
    }

    static void write(std::string& out, const std::string& name, const std::string& labels,
                      const Instrument& instrument) {
        const auto to = std::back_inserter(out);
        if (const auto* counter = std::get_if<std::unique_ptr<Counter>>(&instrument)) {
            fmt::format_to(to, "{}{} {}\n", name, braced(labels), (*counter)->value());
        } else if (const auto* gauge = std::get_if<std::unique_ptr<Gauge>>(&instrument)) {
            fmt::format_to(to, "{}{} {}\n", name, braced(labels), (*gauge)->value());
        } else if (const auto* read = std::get_if<Read>(&instrument)) {
            fmt::format_to(to, "{}{} {}\n", name, braced(labels), (*read)());
        } else if (const auto* histogram = std::get_if<std::unique_ptr<Histogram>>(&instrument)) {
            write_histogram(out, name, labels, **histogram);
        }
    }

    static void write_histogram(std::string& out, const std::string& name, const std::string& labels,
                                const Histogram& histogram) {
        const auto to = std::back_inserter(out);
        const std::string more = labels.empty() ? "" : labels + ",";
        const std::vector<std::uint64_t> counts = histogram.counts();
        std::uint64_t total = 0;
        for (std::size_t i = 0; i < counts.size(); ++i) {
            total += counts[i];
            if (i < histogram.bounds().size()) {
                fmt::format_to(to, "{}_bucket{{{}le=\"{}\"}} {}\n", name, more, histogram.bounds()[i], total);
            } else {
                fmt::format_to(to, "{}_bucket{{{}le=\"+Inf\"}} {}\n", name, more, total);
            }
        }
        fmt::format_to(to, "{}_sum{} {}\n{}_count{} {}\n", name, braced(labels), histogram.sum(), name,
                       braced(labels), total);
    }

    mutable std::mutex mutex_;
    std::map<std::string, Family, std::less<>> families_;  // guarded by mutex_
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

Counter& Metrics::counter(std::string_view name, std::string_view help, const Labels& labels) {
    return impl_->get<Counter>(name, help, "counter", labels, [] { return std::make_unique<Counter>(); });
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, const Labels& labels) {
    return impl_->get<Gauge>(name, help, "gauge", labels, [] { return std::make_unique<Gauge>(); });
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help, const Labels& labels,
                              std::span<const double> bounds) {
    return impl_->get<Histogram>(name, help, "histogram", labels,
                                 [&] { return std::make_unique<Histogram>(bounds); });
}

void Metrics::gauge_from(std::string_view name, std::string_view help, const Labels& labels,
                         std::function<double()> read) {
    impl_->set(name, help, "gauge", labels, std::move(read));
}

void Metrics::counter_from(std::string_view name, std::string_view help, const Labels& labels,
                           std::function<double()> read) {
    impl_->set(name, help, "counter", labels, std::move(read));
}

void Metrics::counters_from(std::string_view name, std::string_view help, Samples read) {
    impl_->set_samples(name, help, "counter", std::move(read));
}

void Metrics::gauges_from(std::string_view name, std::string_view help, Samples read) {
    impl_->set_samples(name, help, "gauge", std::move(read));
}

std::string Metrics::text() const {
    return impl_->text();
}

}  // namespace claviger::observe
