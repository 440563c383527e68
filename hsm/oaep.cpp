#include "hsm/oaep.hpp"

#include <array>

namespace claviger::hsm {
namespace {

// Keeps the compiler from learning what a mask is, and so from branching on it.
std::size_t opaque(std::size_t value) noexcept {
    asm volatile("" : "+r"(value));
    return value;
}

// All ones if zero, else zero.
std::size_t is_zero(std::size_t value) noexcept {
    return opaque(0 - ((~value & (value - 1)) >> (sizeof value * 8 - 1)));
}

std::size_t octet(std::byte value) noexcept {
    return std::to_integer<std::size_t>(value);
}

// target ^= MGF1(seed) (RFC 8017 appendix B.2.1).
void unmask(Hash hash, ByteView seed, std::span<std::byte> target) noexcept {
    const std::size_t size = digest_size(hash);
    std::array<std::byte, kMaxDigest> mask;
    std::array<std::byte, 4> counter{};
    for (std::size_t at = 0; at < target.size(); at += size) {
        digest(hash, {seed, counter}, std::span(mask).first(size));
        for (std::size_t i = 0; i < size && at + i < target.size(); ++i) {
            target[at + i] ^= mask[i];
        }
        counter[3] = static_cast<std::byte>(octet(counter[3]) + 1);  // 512 bytes need 26 blocks at most
    }
    wipe(mask);
}

}  // namespace

std::optional<SecretBytes> oaep_decode(Hash hash, std::span<std::byte> block) {
    const std::size_t size = digest_size(hash);
    if (block.size() < 2 * size + 2) {
        return std::nullopt;  // the modulus is no secret
    }
    const std::span<std::byte> seed = block.subspan(1, size);
    const std::span<std::byte> data = block.subspan(1 + size);
    unmask(hash, data, seed);
    unmask(hash, seed, data);

    std::array<std::byte, kMaxDigest> label;
    digest(hash, {}, std::span(label).first(size));
    std::size_t wrong = octet(block[0]);
    for (std::size_t i = 0; i < size; ++i) {
        wrong |= octet(data[i] ^ label[i]);
    }
    std::size_t found = 0;  // all ones behind the separator
    std::size_t separator = 0;
    for (std::size_t i = size; i < data.size(); ++i) {
        const std::size_t value = octet(data[i]);
        const std::size_t here = is_zero(value ^ 1) & ~found;
        separator |= i & here;
        found |= here;
        wrong |= value & ~found;
    }
    wrong |= ~found;
    if (opaque(wrong) != 0) {
        return std::nullopt;
    }
    return SecretBytes(ByteView(data).subspan(separator + 1));
}

}  // namespace claviger::hsm
