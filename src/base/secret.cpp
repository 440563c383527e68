#include <claviger/base/secret.hpp>

#include <openssl/crypto.h>

namespace claviger {

void wipe(std::span<std::byte> memory) noexcept {
    if (!memory.empty()) {
        OPENSSL_cleanse(memory.data(), memory.size());
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
