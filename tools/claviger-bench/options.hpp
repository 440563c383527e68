// The command line of claviger-bench.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tools/claviger-bench/process.hpp"

namespace claviger::bench {

enum class Signing { fresh, replayed };

struct Options {
    std::set<std::string> parts;     // raw, noop, link, http, keys
    std::filesystem::path module;    // PKCS#11 module of raw
    std::filesystem::path programs;  // where claviger and claviger-hsm are
    std::vector<unsigned> connections{1, 16, 64};
    std::vector<unsigned> depths{1, 16, 64};
    std::vector<std::string> operations;  // of raw, link and http (operations.hpp)
    std::size_t keys = 0;                 // of the part keys
    std::set<Signing> signing;
    Seconds point{5};  // measured time of each point
    Seconds warm_up{0.5};
    unsigned rounds = 1;  // of all parts; the best of each point counts
    unsigned cores = 0;
    unsigned threads = 0;  // of the generator
    std::optional<std::filesystem::path> json;
    std::optional<std::uint16_t> endpoint_port;  // of a service that runs already on 127.0.0.1
    std::optional<std::filesystem::path> audit;  // its audit files
    bool accept = false;                         // exit 2 unless the acceptance ratios are reached
    double slack = 1;                            // multiplies what is required
};

// nullopt: the text was shown (--help). Throws std::exception for anything it does not understand.
std::optional<Options> parse_options(int argc, char** argv);

}  // namespace claviger::bench
