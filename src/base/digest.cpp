#include <claviger/base/digest.hpp>

// SHA256_* are deprecated for what replaces them, and that allocates three times a hash.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace claviger {
namespace {

struct DigestContextDeleter {
    void operator()(EVP_MD_CTX* p) const noexcept { EVP_MD_CTX_free(p); }
};

// Fetched once and kept for the life of the process: a fetch per call costs more than the hash (design,
// section 9).
EVP_MD* fetch(const char* name) {
    EVP_MD* const md = EVP_MD_fetch(nullptr, name, nullptr);
    if (md == nullptr) {
        std::abort();
    }
    return md;
}

const EVP_MD* fetched(Hash hash) {
    static const std::array<EVP_MD*, 4> all{fetch("SHA1"), fetch("SHA2-256"), fetch("SHA2-384"),
                                            fetch("SHA2-512")};
    switch (hash) {
        case Hash::sha1: return all[0];
        case Hash::sha256: return all[1];
        case Hash::sha384: return all[2];
        case Hash::sha512: return all[3];
    }
    std::abort();
}

EVP_MD_CTX* thread_digest_context() {
    thread_local const std::unique_ptr<EVP_MD_CTX, DigestContextDeleter> context(EVP_MD_CTX_new());
    if (!context) {
        std::abort();
    }
    return context.get();
}

static_assert(alignof(SHA256_CTX) <= 8);

SHA256_CTX* context_in(std::array<std::byte, sizeof(SHA256_CTX)>& state) noexcept {
    return reinterpret_cast<SHA256_CTX*>(state.data());
}

}  // namespace

Sha256::Sha256() noexcept {
    SHA256_Init(context_in(state_));
}

Sha256& Sha256::update(ByteView data) noexcept {
    SHA256_Update(context_in(state_), data.data(), data.size());
    return *this;
}

Sha256Digest Sha256::finish() noexcept {
    Sha256Digest out;
    SHA256_Final(as_uchar_out(out), context_in(state_));
    SHA256_Init(context_in(state_));
    return out;
}

Sha256Digest sha256(ByteView data) noexcept {
    return Sha256().update(data).finish();
}

void digest(Hash hash, std::initializer_list<ByteView> parts, std::span<std::byte> out) noexcept {
    EVP_MD_CTX* const context = thread_digest_context();
    if (out.size() != digest_size(hash) || EVP_DigestInit_ex2(context, fetched(hash), nullptr) != 1) {
        std::abort();
    }
    for (const ByteView part : parts) {
        EVP_DigestUpdate(context, part.data(), part.size());
    }
    unsigned size = 0;
    if (EVP_DigestFinal_ex(context, as_uchar_out(out), &size) != 1) {
        std::abort();
    }
}

Sha256Digest hmac_sha256(ByteView key, ByteView data) noexcept {
    std::array<std::byte, SHA256_CBLOCK> block{};
    if (key.size() > block.size()) {
        Sha256Digest shortened = sha256(key);
        std::ranges::copy(shortened, block.begin());
        wipe(shortened);
    } else {
        std::ranges::copy(key, block.begin());
    }
    const auto pad = [&block](std::byte with) {
        for (std::byte& b : block) {
            b ^= with;
        }
    };
    constexpr std::byte kInner{0x36}, kOuter{0x5c};
    Sha256 hash;
    pad(kInner);
    const Sha256Digest inner = hash.update(block).update(data).finish();
    pad(kInner ^ kOuter);
    const Sha256Digest out = hash.update(block).update(inner).finish();
    wipe(block);
    return out;
}

}  // namespace claviger
