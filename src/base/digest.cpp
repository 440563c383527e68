#include <claviger/base/digest.hpp>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <cstdlib>
#include <memory>

namespace claviger {
namespace {

struct DigestContextDeleter {
    void operator()(EVP_MD_CTX* p) const noexcept { EVP_MD_CTX_free(p); }
};
struct MacContextDeleter {
    void operator()(EVP_MAC_CTX* p) const noexcept { EVP_MAC_CTX_free(p); }
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

const EVP_MD* fetched_sha256() {
    static EVP_MD* const md = fetch("SHA2-256");
    return md;
}

const EVP_MD* fetched(Hash hash) {
    static const std::array<EVP_MD*, 3> others{fetch("SHA1"), fetch("SHA2-384"), fetch("SHA2-512")};
    switch (hash) {
        case Hash::sha1: return others[0];
        case Hash::sha256: return fetched_sha256();
        case Hash::sha384: return others[1];
        case Hash::sha512: return others[2];
    }
    std::abort();
}

// An HMAC context that already knows its digest; threads reuse theirs.
EVP_MAC_CTX* thread_hmac_context() {
    static EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    thread_local const std::unique_ptr<EVP_MAC_CTX, MacContextDeleter> context = [] {
        std::unique_ptr<EVP_MAC_CTX, MacContextDeleter> made(EVP_MAC_CTX_new(mac));
        char name[] = "SHA2-256";
        const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                                     OSSL_PARAM_construct_end()};
        if (!made || EVP_MAC_CTX_set_params(made.get(), params) != 1) {
            std::abort();
        }
        return made;
    }();
    return context.get();
}

EVP_MD_CTX* thread_digest_context() {
    thread_local const std::unique_ptr<EVP_MD_CTX, DigestContextDeleter> context(EVP_MD_CTX_new());
    if (!context) {
        std::abort();
    }
    return context.get();
}

}  // namespace

struct Sha256::State {
    std::unique_ptr<EVP_MD_CTX, DigestContextDeleter> context{EVP_MD_CTX_new()};
};

Sha256::Sha256() : state_(new State) {
    if (EVP_DigestInit_ex(state_->context.get(), fetched_sha256(), nullptr) != 1) {
        std::abort();
    }
}
Sha256::~Sha256() {
    delete state_;
}

Sha256& Sha256::update(ByteView data) noexcept {
    EVP_DigestUpdate(state_->context.get(), data.data(), data.size());
    return *this;
}

Sha256Digest Sha256::finish() noexcept {
    Sha256Digest out;
    unsigned size = 0;
    EVP_DigestFinal_ex(state_->context.get(), as_uchar_out(out), &size);
    EVP_DigestInit_ex(state_->context.get(), nullptr, nullptr);
    return out;
}

Sha256Digest sha256(ByteView data) noexcept {
    Sha256Digest out;
    unsigned size = 0;
    EVP_MD_CTX* const context = thread_digest_context();
    if (EVP_DigestInit_ex2(context, fetched_sha256(), nullptr) != 1 ||
        EVP_DigestUpdate(context, data.data(), data.size()) != 1 ||
        EVP_DigestFinal_ex(context, as_uchar_out(out), &size) != 1) {
        std::abort();
    }
    return out;
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
    static constexpr unsigned char kNoKey[1] = {0};
    Sha256Digest out;
    std::size_t size = 0;
    EVP_MAC_CTX* const context = thread_hmac_context();
    // Without an address OpenSSL would go on with the key before. Behind the last step it gets another key:
    // it keeps a copy of each, and what follows from it, until the next.
    if (EVP_MAC_init(context, key.empty() ? kNoKey : as_uchar(key), key.size(), nullptr) != 1 ||
        EVP_MAC_update(context, as_uchar(data), data.size()) != 1 ||
        EVP_MAC_final(context, as_uchar_out(out), &size, out.size()) != 1 ||
        EVP_MAC_init(context, kNoKey, sizeof kNoKey, nullptr) != 1) {
        std::abort();
    }
    return out;
}

}  // namespace claviger
