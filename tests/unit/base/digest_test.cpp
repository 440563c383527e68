#include <claviger/base/digest.hpp>

#include <claviger/base/encoding.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

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

// RFC 4231 test cases 1, 3 and 6: keys shorter and longer than a block.
TEST(Digest, HmacTakesKeysOfEveryLength) {
    const auto repeated = [](std::size_t count, int value) { return Bytes(count, std::byte(value)); };
    EXPECT_EQ(to_hex(hmac_sha256(repeated(20, 0x0b), as_bytes("Hi There"))),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(to_hex(hmac_sha256(repeated(20, 0xaa), repeated(50, 0xdd))),
              "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    EXPECT_EQ(to_hex(hmac_sha256(repeated(131, 0xaa),
                                 as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

// The hash on the stack against OpenSSL's own way to it, over every length around the edges of blocks.
TEST(Digest, Sha256AgreesWithTheGeneralDigest) {
    const Bytes data(300, std::byte{0xa7});
    for (std::size_t size = 0; size <= data.size(); ++size) {
        Sha256Digest expected;
        digest(Hash::sha256, {ByteView(data).first(size)}, expected);
        ASSERT_EQ(sha256(ByteView(data).first(size)), expected) << size;
    }
}

TEST(Digest, EmptyKeyIsAKeyAndNotTheOneBefore) {
    (void)hmac_sha256(as_bytes("Jefe"), {});
    EXPECT_EQ(to_hex(hmac_sha256({}, {})),
              "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

#ifndef CLAVIGER_SANITIZED  // their allocators do not use the heap of the process
bool heap_holds(ByteView what) {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        unsigned long from = 0, to = 0;
        if (line.ends_with("[heap]") && std::sscanf(line.c_str(), "%lx-%lx ", &from, &to) == 2) {
            const auto* const heap = reinterpret_cast<const std::byte*>(from);
            return std::search(heap, heap + (to - from), what.begin(), what.end()) != heap + (to - from);
        }
    }
    ADD_FAILURE() << "no heap";
    return false;
}

TEST(Digest, HmacLeavesItsKeyNowhereInTheHeap) {
    std::array<std::byte, 32> key{};
    for (std::size_t i = 0; i < key.size(); ++i) {
        key[i] = std::byte(0x5a ^ (7 * i));
    }
    {
        const auto copy = std::make_unique<std::array<std::byte, 32>>(key);
        ASSERT_TRUE(heap_holds(key)) << "the search finds nothing";
        wipe(*copy);
    }
    ASSERT_FALSE(heap_holds(key));
    (void)hmac_sha256(key, as_bytes("message"));
    EXPECT_FALSE(heap_holds(key));
}
#endif

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
