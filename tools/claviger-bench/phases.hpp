// The parts of a run. Each adds its rows to the report and leaves nothing running.
#pragma once

#include "tools/claviger-bench/options.hpp"
#include "tools/claviger-bench/report.hpp"

namespace claviger::bench {

void run_raw(const Options& options, Report& report);
void run_noop(const Options& options, Report& report);
void run_link(const Options& options, Report& report);
void run_http(const Options& options, Report& report);
void run_keys(const Options& options, Report& report);

// Ratios from the rows of all parts that ran.
void add_ratios(const Options& options, Report& report);

}  // namespace claviger::bench
