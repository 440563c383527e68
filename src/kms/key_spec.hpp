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

// Has it a public half?
bool is_pair(std::string_view spec) noexcept;

// In the order in which KeyMetadata lists them; empty for a pair that does not exist.
std::span<const std::string_view> algorithms_of(std::string_view spec, std::string_view usage) noexcept;
bool allows_algorithm(std::string_view spec, std::string_view usage, std::string_view algorithm) noexcept;

// nullopt: no signing algorithm over a digest.
std::optional<SignatureKind> signature_of(std::string_view algorithm) noexcept;

// How a caller may wrap material that he imports.
struct Wrapping {
    Hash hash;  // of OAEP
    RsaBlock block;
    bool key_wrap;  // OAEP holds an AES key, which wraps the material
};
// Of a WrappingAlgorithm; nullopt: none that is served.
std::optional<Wrapping> wrapping_of(std::string_view algorithm) noexcept;
// Can material of this spec be imported at all?
bool is_importable(std::string_view spec) noexcept;
// Does it come in this wrapping, for a pair of this WrappingKeySpec?
bool suits(std::string_view spec, const Wrapping& wrapping, std::string_view wrapping_spec) noexcept;

struct Oaep {
    Hash hash;
    RsaBlock block;
};
// nullopt: not RSAES-OAEP.
std::optional<Oaep> oaep_of(std::string_view algorithm) noexcept;
// Bytes that fit into one RSAES-OAEP block of this RSA spec.
std::size_t oaep_capacity(std::string_view spec, Oaep oaep) noexcept;

}  // namespace claviger::kms
