// HMAC and private-key work on a real token, cross-checked with OpenSSL.
#include <gmock/gmock.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/x509.h>

#include "hsm/state.hpp"
#include "tests/unit/hsm/tokens.hpp"

namespace claviger::test {
namespace {

struct Context {
    explicit Context(const PublicKey& key) : raw(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr)) {}
    ~Context() { EVP_PKEY_CTX_free(raw); }
    EVP_PKEY_CTX* raw;
};

Bytes digest_of(Hash hash, std::string_view text) {
    Bytes out(digest_size(hash));
    digest(hash, {as_bytes(text)}, out);
    return out;
}

class PrivateKeyTest : public testing::Test {
protected:
    std::unique_ptr<hsm::Key> make(std::string_view spec, std::string_view usage,
                                   std::string_view id = "key-1") {
        const auto made = expect_value(member_.slow->create_key(kTestCwk, test_identity(id, spec, usage)));
        return expect_value(member_.slow->load_key(made.token, hsm::Residency::session));
    }
    static PublicKey public_of(const hsm::Key& key) {
        return expect_value(parse_public_key(key.public_key()));
    }

    SoftHsm soft_;
    OpenToken member_ = provision_member(soft_);
};

struct SignCase {
    std::string_view spec;
    std::vector<SignatureKind> kinds;
};

TEST_F(PrivateKeyTest, EverySigningAlgorithmVerifiesWithThePublicPart) {
    std::vector<SignatureKind> rsa;
    for (const Hash hash : {Hash::sha256, Hash::sha384, Hash::sha512}) {
        rsa.push_back({SignatureScheme::rsa_pkcs1, hash});
        rsa.push_back({SignatureScheme::rsa_pss, hash});
    }
    const std::vector<SignCase> cases{{"RSA_2048", rsa},
                                      {"ECC_NIST_P256", {{SignatureScheme::ecdsa, Hash::sha256}}},
                                      {"ECC_NIST_P384", {{SignatureScheme::ecdsa, Hash::sha384}}},
                                      {"ECC_NIST_P521", {{SignatureScheme::ecdsa, Hash::sha512}}},
                                      {"ECC_SECG_P256K1", {{SignatureScheme::ecdsa, Hash::sha256}}}};
    for (const SignCase& one : cases) {
        const auto key = make(one.spec, "SIGN_VERIFY");
        for (const SignatureKind kind : one.kinds) {
            const Bytes digest = digest_of(kind.hash, "message");
            const Bytes signature = expect_value(member_.slow->sign(*key, kind, digest));
            EXPECT_TRUE(verifies(public_of(*key), kind, digest, signature))
                << one.spec << " " << static_cast<int>(kind.scheme) << " " << static_cast<int>(kind.hash);
        }
    }
}

TEST_F(PrivateKeyTest, AKeyDoesNothingButItsPurpose) {
    const auto agree = make("ECC_NIST_P256", "KEY_AGREEMENT");
    const auto signer = make("ECC_NIST_P256", "SIGN_VERIFY", "key-2");
    const auto digest = digest_of(Hash::sha256, "x");
    const SignatureKind ecdsa{SignatureScheme::ecdsa, Hash::sha256};
    EXPECT_EQ(member_.slow->sign(*agree, ecdsa, digest).error().code, Errc::unsupported);
    EXPECT_EQ(member_.slow->derive(*signer, agree->public_key()).error().code, Errc::unsupported);
    EXPECT_EQ(member_.slow->sign(*signer, {SignatureScheme::rsa_pss, Hash::sha256}, digest).error().code,
              Errc::unsupported);
    std::array<std::byte, kMaxDigest> out;
    EXPECT_EQ(member_.fast->mac(*signer, as_bytes("x"), out).error().code, Errc::unsupported);
    EXPECT_EQ(member_.slow->rsa_decrypt(*signer, Hash::sha1, digest).error().code, Errc::unsupported);
    // Nor does the token let the object be used otherwise.
    const hsm::Functions& p11 = member_.token->state().p11;
    CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
    EXPECT_NE(p11->C_SignInit(member_.slow->session(), &mechanism, agree->state().handle), CKR_OK);
}

TEST_F(PrivateKeyTest, SwappedAndVanishedHandlesStillSignRight) {
    const auto one = make("ECC_NIST_P256", "SIGN_VERIFY", "key-1");
    const SignatureKind kind{SignatureScheme::ecdsa, Hash::sha256};
    const Bytes digest = digest_of(Hash::sha256, "message");
    member_.token->state().p11->C_DestroyObject(member_.slow->session(), one->state().handle);
    const Bytes signature = expect_value(member_.slow->sign(*one, kind, digest));
    EXPECT_TRUE(verifies(public_of(*one), kind, digest, signature));
    EXPECT_EQ(member_.slow->counters().key_reloads, 1u);
    member_.token->state().p11->C_CloseSession(member_.slow->session());
    EXPECT_TRUE(
        verifies(public_of(*one), kind, digest, expect_value(member_.slow->sign(*one, kind, digest))));
}

TEST_F(PrivateKeyTest, OpensWhatOpenSslEncryptedWithOaep) {
    const auto key = make("RSA_2048", "ENCRYPT_DECRYPT");
    const PublicKey public_key = public_of(*key);
    for (const auto& [hash, block, most] :
         {std::tuple{Hash::sha1, RsaBlock::oaep_sha1, 214u}, {Hash::sha256, RsaBlock::oaep_sha256, 190u}}) {
        for (const std::size_t size : {0u, 1u, 32u, most}) {
            const Bytes message(size, std::byte{0x5a});
            const Bytes sealed = expect_value(rsa_encrypt(public_key, block, message));
            const SecretBytes opened = expect_value(member_.slow->rsa_decrypt(*key, hash, sealed));
            EXPECT_TRUE(std::ranges::equal(opened.reveal(SecretAccess()), message));
        }
        EXPECT_FALSE(rsa_encrypt(public_key, block, Bytes(most + 1)));
    }
}

TEST_F(PrivateKeyTest, WhateverIsWrongWithAnRsaCiphertextIsTheCallersFault) {
    const auto key = make("RSA_2048", "ENCRYPT_DECRYPT");
    const Bytes good = expect_value(rsa_encrypt(public_of(*key), RsaBlock::oaep_sha256, as_bytes("message")));
    const auto refused = [&](ByteView ciphertext, Hash hash = Hash::sha256) {
        const auto opened = member_.slow->rsa_decrypt(*key, hash, ciphertext);
        EXPECT_FALSE(opened);
        EXPECT_EQ(opened.error().code, Errc::data_invalid);
    };
    Bytes bad = good;
    bad[100] ^= std::byte{1};
    refused(bad);
    refused(good, Hash::sha1);
    refused(ByteView(good).first(255));
    refused(Bytes(256, std::byte{0xff}));  // not below the modulus
    refused(Bytes(256));
    refused({});
    bad = good;
    bad.insert(bad.begin(), std::byte{0});
    refused(bad);
    EXPECT_TRUE(member_.slow->rsa_decrypt(*key, Hash::sha256, good));
    EXPECT_EQ(member_.slow->counters().key_reloads, 0u);
}

TEST_F(PrivateKeyTest, SharedSecretIsWhatOpenSslDerives) {
    for (const auto& [spec, curve] :
         {std::pair{"ECC_NIST_P256", "P-256"}, {"ECC_NIST_P384", "P-384"}, {"ECC_NIST_P521", "P-521"}}) {
        const auto key = make(spec, "KEY_AGREEMENT");
        const PublicKey peer(EVP_EC_gen(curve));
        const SecretBytes ours = expect_value(member_.slow->derive(*key, expect_value(to_spki(peer))));
        Bytes theirs(ours.size());
        std::size_t size = theirs.size();
        const Context context(peer);
        const PublicKey own = public_of(*key);
        ASSERT_EQ(EVP_PKEY_derive_init(context.raw), 1);
        ASSERT_EQ(EVP_PKEY_derive_set_peer(context.raw, own.get()), 1);
        ASSERT_EQ(EVP_PKEY_derive(context.raw, as_uchar_out(theirs), &size), 1);
        ASSERT_EQ(size, ours.size());
        EXPECT_TRUE(std::ranges::equal(ours.reveal(SecretAccess()), theirs)) << spec;
        const PublicKey stranger(EVP_EC_gen("secp256k1"));
        EXPECT_EQ(member_.slow->derive(*key, expect_value(to_spki(stranger))).error().code,
                  Errc::data_invalid);
    }
}

TEST_F(PrivateKeyTest, MacIsWhatOpenSslMakesOfAKeyItKnows) {
    const auto key = make("HMAC_256", "GENERATE_VERIFY_MAC");
    std::array<std::byte, kMaxDigest> one;
    std::array<std::byte, kMaxDigest> two;
    ASSERT_EQ(expect_value(member_.fast->mac(*key, as_bytes("message"), one)), 32u);
    ASSERT_EQ(expect_value(member_.fast->mac(*key, as_bytes("another"), two)), 32u);
    EXPECT_NE(one, two);
    // Still the same after the handle was lost.
    member_.token->state().p11->C_DestroyObject(member_.slow->session(), key->state().handle);
    ASSERT_EQ(expect_value(member_.fast->mac(*key, as_bytes("message"), two)), 32u);
    EXPECT_TRUE(std::equal(one.begin(), one.begin() + 32, two.begin()));
    for (const auto& [spec, size] : {std::pair{"HMAC_224", 28u}, {"HMAC_384", 48u}, {"HMAC_512", 64u}}) {
        EXPECT_EQ(expect_value(member_.fast->mac(*make(spec, "GENERATE_VERIFY_MAC"), as_bytes("m"), one)),
                  size);
    }
}

TEST_F(PrivateKeyTest, DataKeyPairParsesAndItsHalvesBelongTogether) {
    for (const auto& [spec, size] : {std::pair{"RSA_2048", 0u},
                                     {"ECC_NIST_P256", 138u},
                                     {"ECC_NIST_P384", 185u},
                                     {"ECC_NIST_P521", 241u},
                                     {"ECC_SECG_P256K1", 135u}}) {
        const hsm::ReadablePair pair = expect_value(member_.slow->generate_pair(spec));
        const ByteView der = pair.private_key.reveal(SecretAccess());
        const unsigned char* at = as_uchar(der);
        PKCS8_PRIV_KEY_INFO* info = d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size()));
        ASSERT_NE(info, nullptr) << spec;
        const PublicKey key(EVP_PKCS82PKEY(info));
        PKCS8_PRIV_KEY_INFO_free(info);
        ASSERT_TRUE(key) << spec;
        EXPECT_EQ(at, as_uchar(der) + der.size());
        EXPECT_EQ(expect_value(to_spki(key)), pair.public_key) << spec;
        EXPECT_EQ(EVP_PKEY_pairwise_check(Context(key).raw), 1) << spec;
        if (size != 0) {
            EXPECT_EQ(der.size(), size) << spec;
        }
    }
    EXPECT_EQ(member_.slow->generate_pair("HMAC_256").error().code, Errc::unsupported);
    EXPECT_TRUE(expect_value(member_.token->objects()).size() <= 8);  // nothing of a pair stays
}

}  // namespace
}  // namespace claviger::test
