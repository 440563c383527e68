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
