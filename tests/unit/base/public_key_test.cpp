#include <claviger/base/public_key.hpp>

#include <claviger/base/encoding.hpp>

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

namespace claviger {
namespace {

PublicKey rsa() {
    return PublicKey(EVP_RSA_gen(2048));
}

Bytes digest_of(Hash hash, std::string_view text) {
    Bytes out(digest_size(hash));
    digest(hash, {as_bytes(text)}, out);
    return out;
}

// By OpenSSL, with the private half that our type never looks at.
Bytes sign(const PublicKey& key, SignatureKind kind, ByteView digest) {
    EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr);
    EVP_PKEY_sign_init(context);
    if (kind.scheme != SignatureScheme::ecdsa) {
        EVP_PKEY_CTX_set_rsa_padding(
            context, kind.scheme == SignatureScheme::rsa_pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING);
        const EVP_MD* md = kind.hash == Hash::sha256   ? EVP_sha256()
                           : kind.hash == Hash::sha384 ? EVP_sha384()
                                                       : EVP_sha512();
        EVP_PKEY_CTX_set_signature_md(context, md);
    }
    Bytes out(1024);
    std::size_t size = out.size();
    EXPECT_EQ(EVP_PKEY_sign(context, as_uchar_out(out), &size, as_uchar(digest), digest.size()), 1);
    EVP_PKEY_CTX_free(context);
    out.resize(size);
    return out;
}

TEST(PublicKey, VerifiesWhatItsOwnerSignedAndNothingElse) {
    const PublicKey key = rsa();
    for (const Hash hash : {Hash::sha256, Hash::sha384, Hash::sha512}) {
        const SignatureKind kind{SignatureScheme::rsa_pkcs1, hash};
        const Bytes digest = digest_of(hash, "message");
        Bytes signature = sign(key, kind, digest);
        EXPECT_TRUE(verifies(key, kind, digest, signature));
        EXPECT_FALSE(verifies(key, {SignatureScheme::rsa_pss, hash}, digest, signature));
        EXPECT_FALSE(verifies(key, {SignatureScheme::ecdsa, hash}, digest, signature));
        EXPECT_FALSE(verifies(key, kind, digest_of(hash, "another"), signature));
        EXPECT_FALSE(verifies(rsa(), kind, digest, signature));
        signature.push_back(std::byte{0});
        EXPECT_FALSE(verifies(key, kind, digest, signature));
    }
}

TEST(PublicKey, PssWithAnotherSaltLengthIsRefused) {
    const PublicKey key = rsa();
    const Bytes digest = digest_of(Hash::sha256, "message");
    const SignatureKind kind{SignatureScheme::rsa_pss, Hash::sha256};
    // OpenSSL's default salt is as long as the modulus allows.
    EXPECT_FALSE(verifies(key, kind, digest, sign(key, kind, digest)));
}

TEST(PublicKey, EcSignatureIsDerOnly) {
    const PublicKey key(EVP_EC_gen("P-256"));
    const Bytes digest = digest_of(Hash::sha256, "message");
    const SignatureKind kind{SignatureScheme::ecdsa, Hash::sha256};
    EXPECT_TRUE(verifies(key, kind, digest, sign(key, kind, digest)));
    EXPECT_FALSE(verifies(key, kind, digest, Bytes(64, std::byte{1})));
    EXPECT_FALSE(verifies(key, {SignatureScheme::rsa_pss, Hash::sha256}, digest, sign(key, kind, digest)));
    EXPECT_FALSE(verifies(key, kind, digest, {}));
}

TEST(PublicKey, SubjectPublicKeyInfoComesBackAsItWas) {
    for (const char* curve : {"P-256", "P-384", "P-521", "secp256k1"}) {
        const PublicKey key(EVP_EC_gen(curve));
        const Bytes spki = *to_spki(key);
        const auto parsed = parse_public_key(spki);
        ASSERT_TRUE(parsed);
        EXPECT_EQ(*to_spki(*parsed), spki);
        EXPECT_EQ(*to_spki(*ec_public_key(ec_curve(*parsed), *ec_point(*parsed))), spki);
        EXPECT_FALSE(rsa_parts(*parsed));
        Bytes trailed = spki;
        trailed.push_back(std::byte{0});
        EXPECT_FALSE(parse_public_key(trailed));
        Bytes off_curve = spki;
        off_curve.back() ^= std::byte{1};
        EXPECT_FALSE(parse_public_key(off_curve)) << curve;
    }
    EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr);
    EVP_PKEY* spelled_out = nullptr;
    EVP_PKEY_keygen_init(context);
    EVP_PKEY_CTX_set_group_name(context, "P-256");
    EVP_PKEY_CTX_set_ec_param_enc(context, OPENSSL_EC_EXPLICIT_CURVE);
    ASSERT_EQ(EVP_PKEY_keygen(context, &spelled_out), 1);
    EVP_PKEY_CTX_free(context);
    EXPECT_EQ(ec_curve(*parse_public_key(*to_spki(PublicKey(spelled_out)))), "");
    const PublicKey key = rsa();
    const auto parts = rsa_parts(*parse_public_key(*to_spki(key)));
    ASSERT_TRUE(parts);
    EXPECT_EQ(*to_spki(*rsa_public_key(*parts)), *to_spki(key));
    EXPECT_EQ(ec_curve(key), "");
    EXPECT_FALSE(ec_point(key));
}

// The X of this P-256 point begins like the header of a DER OCTET STRING that holds the rest of it.
TEST(PublicKey, EcPointIsTakenBareAndInDerWhateverItsBytes) {
    const Bytes bare = *from_hex(
        "043f0419f47d597728f6610f15a228d2431f538c9af62af57b7e65cbd93b83f692"
        "2963134724f29e393b02e6eda838ae2b7f8fa6db34c3818380dac44b4fad9df0");
    const auto key = ec_public_key("P-256", bare);
    ASSERT_TRUE(key) << key.error().describe();
    EXPECT_EQ(*ec_point(*key), bare);
    Bytes der = *from_hex("0441");
    der.insert(der.end(), bare.begin(), bare.end());
    EXPECT_EQ(*ec_point(*ec_public_key("P-256", der)), bare);
    const Bytes large = *ec_point(PublicKey(EVP_EC_gen("P-521")));
    Bytes large_der = *from_hex("048185");
    large_der.insert(large_der.end(), large.begin(), large.end());
    EXPECT_EQ(*ec_point(*ec_public_key("P-521", large_der)), large);
    EXPECT_FALSE(ec_public_key("P-256", ByteView(der).first(der.size() - 1)));
    EXPECT_FALSE(ec_public_key("no such curve", bare));
    EXPECT_FALSE(ec_public_key("P-256", {}));
}

// FIPS 180-4 examples "abc".
TEST(Digest, OfPartsIsThatOfTheWhole) {
    Bytes out(48);
    digest(Hash::sha384, {as_bytes("a"), as_bytes("bc")}, out);
    EXPECT_EQ(out.front(), std::byte{0xcb});
    EXPECT_EQ(out.back(), std::byte{0xa7});
    out.resize(20);
    digest(Hash::sha1, {as_bytes("ab"), {}, as_bytes("c")}, out);
    EXPECT_EQ(out.front(), std::byte{0xa9});
    EXPECT_EQ(out.back(), std::byte{0x9d});
}

}  // namespace
}  // namespace claviger
