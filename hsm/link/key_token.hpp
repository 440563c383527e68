// The key token of a KMS key: who the key is, and its material wrapped under the cluster wrapping key.
// Durable: kept in the metadata store and in backups. Read by the service without PKCS#11, and by the host as
// hostile input.
#pragma once

#include <array>
#include <optional>
#include <string>

#include <claviger/base/bytes.hpp>

#include "hsm/link/message.hpp"

namespace claviger::link {

inline constexpr std::uint8_t kKeyTokenFormat = 1;
inline constexpr std::string_view kWrapRfc5649 = "rfc5649";
// The usage of RSA pairs that callers wrap their own key material for; no KMS key has it.
inline constexpr std::string_view kImportUsage = "IMPORT_WRAPPING";

// Views into the token: what they point at must outlive the header.
struct KeyTokenHeader {
    std::string_view cluster_id;  // at most 64 characters
    std::uint32_t cwk_generation = 0;
    std::string_view
        wrap_algorithm;        // by name: a mechanism number means different things to different modules
    std::string_view account;  // 12 digits
    std::string_view key_id;   // at most 64 characters
    std::array<std::byte, 32> material_id{};
    std::string_view origin;
    std::string_view spec;
    std::string_view usage;
    ByteView public_key;   // SubjectPublicKeyInfo DER, empty for secret keys
    ByteView check_value;  // see hsm/check_value.hpp; empty where the public key does the checking
};

struct KeyToken {
    KeyTokenHeader header;
    ByteView wrapped;  // material under the CWK
};

// nullopt: not a key token (format, a length or a character out of bounds, short, trailed by more). Never
// allocates.
std::optional<KeyToken> parse_key_token(ByteView bytes) noexcept;

// nullopt: outside the limits that parse_key_token checks, so no host could ever load it.
std::optional<Bytes> encode_key_token(const KeyToken& token);

// What the same key is called in blobs and requests.
KeyName key_name(const KeyTokenHeader& header) noexcept;

}  // namespace claviger::link
