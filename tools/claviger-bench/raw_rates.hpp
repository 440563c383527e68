// What the tokens alone can do: one process per core, each with a token of its own, all at the same time.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tools/claviger-bench/process.hpp"

namespace claviger::bench {

struct RawRate {
    double per_second = 0;        // of all processes together
    double cpu_microseconds = 0;  // of one operation
};

// By operation, `duration` for each; those that need no token are left out. Throws when the module cannot do
// it.
std::map<std::string, RawRate> measure_raw(const std::filesystem::path& module, unsigned processes,
                                           const std::vector<std::string>& operations, Seconds duration);

}  // namespace claviger::bench
