#include <claviger/base/digest.hpp>

#include <claviger/base/encoding.hpp>

#include <gtest/gtest.h>

namespace claviger {
namespace {

// FIPS 180-4 example "abc"; RFC 4231 test case 2.
TEST(Digest, MatchesPublishedVectors) {
    EXPECT_EQ(to_hex(sha256(as_bytes("abc"))),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(to_hex(Sha256().update(as_bytes("a")).update(as_bytes("bc")).finish()),
              to_hex(sha256(as_bytes("abc"))));
    EXPECT_EQ(to_hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Digest, AContextIsReusableAfterFinish) {
    Sha256 hash;
    const Sha256Digest first = hash.update(as_bytes("abc")).finish();
    EXPECT_EQ(hash.update(as_bytes("abc")).finish(), first);
}

TEST(SecretBytes, ShrinkingWipesTheTail) {
    SecretBytes secret(std::string_view("0123456789"));
    const std::byte* tail = secret.reveal(SecretAccess{}).data() + 5;
    secret.resize(5);
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(tail[i], std::byte{0});
    }
}

}  // namespace
}  // namespace claviger
