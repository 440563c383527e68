#include "src/auth/secret_arena.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace claviger::auth {
namespace {

TEST(SecretArena, MemoryIsLockedAndLeftOutOfDumps) {
    const auto arena = SecretArena::create(Locking::preferred, 256 << 10);
    ASSERT_TRUE(arena);
    const auto secret = (*arena)->store_signing_secret("a secret");
    ASSERT_TRUE(secret);
    EXPECT_EQ(as_text(secret->reveal(SecretAccess{})), "AWS4a secret");
    const std::byte* const at = secret->reveal(SecretAccess{}).data();
    EXPECT_GE(at, (*arena)->range().data());
    EXPECT_LT(at, (*arena)->range().data() + (*arena)->range().size());
    // proc(5): the line "VmFlags" of the mapping that holds the secret names lo (locked) and dd (no dump).
    std::ifstream maps("/proc/self/smaps");
    std::string flags;
    bool ours = false;
    for (std::string line; std::getline(maps, line);) {
        unsigned long from = 0, to = 0;
        if (std::sscanf(line.c_str(), "%lx-%lx ", &from, &to) == 2) {
            const auto address = reinterpret_cast<unsigned long>(at);
            ours = address >= from && address < to;
        } else if (ours && line.starts_with("VmFlags:")) {
            flags = line;
        }
    }
    EXPECT_NE(flags.find(" dd"), std::string::npos) << flags;
#ifndef CLAVIGER_SANITIZED  // the sanitizers make mlock(2) a no-op that reports success
    EXPECT_EQ(flags.find(" lo") != std::string::npos, (*arena)->locked()) << flags;
#endif
}

TEST(SecretArena, GivenUpSecretIsWipedAndItsPlaceUsedAgain) {
    const auto arena = SecretArena::create(Locking::preferred, 64 << 10);
    ASSERT_TRUE(arena);
    const std::byte* place = nullptr;
    {
        const auto secret = (*arena)->store(as_bytes("0123456789"));
        place = secret->reveal(SecretAccess{}).data();
    }
    EXPECT_TRUE(std::all_of(place, place + 10, [](std::byte b) { return b == std::byte{0}; }));
    const auto next = (*arena)->allocate(64);
    EXPECT_EQ(next->reveal(SecretAccess{}).data(), place);
}

TEST(SecretArena, MovedSecretIsWipedOnce) {
    const auto arena = SecretArena::create(Locking::preferred, 64 << 10);
    ASSERT_TRUE(arena);
    auto first = std::move((*arena)->store(as_bytes("first"))).value();
    const ByteView place_of_first = first.reveal(SecretAccess{});
    ByteView place_of_second;
    const auto is_wiped = [](ByteView place) {
        return std::ranges::all_of(place, [](std::byte b) { return b == std::byte{0}; });
    };
    {
        auto second = std::move((*arena)->store(as_bytes("second"))).value();
        place_of_second = second.reveal(SecretAccess{});
        first = std::move(second);  // which has the old secret now, and ends with it
    }
    EXPECT_TRUE(is_wiped(place_of_first));
    EXPECT_EQ(as_text(first.reveal(SecretAccess{})), "second");
    {
        const ArenaSecret third(std::move(first));
        EXPECT_TRUE(first.empty());
        EXPECT_EQ(as_text(third.reveal(SecretAccess{})), "second");
    }
    EXPECT_TRUE(is_wiped(place_of_second));
    const auto next = (*arena)->store(as_bytes("third"));
    first = {};  // what gave its secret away wipes nothing
    EXPECT_EQ(as_text(next->reveal(SecretAccess{})), "third");
}

TEST(SecretArena, LargeSecretsAndManySmallOnesFillItToTheEndAndNoFurther) {
    const auto arena = SecretArena::create(Locking::preferred, 128 << 10);
    ASSERT_TRUE(arena);
    std::vector<ArenaSecret> held;
    for (;;) {
        auto made = (*arena)->allocate(held.size() % 2 == 0 ? 32 : 200);
        if (!made) {
            EXPECT_EQ(made.error().code, Errc::overloaded);
            break;
        }
        held.push_back(std::move(*made));
    }
    EXPECT_GT(held.size(), 780u);
    held.clear();
    EXPECT_TRUE((*arena)->allocate((128 << 10) - 64));
}

}  // namespace
}  // namespace claviger::auth
