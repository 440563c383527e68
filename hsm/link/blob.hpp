// The symmetric ciphertext blob and the canonical encryption context. Shared by the host, which makes and
// opens blobs, and the service, which only reads the name of the key out of them.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <claviger/base/bytes.hpp>

#include "hsm/link/message.hpp"

namespace claviger::link {

// version(1) ‖ key tag(16) ‖ material id prefix(16) ‖ IV length(1) ‖ IV ‖ ciphertext ‖ tag(16).
// AAD = everything before the IV ‖ canonical encryption context.
inline constexpr std::byte kBlobVersion{1};
inline constexpr std::size_t kBlobHeader = 34;  // up to and including the IV length
inline constexpr std::size_t kGcmTag = 16;

struct BlobView {
    KeyName name;
    ByteView header;      // kBlobHeader bytes
    ByteView iv;          // 1..16 bytes
    ByteView ciphertext;  // without the tag; may not be empty
    ByteView sealed;      // ciphertext ‖ tag, as C_Decrypt takes it
};

// nullopt: not a blob of ours (wrong version, lengths that do not add up). Never allocates.
std::optional<BlobView> parse_blob(ByteView blob) noexcept;

std::array<std::byte, kBlobHeader> blob_header(const KeyName& name, std::size_t iv_size) noexcept;

// First 16 bytes of SHA-256(account ‖ key id): 12 ASCII digits, then the key id's characters.
std::array<std::byte, 16> key_tag(std::string_view account, std::string_view key_id) noexcept;

// Appends the pairs sorted by name (bytewise), each as 32-bit length ‖ UTF-8. The empty context appends
// nothing.
void append_context(Bytes& to, std::span<const std::pair<std::string_view, std::string_view>> sorted);

}  // namespace claviger::link
