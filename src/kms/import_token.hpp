// Import tokens: what GetParametersForImport answers and ImportKeyMaterial wants back. A token carries the
// private half of its wrapping pair, as a key token that only the HSMs can open, so nothing is stored until
// material comes.
#pragma once

#include <optional>
#include <string>

#include "src/kms/operation.hpp"

namespace claviger::kms {

inline constexpr std::chrono::hours kImportTokenLife{24};

struct ImportToken {
    WallTime expires;       // life clock
    std::string algorithm;  // WrappingAlgorithm
    Bytes key_token;        // of the wrapping pair
};

Bytes make_import_token(const Call& call, const ImportToken& token);

// nullopt: not one that this service made for the call's key.
std::optional<ImportToken> read_import_token(const Call& call, ByteView bytes);

}  // namespace claviger::kms
