// SHA-256 and HMAC-SHA-256 with algorithms fetched once per process: no EVP lookup per call (OpenSSL 3,
// crypto(7)).
#pragma once

#include <array>

#include <claviger/base/bytes.hpp>
#include <claviger/base/secret.hpp>

namespace claviger {

using Sha256Digest = std::array<std::byte, 32>;

// Thread-safe; aborts if the library cannot provide SHA-256 (a broken installation).
Sha256Digest sha256(ByteView data) noexcept;

// Incremental form. Not thread-safe; reusable after finish().
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;
    Sha256& update(ByteView data) noexcept;
    Sha256Digest finish() noexcept;

private:
    struct State;
    State* state_;
};

// RFC 2104. Thread-safe.
Sha256Digest hmac_sha256(ByteView key, ByteView data) noexcept;

}  // namespace claviger
