#include "hsm/check_value.hpp"

#include <openssl/ec.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>

#include <claviger/base/digest.hpp>
#include <claviger/base/public_key.hpp>

#include "hsm/gcm.hpp"
#include "hsm/handles.hpp"
#include "hsm/private_key.hpp"
#include "hsm/state.hpp"

namespace claviger::hsm {
namespace {

constexpr std::string_view kConstant = "claviger-check-1";
constexpr std::string_view kDomain = "claviger-check-value-v1";
constexpr std::size_t kAesCheck = kGcmIv + kConstant.size() + link::kGcmTag;

// DigestInfo of SHA-256 without the digest (RFC 8017 section 9.2, note 1).
constexpr std::array<unsigned char, 19> kSha256Info{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
                                                    0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                                                    0x01, 0x05, 0x00, 0x04, 0x20};

Error wrong_key(std::string_view why, CK_RV rv = CKR_OK) {
    return Error(Errc::key_fault, "check value: " + std::string(why), rv);
}

// A failed use that does not tell a wrong key from a broken token counts as a wrong key: what follows
// (loading it again) tells them apart.
Error failed_use(std::string_view function, CK_RV rv) {
    const ReturnFacts& facts = classify(rv);
    const bool about_the_key = facts.code == Errc::data_invalid || facts.scope == FaultScope::key ||
                               facts.meaning == Meaning::ambiguous;
    return about_the_key ? wrong_key(facts.name, rv) : call_failed(function, rv);
}

Status<> verify_aes(Lane& lane, const CheckedKey& key) {
    if (key.value.size() != kAesCheck) {
        return wrong_key("of the wrong size");
    }
    Token::State& token = lane.token().state();
    std::array<std::byte, kGcmIv> iv;
    std::ranges::copy(key.value.first(kGcmIv), iv.begin());
    std::array<std::byte, kAesCheck> plain;
    CK_ULONG size = 0;
    const CK_RV rv = gcm_decrypt(token.p11, lane.session(), key.handle, gcm_params(iv, key.input),
                                 key.value.subspan(kGcmIv), plain, size);
    if (rv != CKR_OK) {
        return failed_use("C_Decrypt", rv);
    }
    if (size != kConstant.size() || !equal_constant_time(ByteView(plain).first(size), as_bytes(kConstant))) {
        return wrong_key("decrypts to something else");
    }
    return done;
}

Status<> verify_hmac(Lane& lane, const CheckedKey& key) {
    const auto mac =
        sign(lane.token().state().p11, lane.session(), {key.kind.mac, nullptr, 0}, key.handle, key.input);
    if (!mac) {
        return failed_use("C_Sign", mac.error().ckr);
    }
    return equal_constant_time(*mac, key.value) ? Status<>(done) : wrong_key("another MAC");
}

Status<> verify_signer(Lane& lane, const CheckedKey& key, const PublicKey& public_key) {
    const Functions& p11 = lane.token().state().p11;
    const Sha256Digest digest = sha256(key.input);
    bool good = false;
    CK_RV rv = CKR_OK;
    const auto try_sign = [&](CK_MECHANISM_TYPE mechanism, ByteView message) {
        auto signature = sign(p11, lane.session(), {mechanism, nullptr, 0}, key.handle, message);
        if (!signature) {
            rv = signature.error().ckr;
        }
        return signature;
    };
    if (key.kind.family == Family::ec) {
        const auto signature = try_sign(CKM_ECDSA, digest);
        const auto der = signature ? ecdsa_to_der(*signature) : signature;
        good = der && verifies(public_key, {SignatureScheme::ecdsa, Hash::sha256}, digest, *der);
    } else if (key.kind.purpose == Purpose::identity) {
        const auto signature = try_sign(CKM_SHA256_RSA_PKCS, key.input);
        good =
            signature && verifies(public_key, {SignatureScheme::rsa_pkcs1, Hash::sha256}, digest, *signature);
    } else {
        Bytes info(reinterpret_cast<const std::byte*>(kSha256Info.data()),
                   reinterpret_cast<const std::byte*>(kSha256Info.data() + kSha256Info.size()));
        append(info, digest);
        const auto signature = try_sign(CKM_RSA_PKCS, info);
        good =
            signature && verifies(public_key, {SignatureScheme::rsa_pkcs1, Hash::sha256}, digest, *signature);
    }
    if (rv != CKR_OK) {
        return failed_use("C_Sign", rv);
    }
    return good ? Status<>(done) : wrong_key("signature of another key");
}

Status<> verify_rsa_decrypter(Lane& lane, const CheckedKey& key, const PublicKey& public_key) {
    const Functions& p11 = lane.token().state().p11;
    const bool oaep = lane.token().capabilities().oaep_hash >= CKM_SHA256;
    // The message below the modulus: a leading zero byte, then what nobody chose.
    Bytes message(oaep ? 32 : key.kind.size / 8);
    SystemRandom().fill(std::span(message).subspan(1));
    const auto sealed = rsa_encrypt(public_key, oaep ? RsaBlock::oaep_sha256 : RsaBlock::raw, message);
    if (!sealed) {
        return wrong_key("its public part cannot encrypt");
    }
    CK_RSA_PKCS_OAEP_PARAMS params{CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, nullptr, 0};
    CK_MECHANISM mechanism{CKM_RSA_X_509, nullptr, 0};
    if (oaep) {
        mechanism = {CKM_RSA_PKCS_OAEP, &params, sizeof(params)};
    }
    CK_RV rv = p11->C_DecryptInit(lane.session(), &mechanism, key.handle);
    if (rv != CKR_OK) {
        return failed_use("C_DecryptInit", rv);
    }
    Bytes plain(1024);
    CK_ULONG size = plain.size();
    rv = p11->C_Decrypt(lane.session(), in_ptr(*sealed), sealed->size(), out_ptr(plain), &size);
    if (rv != CKR_OK) {
        return failed_use("C_Decrypt", rv);
    }
    return equal_constant_time(ByteView(plain).first(std::min<std::size_t>(size, plain.size())), message)
               ? Status<>(done)
               : wrong_key("decrypts to something else");
}

// Against a pair of our own whose secret we compute with the public part.
Status<> verify_agreement(Lane& lane, const CheckedKey& key, const PublicKey& public_key) {
    const PublicKey own(EVP_EC_gen(std::string(key.kind.curve).c_str()));
    const auto point = own ? ec_point(own) : Result<Bytes>(Error(Errc::internal, "no memory"));
    const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
        own ? EVP_PKEY_CTX_new_from_pkey(nullptr, own.get(), nullptr) : nullptr, &EVP_PKEY_CTX_free);
    SecretBytes expected(key.kind.size);
    std::size_t size = expected.size();
    if (!point || !context || EVP_PKEY_derive_init(context.get()) != 1 ||
        EVP_PKEY_derive_set_peer(context.get(), public_key.get()) != 1 ||
        EVP_PKEY_derive(context.get(), as_uchar_out(expected.reveal_mutable(SecretAccess())), &size) != 1) {
        return wrong_key("its public part cannot agree");
    }
    SecretBytes secret;
    const CK_RV rv = ecdh(lane.token().state().p11, lane.session(),
                          {.key = key.handle, .point = *point, .size = key.kind.size}, secret);
    if (rv != CKR_OK) {
        return failed_use("C_DeriveKey", rv);
    }
    return secret == expected ? Status<>(done) : wrong_key("agrees on another secret");
}

}  // namespace

Bytes check_input(const link::KeyTokenHeader& header) {
    Bytes out;
    WireWriter(out)
        .text(kDomain)
        .text(header.account)
        .text(header.key_id)
        .raw_bytes(header.material_id)
        .text(header.spec)
        .text(header.usage);
    return out;
}

Result<Bytes> make_check_value(Lane& lane, const KeyKindRow& kind, CK_OBJECT_HANDLE handle, ByteView input) {
    Token::State& token = lane.token().state();
    switch (kind.family) {
        case Family::rsa:
        case Family::ec: return Bytes{};
        case Family::hmac: return sign(token.p11, lane.session(), {kind.mac, nullptr, 0}, handle, input);
        case Family::aes: break;
    }
    Bytes value(kAesCheck + 32);
    const auto iv = std::span<std::byte, kGcmIv>(value.data(), kGcmIv);
    if (token.options.iv != IvScheme::module_writes) {
        const auto drawn = lane.draw_iv(iv);
        if (!drawn) {
            return drawn.error();
        }
    }
    CK_ULONG size = 0;
    const CK_RV rv = gcm_encrypt(token.p11, lane.session(), handle, gcm_params(iv, input),
                                 as_bytes(kConstant), std::span(value).subspan(kGcmIv), size);
    if (rv != CKR_OK) {
        return call_failed("C_Encrypt", rv);
    }
    if (kGcmIv + size != kAesCheck) {
        return Error(Errc::unsupported, "AES-GCM of this module is not plaintext and 16 bytes");
    }
    value.resize(kAesCheck);
    return value;
}

Status<> verify_check_value(Lane& lane, const CheckedKey& key) {
    switch (key.kind.family) {
        case Family::aes: return verify_aes(lane, key);
        case Family::hmac: return verify_hmac(lane, key);
        case Family::rsa:
        case Family::ec: break;
    }
    const auto public_key = parse_public_key(key.public_key);
    if (!public_key) {
        return wrong_key("the key token has no public part");
    }
    if (key.kind.family == Family::rsa &&
        (key.kind.purpose == Purpose::encrypt || key.kind.purpose == Purpose::import)) {
        return verify_rsa_decrypter(lane, key, *public_key);
    }
    if (key.kind.purpose == Purpose::agree) {
        return verify_agreement(lane, key, *public_key);
    }
    return verify_signer(lane, key, *public_key);
}

}  // namespace claviger::hsm
