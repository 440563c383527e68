// SHA-2, SHA-1 and HMAC-SHA-256. A request costs half a dozen SHA-256 hashes of a few blocks: these work on
// the stack and allocate nothing (decision 0027).
#pragma once

#include <array>
#include <initializer_list>

#include <claviger/base/bytes.hpp>
#include <claviger/base/secret.hpp>

namespace claviger {

using Sha256Digest = std::array<std::byte, 32>;

// Thread-safe.
Sha256Digest sha256(ByteView data) noexcept;

// Incremental form, wiped at its end. Not thread-safe; reusable after finish().
class Sha256 {
public:
    Sha256() noexcept;
    ~Sha256() { wipe(state_); }
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;
    Sha256& update(ByteView data) noexcept;
    Sha256Digest finish() noexcept;

private:
    alignas(8) std::array<std::byte, 112> state_;  // OpenSSL's SHA256_CTX, whose header stays out of here
};

enum class Hash : std::uint8_t {  // wire values of the HSM link: append only
    sha1 = 1,                     // inside OAEP only
    sha256 = 2,
    sha384 = 3,
    sha512 = 4,
};
constexpr std::size_t kMaxDigest = 64;
constexpr std::size_t digest_size(Hash hash) noexcept {
    switch (hash) {
        case Hash::sha1: return 20;
        case Hash::sha256: return 32;
        case Hash::sha384: return 48;
        case Hash::sha512: return 64;
    }
    return 0;
}
// Of the parts one after the other; `out` holds digest_size(hash) bytes. Thread-safe.
void digest(Hash hash, std::initializer_list<ByteView> parts, std::span<std::byte> out) noexcept;

// RFC 2104. Thread-safe.
Sha256Digest hmac_sha256(ByteView key, ByteView data) noexcept;

}  // namespace claviger
