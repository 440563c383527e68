// Key specs, what they may be used for, and with which algorithms, as AWS KMS defines them. Everything that
// depends on a spec or an algorithm is asked here. All texts are wire values.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include <claviger/base/public_key.hpp>

namespace claviger::kms {

// false for a spec that does not exist.
bool allows_usage(std::string_view spec, std::string_view usage) noexcept;

// In the order in which KeyMetadata lists them; empty for a pair that does not exist.
std::span<const std::string_view> algorithms_of(std::string_view spec, std::string_view usage) noexcept;
bool allows_algorithm(std::string_view spec, std::string_view usage, std::string_view algorithm) noexcept;

// nullopt: no signing algorithm over a digest.
std::optional<SignatureKind> signature_of(std::string_view algorithm) noexcept;

struct Oaep {
    Hash hash;
    RsaBlock block;
};
// nullopt: not RSAES-OAEP.
std::optional<Oaep> oaep_of(std::string_view algorithm) noexcept;
// Bytes that fit into one RSAES-OAEP block of this RSA spec.
std::size_t oaep_capacity(std::string_view spec, Oaep oaep) noexcept;

}  // namespace claviger::kms
