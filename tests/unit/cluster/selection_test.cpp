#include "cluster/selection.hpp"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace claviger::cluster {
namespace {

Candidate candidate(std::uint32_t member, std::uint32_t outstanding, Holds holds, Seat seat = Seat::other,
                    std::uint64_t affinity = 0) {
    return {member, outstanding, holds, seat, affinity};
}

TEST(Selection, NobodyIsNobody) {
    Selection selection(1, 4);
    EXPECT_EQ(selection.pick({}, Heat::cold, Room::none), std::nullopt);
}

TEST(Selection, AHolderIsTakenEvenIfItIsBusier) {
    Selection selection(1, 4);
    const std::vector<Candidate> all{candidate(0, 0, Holds::no, Seat::own), candidate(1, 9, Holds::yes)};
    EXPECT_EQ(selection.pick(all, Heat::cold, Room::none), 1u);
}

TEST(Selection, AHotKeySpreadsToThoseThatDoNotHoldIt) {
    Selection selection(1, 4);
    const std::vector<Candidate> all{candidate(0, 0, Holds::no, Seat::own), candidate(1, 9, Holds::yes)};
    EXPECT_EQ(selection.pick(all, Heat::hot, Room::none), 0u);
}

TEST(Selection, AKeyNobodyHoldsGoesWhereRendezvousSays) {
    Selection selection(1, 4);
    const std::vector<Candidate> all{candidate(0, 0, Holds::no, Seat::own, 5),
                                     candidate(1, 3, Holds::no, Seat::other, 9)};
    EXPECT_EQ(selection.pick(all, Heat::cold, Room::none), 1u);
}

TEST(Selection, TheOwnHostIsPreferredUntilItsQueueIsMuchDeeper) {
    Selection selection(1, 4);
    std::vector<Candidate> all{candidate(0, 4, Holds::yes, Seat::own), candidate(1, 0, Holds::yes)};
    EXPECT_EQ(selection.pick(all, Heat::cold, Room::none), 0u);
    all[0].outstanding = 5;
    EXPECT_EQ(selection.pick(all, Heat::cold, Room::none), 1u);
}

TEST(Selection, WhileItHasRoomTheOwnHostIsTakenWhoeverHoldsTheKey) {
    Selection selection(1, 4);
    std::vector<Candidate> all{candidate(0, 4, Holds::no, Seat::own, 5),
                               candidate(1, 0, Holds::yes, Seat::other, 9)};
    EXPECT_EQ(selection.pick(all, Heat::cold, Room::some), 0u);
    EXPECT_EQ(selection.pick(all, Heat::cold, Room::none), 1u);
    all[0].outstanding = 5;
    EXPECT_EQ(selection.pick(all, Heat::cold, Room::some), 1u);
}

TEST(Selection, LeastOutstandingWinsAndTiesAreDrawn) {
    Selection selection(7, 0);
    const std::vector<Candidate> all{candidate(0, 2, Holds::yes), candidate(1, 1, Holds::yes),
                                     candidate(2, 1, Holds::yes)};
    std::map<std::size_t, int> picked;
    for (int i = 0; i < 1000; ++i) {
        ++picked[*selection.pick(all, Heat::cold, Room::none)];
    }
    EXPECT_EQ(picked.count(0), 0u);
    EXPECT_NEAR(picked[1], 500, 80);  // five standard deviations
}

TEST(Selection, TheSameSeedChoosesTheSame) {
    Selection one(42, 0);
    Selection two(42, 0);
    const std::vector<Candidate> all{candidate(0, 1, Holds::yes), candidate(1, 1, Holds::yes)};
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(one.pick(all, Heat::cold, Room::none), two.pick(all, Heat::cold, Room::none));
    }
}

}  // namespace
}  // namespace claviger::cluster
