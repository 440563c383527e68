#include "tools/claviger-bench/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>

namespace claviger::bench {
namespace {

double microseconds(Seconds value) {
    return value.count() * 1e6;
}

std::string latency(Seconds value) {
    return value.count() == 0 ? std::string("-") : fmt::format("{:.0f}", microseconds(value));
}

template <class Item, class Convert>
boost::json::array to_array(const std::vector<Item>& items, Convert convert) {
    boost::json::array array;
    for (const Item& item : items) {
        array.push_back(convert(item));
    }
    return array;
}

boost::json::value row_json(const Row& row) {
    boost::json::object cpu;
    for (const auto& [name, value] : row.cpu) {
        cpu[name] = value;
    }
    return {{"part", row.part},
            {"operation", row.operation},
            {"width", row.width},
            {"rate", row.rate},
            {"p50_us", microseconds(row.p50)},
            {"p99_us", microseconds(row.p99)},
            {"slowest_us", microseconds(row.slowest)},
            {"failed", row.failed},
            {"cpu_us_per_request", cpu}};
}

}  // namespace

void Report::keep_best(Report round) {
    for (Row& row : round.rows) {
        const auto same = std::ranges::find_if(rows, [&](const Row& before) {
            return before.part == row.part && before.operation == row.operation && before.width == row.width;
        });
        if (same == rows.end()) {
            rows.push_back(std::move(row));
        } else if (row.rate > same->rate) {
            *same = std::move(row);
        }
    }
    signing_microseconds = round.signing_microseconds;
    ratios = std::move(round.ratios);
    notes = std::move(round.notes);
    failures.insert(failures.end(), round.failures.begin(), round.failures.end());
}

const Row* Report::find(std::string_view part, std::string_view operation, unsigned width) const {
    for (const Row& row : rows) {
        if (row.part == part && row.operation == operation && row.width == width) {
            return &row;
        }
    }
    return nullptr;
}

Row to_row(std::string part, std::string operation, unsigned width, const LoadResult& result) {
    Row row;
    row.part = std::move(part);
    row.operation = std::move(operation);
    row.width = width;
    row.rate = result.rate;
    row.p50 = result.p50;
    row.p99 = result.p99;
    row.slowest = result.slowest;
    row.failed = result.failed;
    return row;
}

std::string to_table(const Report& report) {
    std::string text;
    const auto line = [&text]<class... Args>(fmt::format_string<Args...> format, Args&&... args) {
        fmt::format_to(std::back_inserter(text), format, std::forward<Args>(args)...);
    };
    line("{}, {} cores, load {:.2f} before, {}\n", report.processor, report.cores, report.load_before,
         report.started);
    line("{:<7} {:<28} {:>5} {:>10} {:>8} {:>8} {:>9} {:>7}  {}\n", "part", "operation", "width", "per s",
         "p50 us", "p99 us", "max us", "failed", "CPU us per request");
    for (const Row& row : report.rows) {
        line("{:<7} {:<28} {:>5} {:>10.0f} {:>8} {:>8} {:>9} {:>7} ", row.part, row.operation, row.width,
             row.rate, latency(row.p50), latency(row.p99), latency(row.slowest), row.failed);
        for (const auto& [name, value] : row.cpu) {
            line(" {} {:.1f}", name, value);
        }
        text.push_back('\n');
    }
    if (report.signing_microseconds > 0) {
        line("signing one request costs the client {:.2f} us\n", report.signing_microseconds);
    }
    for (const Ratio& ratio : report.ratios) {
        line("{:<58} {:>6.3f}", ratio.name, ratio.value);
        if (ratio.required > 0) {
            line("  required {:.2f}: {}", ratio.required, ratio.reached() ? "reached" : "MISSED");
        }
        text.push_back('\n');
    }
    for (const std::string& note : report.notes) {
        line("note: {}\n", note);
    }
    for (const std::string& failure : report.failures) {
        line("FAILED: {}\n", failure);
    }
    return text;
}

std::string to_json(const Report& report) {
    const auto same = [](const std::string& text) { return boost::json::value(text); };
    const boost::json::value value{{"processor", report.processor},
                                   {"cores", report.cores},
                                   {"load_before", report.load_before},
                                   {"started", report.started},
                                   {"signing_us", report.signing_microseconds},
                                   {"rows", to_array(report.rows, row_json)},
                                   {"ratios", to_array(report.ratios,
                                                       [](const Ratio& ratio) -> boost::json::value {
                                                           return {{"name", ratio.name},
                                                                   {"value", ratio.value},
                                                                   {"required", ratio.required},
                                                                   {"reached", ratio.reached()}};
                                                       })},
                                   {"notes", to_array(report.notes, same)},
                                   {"failures", to_array(report.failures, same)}};
    return boost::json::serialize(value) + "\n";
}

}  // namespace claviger::bench
