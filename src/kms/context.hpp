// What the cryptographic operations share: encryption context, algorithm, usage, dry runs.
#pragma once

#include <optional>

#include "src/kms/operation.hpp"

namespace claviger::kms {

inline constexpr std::string_view kSymmetricDefault = "SYMMETRIC_DEFAULT";
inline constexpr std::size_t kMaxCanonicalContext = 8 << 10;

// The canonical form that HSMs authenticate: pairs sorted bytewise by name, each length-prefixed. Empty for
// the empty context. Larger than kMaxCanonicalContext is refused.
Outcome<Bytes> canonical(const EncryptionContext& context);

// Is the key's usage the one `operation` needs, and does the algorithm suit its spec? Usage is reported
// first.
std::optional<Failure> check_use(const Key& key, std::string_view usage, std::string_view operation,
                                 std::string_view algorithm);
// Of the operations that encrypt and decrypt.
std::optional<Failure> check_use(const Key& key, std::string_view operation,
                                 std::string_view algorithm = kSymmetricDefault);

}  // namespace claviger::kms
