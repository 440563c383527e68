// What one run found: printed as a table for people and as JSON for scripts.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tools/claviger-bench/load.hpp"

namespace claviger::bench {

struct Row {
    std::string part;                    // raw, noop, nginx, link, http, replay, keys
    std::string operation;               // its name in operations.hpp
    unsigned width = 1;                  // processes, depth or connections
    double rate = 0;                     // per second
    Seconds p50{0}, p99{0}, slowest{0};  // 0: not measured
    std::uint64_t failed = 0;
    std::vector<std::pair<std::string, double>> cpu;  // process, microseconds of CPU per request
};

struct Ratio {
    std::string name;  // "GenerateDataKey at 64 connections / limit"
    double value = 0;
    double required = 0;  // by the acceptance; 0: shown only
    bool reached() const noexcept { return value >= required; }
};

struct Report {
    std::string processor;
    unsigned cores = 0;
    double load_before = 0;
    std::string started;  // UTC
    double signing_microseconds = 0;
    std::vector<Row> rows;
    std::vector<Ratio> ratios;
    std::vector<std::string> notes;     // what was left out and why
    std::vector<std::string> failures;  // wrong answers, audit that does not add up: the run is void

    const Row* find(std::string_view part, std::string_view operation, unsigned width) const;
    // One more round: of each point the row with the higher rate stays; notes are those of the last round,
    // failures those of all.
    void keep_best(Report round);
};

Row to_row(std::string part, std::string operation, unsigned width, const LoadResult& result);
std::string to_table(const Report& report);
std::string to_json(const Report& report);

}  // namespace claviger::bench
