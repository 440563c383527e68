// The other side of the limit: HTTP servers that do nothing but answer fixed bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "tools/claviger-bench/process.hpp"

namespace claviger::bench {

// What is answered to every POST.
struct FixedAnswer {
    std::string content_type;
    std::string request_id;
    std::string body;
};

// A plain Beast server in a process of its own, one io thread per core. This process must have one thread.
Child start_beast(std::uint16_t port, unsigned threads, const FixedAnswer& answer);

// Debian's nginx with as many workers; nullopt if it is not installed. `scratch` must outlive it.
std::optional<Child> start_nginx(std::uint16_t port, unsigned workers, const FixedAnswer& answer,
                                 const std::filesystem::path& scratch);

}  // namespace claviger::bench
