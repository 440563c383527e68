// claviger-bench: every side of the machine's limit in one run.

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstdio>
#include <ctime>
#include <exception>

#include "tools/claviger-bench/phases.hpp"

namespace claviger::bench {
namespace {

void progress(const std::string& text) {
    fmt::print(stderr, "claviger-bench: {}\n", text);
}

bool ratios_reached(const Report& report) {
    for (const Ratio& ratio : report.ratios) {
        if (!ratio.reached()) {
            return false;
        }
    }
    return true;
}

int run(int argc, char** argv) {
    const std::optional<Options> options = parse_options(argc, argv);
    if (!options) {
        return 0;
    }
    Report report;
    report.processor = processor_name();
    report.cores = options->cores;
    report.load_before = load_average();
    report.started = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
    struct Part {
        const char* name;
        void (*run)(const Options&, Report&);
        bool has_rounds = false;  // of its own: making many keys takes longer than all the rest
    };
    constexpr Part kParts[] = {{"raw", run_raw},
                               {"noop", run_noop},
                               {"link", run_link},
                               {"http", run_http},
                               {"keys", run_keys, true}};
    for (unsigned number = 0; number < options->rounds; ++number) {
        Report round;
        for (const Part& part : kParts) {
            const bool is_last = number + 1 == options->rounds;
            if (options->parts.contains(part.name) && (is_last || !part.has_rounds)) {
                progress(part.name);
                part.run(*options, round);
            }
        }
        report.keep_best(std::move(round));
    }
    add_ratios(*options, report);
    fmt::print("{}", to_table(report));
    if (options->json) {
        write_file(*options->json, to_json(report));
    }
    if (!report.failures.empty()) {
        return 1;
    }
    return options->accept && !ratios_reached(report) ? 2 : 0;
}

}  // namespace
}  // namespace claviger::bench

int main(int argc, char** argv) {
    try {
        return claviger::bench::run(argc, argv);
    } catch (const std::exception& error) {
        fmt::print(stderr, "claviger-bench: {}\n", error.what());
        return 1;
    }
}
