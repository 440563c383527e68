// Identifiers as the API draws them.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include <claviger/base/clock.hpp>
#include <claviger/base/encoding.hpp>

namespace claviger::cloudhsm {

// "cluster-", "hsm-", "backup-" and 11 characters of lower-case base32 (55 random bits).
inline std::string new_id(std::string_view prefix, Random& random) {
    constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz234567";
    std::array<std::byte, 11> raw;
    random.fill(raw);
    std::string id(prefix);
    for (const std::byte b : raw) {
        id += kLetters[std::to_integer<std::size_t>(b) & 31];
    }
    return id;
}

// "eni-", "sg-" and 8 hexadecimal digits.
inline std::string new_network_id(std::string_view prefix, Random& random) {
    std::array<std::byte, 4> raw;
    random.fill(raw);
    return std::string(prefix) + to_hex(raw);
}

}  // namespace claviger::cloudhsm
