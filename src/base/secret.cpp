#include <claviger/base/secret.hpp>

#include <openssl/crypto.h>
#include <string.h>

namespace claviger {

// explicit_bzero(3) and not OPENSSL_cleanse: both are kept by the optimiser, but this one writes whole
// vectors, and every request wipes a few kilobytes.
void wipe(std::span<std::byte> memory) noexcept {
    if (!memory.empty()) {
        ::explicit_bzero(memory.data(), memory.size());
    }
}

bool equal_constant_time(ByteView a, ByteView b) noexcept {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void SecretBytes::resize(std::size_t size) {
    if (size < data_.size()) {
        wipe(std::span(data_).subspan(size));
    }
    data_.resize(size);
}

}  // namespace claviger
