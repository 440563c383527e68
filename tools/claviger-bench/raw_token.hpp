// What the tokens alone can do: raw C_ calls on session objects, one process per core, none of our code.
#pragma once

#include <filesystem>
#include <string>

#include "tools/claviger-bench/process.hpp"

namespace claviger::bench {

struct RawRate {
    double per_second = 0;
    double cpu_microseconds = 0;  // of one operation
};

struct RawRates {
    RawRate encrypt;   // AES-256-GCM of 64 bytes, 12-byte IV, AAD
    RawRate decrypt;   // the same back
    RawRate data_key;  // C_GenerateRandom of 32 bytes and their encryption: GenerateDataKey
};

// The sum over `processes` processes that work at the same time, each on a token of its own, `duration` for
// each operation. Throws when the module cannot do it.
RawRates measure_raw(const std::filesystem::path& module, unsigned processes, Seconds duration);

}  // namespace claviger::bench
