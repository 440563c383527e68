// Imported material on a real token, held against what OpenSSL does with the same key.
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <gmock/gmock.h>

#include "hsm/link/key_token.hpp"
#include "hsm/material.hpp"
#include "hsm/state.hpp"
#include "tests/unit/hsm/tokens.hpp"

namespace claviger::test {
namespace {

using hsm::KeyWrap;

Bytes pkcs8_of(EVP_PKEY* key) {
    PKCS8_PRIV_KEY_INFO* info = EVP_PKEY2PKCS8(key);
    unsigned char* der = nullptr;
    const int size = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
    Bytes out = to_bytes({reinterpret_cast<const std::byte*>(der), static_cast<std::size_t>(size)});
    OPENSSL_free(der);
    PKCS8_PRIV_KEY_INFO_free(info);
    return out;
}

PublicKey rsa_key(unsigned bits) {
    return PublicKey(EVP_RSA_gen(bits));
}
PublicKey ec_key(const char* curve) {
    return PublicKey(EVP_EC_gen(curve));
}

Bytes counted(std::size_t size) {
    Bytes out(size);
    for (std::size_t i = 0; i < size; ++i) {
        out[i] = static_cast<std::byte>(i * 7 + 1);
    }
    return out;
}

// RFC 5649 by OpenSSL.
Bytes key_wrapped(ByteView key, ByteView material) {
    EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
    EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    EVP_EncryptInit_ex(context, EVP_aes_256_wrap_pad(), nullptr, as_uchar(key), nullptr);
    Bytes out(material.size() + 32);
    int size = 0;
    EXPECT_EQ(EVP_EncryptUpdate(context, as_uchar_out(out), &size, as_uchar(material),
                                static_cast<int>(material.size())),
              1);
    EVP_CIPHER_CTX_free(context);
    out.resize(static_cast<std::size_t>(size));
    return out;
}

struct Kind {
    std::string_view spec = "SYMMETRIC_DEFAULT";
    std::string_view usage = "ENCRYPT_DECRYPT";
};

class ImportTest : public testing::Test {
protected:
    hsm::ImportCall call_for(const Kind& kind, KeyWrap key_wrap = KeyWrap::none) const {
        hsm::ImportCall call;
        call.wrapping_token = pair_.token;
        call.key_wrap = key_wrap;
        call.id_key.fill(std::byte{7});
        call.identity = test_identity("key-1", kind.spec, kind.usage);
        call.identity.origin = "EXTERNAL";
        return call;
    }
    Bytes envelope(ByteView material, Hash hash = Hash::sha256) const {
        return expect_value(rsa_encrypt(expect_value(parse_public_key(pair_.public_key)),
                                        hash == Hash::sha1 ? RsaBlock::oaep_sha1 : RsaBlock::oaep_sha256,
                                        material));
    }
    Bytes two_part_envelope(ByteView material, Hash hash = Hash::sha256) const {
        const Bytes key = counted(32);
        Bytes out = envelope(key, hash);
        append(out, key_wrapped(key, material));
        return out;
    }
    Result<hsm::NewKey> import(const Kind& kind, ByteView material) {
        const bool pair = hsm::is_pair(kind.spec, kind.usage);
        hsm::ImportCall call = call_for(kind, pair ? KeyWrap::rfc5649 : KeyWrap::none);
        const Bytes wrapped = pair ? two_part_envelope(material) : envelope(material);
        call.wrapped = wrapped;
        return member_.slow->import_key(call);
    }
    bool refuses(const Kind& kind, ByteView material) {
        const hsm::NewKey made = expect_value(import(kind, material));
        return made.token.empty();
    }
    std::unique_ptr<hsm::Key> imported(const Kind& kind, ByteView material) {
        const hsm::NewKey made = expect_value(import(kind, material));
        return expect_value(member_.slow->load_key(made.token, hsm::Residency::session));
    }
    static Bytes id_of(const hsm::NewKey& made) {
        const auto token = link::parse_key_token(made.token);
        return token ? to_bytes(token->header.material_id) : Bytes{};
    }

    SoftHsm soft_;
    OpenToken member_ = provision_member(soft_);
    hsm::NewKey pair_ = expect_value(
        member_.slow->create_key(kTestCwk, test_identity("key-1", "RSA_2048", link::kImportUsage)));
};

constexpr Kind kAes{};
constexpr Kind kRsaSign{"RSA_2048", "SIGN_VERIFY"};
constexpr Kind kP256{"ECC_NIST_P256", "SIGN_VERIFY"};

TEST_F(ImportTest, AnAesKeyEncryptsAsOpenSslDoesWithTheSameBytes) {
    const Bytes material = counted(32);
    const auto key = imported(kAes, material);
    const std::string_view text = "the plaintext";
    Bytes blob(hsm::Lane::blob_room(text.size()));
    blob.resize(expect_value(member_.slow->encrypt(*key, as_bytes(text), {}, blob)));
    const ByteView sealed = ByteView(blob).subspan(46);
    EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
    std::array<unsigned char, 64> plain{};
    int size = 0;
    EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nullptr, as_uchar(material),
                       as_uchar(ByteView(blob).subspan(34)));
    EVP_DecryptUpdate(context, nullptr, &size, as_uchar(blob), 34);
    EVP_DecryptUpdate(context, plain.data(), &size, as_uchar(sealed), static_cast<int>(text.size()));
    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, const_cast<std::byte*>(sealed.last(16).data()));
    EXPECT_EQ(EVP_DecryptFinal_ex(context, plain.data() + size, &size), 1);
    EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(plain.data()), text.size()), text);
    EVP_CIPHER_CTX_free(context);
}

TEST_F(ImportTest, SecretKeysAreOfTheirSpecsSize) {
    for (const std::size_t size : {1u, 16u, 31u, 33u, 64u}) {
        EXPECT_TRUE(refuses(kAes, counted(size))) << size;
    }
    const std::tuple<std::string_view, std::size_t, const EVP_MD*> specs[] = {{"HMAC_224", 28, EVP_sha224()},
                                                                              {"HMAC_256", 32, EVP_sha256()},
                                                                              {"HMAC_384", 48, EVP_sha384()},
                                                                              {"HMAC_512", 64, EVP_sha512()}};
    for (const auto& [spec, least, hash] : specs) {
        const Kind kind{spec, "GENERATE_VERIFY_MAC"};
        EXPECT_TRUE(refuses(kind, counted(least - 1))) << spec;
        EXPECT_TRUE(refuses(kind, counted(129))) << spec;
        for (const std::size_t size :
             {least, least + 1, std::size_t{65}, std::size_t{100}, std::size_t{128}}) {
            const Bytes material = counted(size);
            const auto key = imported(kind, material);
            std::array<std::byte, kMaxDigest> mac{};
            const std::size_t made = expect_value(member_.slow->mac(*key, as_bytes("message"), mac));
            std::array<unsigned char, EVP_MAX_MD_SIZE> expected{};
            unsigned expected_size = 0;
            HMAC(hash, material.data(), static_cast<int>(size),
                 reinterpret_cast<const unsigned char*>("message"), 7, expected.data(), &expected_size);
            EXPECT_EQ(made, expected_size);
            EXPECT_EQ(std::memcmp(mac.data(), expected.data(), made), 0) << spec << " of " << size;
        }
    }
}

TEST_F(ImportTest, PairsWorkWithThePublicHalfTheyCameFrom) {
    const std::vector<std::pair<Kind, PublicKey>> pairs = [] {
        std::vector<std::pair<Kind, PublicKey>> out;
        out.emplace_back(kRsaSign, rsa_key(2048));
        out.emplace_back(Kind{"RSA_3072", "SIGN_VERIFY"}, rsa_key(3072));
        out.emplace_back(kP256, ec_key("P-256"));
        out.emplace_back(Kind{"ECC_NIST_P384", "SIGN_VERIFY"}, ec_key("P-384"));
        out.emplace_back(Kind{"ECC_NIST_P521", "SIGN_VERIFY"}, ec_key("P-521"));
        out.emplace_back(Kind{"ECC_SECG_P256K1", "SIGN_VERIFY"}, ec_key("secp256k1"));
        return out;
    }();
    for (const auto& [kind, pair] : pairs) {
        const auto key = imported(kind, pkcs8_of(pair.get()));
        EXPECT_EQ(to_bytes(key->public_key()), expect_value(to_spki(pair))) << kind.spec;
        const SignatureKind how{
            kind.spec.starts_with("RSA") ? SignatureScheme::rsa_pss : SignatureScheme::ecdsa, Hash::sha256};
        const Sha256Digest digest = sha256(as_bytes("message"));
        EXPECT_TRUE(verifies(pair, how, digest, expect_value(member_.slow->sign(*key, how, digest))))
            << kind.spec;
    }
}

TEST_F(ImportTest, KeysOfAnotherKindOrThatDoNotHoldTogetherAreRefused) {
    const Bytes p256 = pkcs8_of(ec_key("P-256").get());
    EXPECT_TRUE(refuses(kP256, pkcs8_of(ec_key("secp256k1").get())));
    EXPECT_TRUE(refuses(kP256, pkcs8_of(rsa_key(2048).get())));
    EXPECT_TRUE(refuses(kRsaSign, pkcs8_of(rsa_key(3072).get())));
    EXPECT_TRUE(refuses(kRsaSign, p256));
    EXPECT_TRUE(refuses(kRsaSign, counted(32)));
    Bytes trailed = p256;
    trailed.push_back(std::byte{0});
    EXPECT_TRUE(refuses(kP256, trailed));
    Bytes other_point = p256;
    other_point.back() ^= std::byte{1};
    EXPECT_TRUE(refuses(kP256, other_point));
    const Bytes rsa = pkcs8_of(rsa_key(2048).get());
    for (const std::size_t at :
         {60u, 320u, 600u, 760u, 900u, 1030u, 1190u}) {  // n, d, p, q, and what follows of them
        Bytes damaged = rsa;
        damaged[at] ^= std::byte{4};
        EXPECT_TRUE(refuses(kRsaSign, damaged)) << at;
    }
    EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr);
    EVP_PKEY* made = nullptr;
    EVP_PKEY_keygen_init(context);
    EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048);
    EVP_PKEY_CTX_set_rsa_keygen_primes(context, 3);
    ASSERT_EQ(EVP_PKEY_keygen(context, &made), 1);
    EVP_PKEY_CTX_free(context);
    EXPECT_TRUE(refuses(kRsaSign, pkcs8_of(PublicKey(made).get())));
}

TEST_F(ImportTest, ExplicitCurveParametersAreRefusedThoughTheyAreThoseOfTheCurve) {
    EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr);
    EVP_PKEY* made = nullptr;
    EVP_PKEY_keygen_init(context);
    EVP_PKEY_CTX_set_group_name(context, "P-256");
    EVP_PKEY_CTX_set_ec_param_enc(context, OPENSSL_EC_EXPLICIT_CURVE);
    ASSERT_EQ(EVP_PKEY_keygen(context, &made), 1);
    EVP_PKEY_CTX_free(context);
    const PublicKey spelled_out(made);
    const Bytes material = pkcs8_of(spelled_out.get());
    ASSERT_GT(material.size(), 200u);
    EXPECT_TRUE(refuses(kP256, material));
}

TEST_F(ImportTest, EnvelopesOfBothHashesOpenAndNothingElseDoes) {
    const Bytes material = counted(32);
    hsm::ImportCall call = call_for(kAes);
    const auto outcome = [&](ByteView wrapped) {
        call.wrapped = wrapped;
        const auto made = member_.slow->import_key(call);
        return made ? Errc{} : made.error().code;
    };
    const Bytes of_sha1 = envelope(material, Hash::sha1);
    const Bytes of_sha256 = envelope(material, Hash::sha256);
    EXPECT_EQ(outcome(of_sha1), Errc::data_invalid);
    EXPECT_EQ(outcome(ByteView(of_sha256).first(255)), Errc::data_invalid);
    EXPECT_EQ(outcome(two_part_envelope(material)), Errc::data_invalid);
    call.wrapped = of_sha256;
    EXPECT_FALSE(expect_value(member_.slow->import_key(call)).token.empty());
    call.hash = Hash::sha1;
    call.wrapped = of_sha1;
    EXPECT_FALSE(expect_value(member_.slow->import_key(call)).token.empty());
    call.key_wrap = KeyWrap::rfc5649;
    EXPECT_EQ(outcome(of_sha1), Errc::data_invalid);
    Bytes two_parts = two_part_envelope(material, Hash::sha1);
    two_parts.back() ^= std::byte{1};
    EXPECT_EQ(outcome(two_parts), Errc::data_invalid);
    two_parts.back() ^= std::byte{1};
    call.wrapped = two_parts;
    EXPECT_FALSE(expect_value(member_.slow->import_key(call)).token.empty());
}

TEST_F(ImportTest, TheMaterialIdTellsBytesKeysAndServicesApartAndNothingElse) {
    const Bytes first = id_of(expect_value(import(kAes, counted(32))));
    EXPECT_EQ(id_of(expect_value(import(kAes, counted(32)))), first);
    EXPECT_NE(id_of(expect_value(import(kAes, Bytes(32, std::byte{9})))), first);
    hsm::ImportCall call = call_for(kAes);
    const Bytes wrapped = envelope(counted(32));
    call.wrapped = wrapped;
    call.identity.key_id = "key-2";
    EXPECT_NE(id_of(expect_value(member_.slow->import_key(call))), first);
    call.identity.key_id = "key-1";
    call.id_key.fill(std::byte{8});
    EXPECT_NE(id_of(expect_value(member_.slow->import_key(call))), first);
}

TEST_F(ImportTest, OnlyAWrappingPairOpensEnvelopesAndItDoesNothingElse) {
    const auto ordinary = expect_value(
        member_.slow->create_key(kTestCwk, test_identity("key-1", "RSA_2048", "ENCRYPT_DECRYPT")));
    hsm::ImportCall call = call_for(kAes);
    const Bytes wrapped = expect_value(
        rsa_encrypt(expect_value(parse_public_key(ordinary.public_key)), RsaBlock::oaep_sha256, counted(32)));
    call.wrapping_token = ordinary.token;
    call.wrapped = wrapped;
    EXPECT_EQ(member_.slow->import_key(call).error().code, Errc::unsupported);
    const auto pair = expect_value(member_.slow->load_key(pair_.token, hsm::Residency::session));
    EXPECT_EQ(member_.slow->rsa_decrypt(*pair, Hash::sha256, wrapped).error().code, Errc::unsupported);
}

}  // namespace
}  // namespace claviger::test
