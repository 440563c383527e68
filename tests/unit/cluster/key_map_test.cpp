#include "cluster/key_map.hpp"

#include <gtest/gtest.h>

namespace claviger::cluster {
namespace {

FlatName name(std::uint8_t i) {
    FlatName flat{};
    flat[0] = std::byte{i};
    flat[17] = std::byte{i};
    return flat;
}

TEST(KeyMap, LearnsForgetsAndForgetsAWholeMember) {
    KeyMap map;
    const MonoTime now{std::chrono::seconds(5)};
    EXPECT_EQ(map.use(name(1), now).holders, 0u);
    map.learn(name(1), 0);
    map.learn(name(1), 2);
    EXPECT_EQ(map.use(name(1), now).holders, 0b101u);
    map.forget(name(1), 0);
    EXPECT_EQ(map.use(name(1), now).holders, 0b100u);
    map.use(name(2), now);
    map.learn(name(2), 2);
    map.forget_member(2);
    EXPECT_EQ(map.use(name(1), now).holders, 0u);
    EXPECT_EQ(map.use(name(2), now).holders, 0u);
}

TEST(KeyMap, AKeyIsHotWithinOneSecondOnly) {
    KeyMap map;
    const MonoTime now{std::chrono::seconds(5)};
    for (int i = 0; i < 7; ++i) {
        EXPECT_EQ(KeyMap::heat(map.use(name(1), now)), Heat::cold);
    }
    EXPECT_EQ(KeyMap::heat(map.use(name(1), now)), Heat::hot);
    EXPECT_EQ(KeyMap::heat(map.use(name(1), now + std::chrono::seconds(1))), Heat::cold);
}

TEST(KeyMap, StaysBounded) {
    KeyMap map(16);
    const MonoTime now{};
    for (int i = 0; i < 200; ++i) {
        map.use(name(static_cast<std::uint8_t>(i)), now);
        EXPECT_LE(map.size(), 16u);
    }
}

TEST(Rendezvous, SpreadsKeysEvenly) {
    std::array<int, 3> first{};
    for (int i = 0; i < 3000; ++i) {
        FlatName flat{};
        flat[0] = static_cast<std::byte>(i);
        flat[1] = static_cast<std::byte>(i >> 8);
        std::uint32_t best = 0;
        for (std::uint32_t m = 1; m < 3; ++m) {
            best = rendezvous(flat, m) > rendezvous(flat, best) ? m : best;
        }
        ++first[best];
    }
    for (const int count : first) {
        EXPECT_NEAR(count, 1000, 130);  // five standard deviations
    }
}

}  // namespace
}  // namespace claviger::cluster
