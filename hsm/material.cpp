#include "hsm/material.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

#include <claviger/base/public_key.hpp>

namespace claviger::hsm {
namespace {

constexpr std::size_t kLargestHmacKey = 128;  // bytes, whatever the hash

template <auto Free>
struct Deleter {
    template <class T>
    void operator()(T* object) const noexcept {
        Free(object);
    }
};
using PrivateKeyInfo = std::unique_ptr<PKCS8_PRIV_KEY_INFO, Deleter<PKCS8_PRIV_KEY_INFO_free>>;
using SecretNumber = std::unique_ptr<BIGNUM, Deleter<BN_clear_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using Cipher = std::unique_ptr<EVP_CIPHER, Deleter<EVP_CIPHER_free>>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Deleter<EVP_CIPHER_CTX_free>>;

// RFC 2104 section 2 uses the hash of a key that is longer than a block of the hash. Done here: SoftHSM gives
// an unwrapped key of odd length the padding of its wrapping, zeros, which shorter keys get from HMAC anyway.
SecretBytes hmac_key(CK_MECHANISM_TYPE mac, const SecretBytes& bytes) {
    constexpr std::size_t kBlock = 64;  // of SHA-224 and SHA-256; the others' is kLargestHmacKey
    const bool is_224 = mac == CKM_SHA224_HMAC;
    if (bytes.size() <= kBlock || (!is_224 && mac != CKM_SHA256_HMAC)) {
        return bytes.clone();
    }
    SecretBytes out(is_224 ? 28 : 32);
    const ByteView key = bytes.reveal(SecretAccess());
    EVP_Digest(key.data(), key.size(), as_uchar_out(out.reveal_mutable(SecretAccess())), nullptr,
               is_224 ? EVP_sha224() : EVP_sha256(), nullptr);
    return out;
}

std::optional<Material> read_secret_key(const KeyKindRow& kind, const SecretBytes& bytes) {
    const std::size_t most = kind.family == Family::hmac ? kLargestHmacKey : kind.size;
    if (bytes.size() < kind.size || bytes.size() > most) {
        return std::nullopt;
    }
    Material out;
    out.identity = bytes.clone();
    out.value.bytes(CKA_VALUE, kind.family == Family::hmac ? hmac_key(kind.mac, bytes).reveal(SecretAccess())
                                                           : bytes.reveal(SecretAccess()));
    return out;
}

// A PublicKey is an EVP_PKEY; this one has its private half, which OpenSSL wipes when it frees it.
PublicKey parse_pkcs8(ByteView der) {
    const unsigned char* at = as_uchar(der);
    const PrivateKeyInfo info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
    if (!info || at != as_uchar(der) + der.size()) {
        return nullptr;
    }
    return PublicKey(EVP_PKCS82PKEY(info.get()));
}

bool is_consistent(EVP_PKEY* key) {
    const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
    return context && EVP_PKEY_check(context.get()) == 1;
}

SecretNumber number(EVP_PKEY* key, const char* name) {
    BIGNUM* value = nullptr;
    EVP_PKEY_get_bn_param(key, name, &value);
    return SecretNumber(value);
}

// `size` bytes, or as many as it takes if that is more.
bool add_number(Template& to, CK_ATTRIBUTE_TYPE type, const BIGNUM* value, std::size_t size = 0) {
    if (value == nullptr) {
        return false;
    }
    SecretBytes bytes(std::max(size, static_cast<std::size_t>(BN_num_bytes(value))));
    const std::span<std::byte> room = bytes.reveal_mutable(SecretAccess());
    if (BN_bn2binpad(value, as_uchar_out(room), static_cast<int>(room.size())) < 0) {
        return false;
    }
    to.bytes(type, room);
    return true;
}

struct Numbered {
    CK_ATTRIBUTE_TYPE attribute;
    const char* name;
};
constexpr Numbered kRsaNumbers[] = {{CKA_MODULUS, OSSL_PKEY_PARAM_RSA_N},
                                    {CKA_PUBLIC_EXPONENT, OSSL_PKEY_PARAM_RSA_E},
                                    {CKA_PRIVATE_EXPONENT, OSSL_PKEY_PARAM_RSA_D},
                                    {CKA_PRIME_1, OSSL_PKEY_PARAM_RSA_FACTOR1},
                                    {CKA_PRIME_2, OSSL_PKEY_PARAM_RSA_FACTOR2},
                                    {CKA_EXPONENT_1, OSSL_PKEY_PARAM_RSA_EXPONENT1},
                                    {CKA_EXPONENT_2, OSSL_PKEY_PARAM_RSA_EXPONENT2},
                                    {CKA_COEFFICIENT, OSSL_PKEY_PARAM_RSA_COEFFICIENT1}};

bool read_rsa(const KeyKindRow& kind, EVP_PKEY* key, Template& to) {
    if (EVP_PKEY_is_a(key, "RSA") != 1 || static_cast<CK_ULONG>(EVP_PKEY_get_bits(key)) != kind.size ||
        number(key, OSSL_PKEY_PARAM_RSA_FACTOR3)) {
        return false;
    }
    for (const Numbered& each : kRsaNumbers) {
        if (!add_number(to, each.attribute, number(key, each.name).get())) {
            return false;
        }
    }
    return true;
}

bool read_ec(const KeyKindRow& kind, const PublicKey& key, Template& to) {
    if (EVP_PKEY_is_a(key.get(), "EC") != 1 || ec_curve(key) != kind.curve) {
        return false;
    }
    to.text(CKA_EC_PARAMS, kind.curve_oid);
    return add_number(to, CKA_VALUE, number(key.get(), OSSL_PKEY_PARAM_PRIV_KEY).get(), kind.size);
}

// In the form that this library gives every public key: an RSA exponent of any size, a point uncompressed.
Result<Bytes> public_half(const KeyKindRow& kind, const PublicKey& key) {
    if (kind.family == Family::rsa) {
        const auto parts = rsa_parts(key);
        const auto half = parts ? rsa_public_key(*parts) : Result<PublicKey>(parts.error());
        return half ? to_spki(*half) : half.error();
    }
    const auto point = ec_point(key);
    const auto half = point ? ec_public_key(kind.curve, *point) : Result<PublicKey>(point.error());
    return half ? to_spki(*half) : half.error();
}

std::optional<Material> read_private_key(const KeyKindRow& kind, const SecretBytes& bytes) {
    const PublicKey key = parse_pkcs8(bytes.reveal(SecretAccess()));
    Material out;
    const bool suits = key && (kind.family == Family::rsa ? read_rsa(kind, key.get(), out.value)
                                                          : read_ec(kind, key, out.value));
    if (!suits || !is_consistent(key.get())) {
        return std::nullopt;
    }
    Result<Bytes> half = public_half(kind, key);
    if (!half) {
        return std::nullopt;
    }
    out.public_key = std::move(*half);
    out.identity = SecretBytes(ByteView(out.public_key));
    return out;
}

const char* key_wrap_of(std::size_t key_size) {
    switch (key_size) {
        case 16: return "AES-128-WRAP-PAD";
        case 24: return "AES-192-WRAP-PAD";
        case 32: return "AES-256-WRAP-PAD";
        default: return nullptr;
    }
}

}  // namespace

std::optional<Material> read_material(const KeyKindRow& kind, const SecretBytes& bytes) {
    switch (kind.family) {
        case Family::aes:
        case Family::hmac: return read_secret_key(kind, bytes);
        case Family::rsa:
        case Family::ec: break;
    }
    return read_private_key(kind, bytes);
}

std::optional<SecretBytes> key_unwrap(const SecretBytes& key, ByteView wrapped) {
    const char* const name = key_wrap_of(key.size());
    const Cipher cipher(name != nullptr ? EVP_CIPHER_fetch(nullptr, name, nullptr) : nullptr);
    const CipherContext context(EVP_CIPHER_CTX_new());
    if (!cipher || !context || wrapped.size() < 16 || wrapped.size() % 8 != 0) {
        return std::nullopt;
    }
    SecretBytes out(wrapped.size() + 16);
    int size = 0;
    EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    if (EVP_DecryptInit_ex2(context.get(), cipher.get(), as_uchar(key.reveal(SecretAccess())), nullptr,
                            nullptr) != 1 ||
        EVP_DecryptUpdate(context.get(), as_uchar_out(out.reveal_mutable(SecretAccess())), &size,
                          as_uchar(wrapped), static_cast<int>(wrapped.size())) != 1 ||
        size <= 0) {
        return std::nullopt;
    }
    out.resize(static_cast<std::size_t>(size));
    return out;
}

}  // namespace claviger::hsm
