#include "cluster/pending.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace claviger::cluster {
namespace {

using link::CostClass;
using Match = PendingTable::Match;

const MonoTime kStart{std::chrono::seconds(100)};
constexpr std::chrono::milliseconds kTen{10};

Completion count(int& calls, ReplyKind& last) {
    return Completion([&calls, &last](Reply reply) {
        ++calls;
        last = reply.kind;
    });
}

TEST(Completion, IsCalledOnceAndFreesWhatItHolds) {
    auto held = std::make_shared<int>(1);
    int calls = 0;
    {
        Completion completion([held, &calls](Reply) { ++calls; });
        Completion moved(std::move(completion));
        EXPECT_FALSE(completion);
        std::move(moved)(Reply{});
        EXPECT_FALSE(moved);
    }
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(held.use_count(), 1);
    {
        const Completion unused([held](Reply) {});
    }
    EXPECT_EQ(held.use_count(), 1);
}

TEST(PendingTable, AnAnswerFindsItsWaiterOnce) {
    PendingTable table;
    int calls = 0;
    ReplyKind last{};
    const std::uint64_t id = table.add(count(calls, last), kStart, kStart + kTen, CostClass::fast);
    EXPECT_EQ(table.waiting(), 1u);
    Completion waiter;
    EXPECT_EQ(table.take(id, waiter), Match::waiting);
    std::move(waiter)(Reply{ReplyKind::answer, {}});
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(table.take(id, waiter), Match::unknown);
    EXPECT_EQ(table.outstanding(), 0u);
}

TEST(PendingTable, IdsThatWereNeverGivenAreUnknown) {
    PendingTable table;
    int calls = 0;
    ReplyKind last{};
    const std::uint64_t id = table.add(count(calls, last), kStart, kStart + kTen, CostClass::fast);
    Completion waiter;
    for (const std::uint64_t wrong :
         {std::uint64_t{0}, id + 1, id + (std::uint64_t{1} << 32), ~std::uint64_t{0}}) {
        EXPECT_EQ(table.take(wrong, waiter), Match::unknown) << wrong;
    }
    EXPECT_EQ(table.waiting(), 1u);
}

TEST(PendingTable, ALateRequestStaysOutstandingUntilItIsAnswered) {
    PendingTable table;
    int calls = 0;
    ReplyKind last{};
    const std::uint64_t id = table.add(count(calls, last), kStart, kStart + kTen, CostClass::fast);
    std::vector<PendingTable::Late> late;
    table.take_late(kStart + kTen - std::chrono::nanoseconds(1), late);
    EXPECT_TRUE(late.empty());
    table.take_late(kStart + kTen, late);
    ASSERT_EQ(late.size(), 1u);
    EXPECT_EQ(table.waiting(), 0u);
    EXPECT_EQ(table.outstanding(), 1u);
    Completion waiter;
    EXPECT_EQ(table.take(id, waiter), Match::abandoned);
    EXPECT_FALSE(waiter);
    EXPECT_EQ(table.outstanding(), 0u);
}

TEST(PendingTable, ASlotIsUsedAgainUnderAnotherId) {
    PendingTable table;
    int calls = 0;
    ReplyKind last{};
    const std::uint64_t first = table.add(count(calls, last), kStart, kStart + kTen, CostClass::fast);
    Completion waiter;
    EXPECT_EQ(table.take(first, waiter), Match::waiting);
    const std::uint64_t second = table.add(count(calls, last), kStart, kStart + kTen, CostClass::fast);
    EXPECT_NE(first, second);
    EXPECT_EQ(table.take(first, waiter), Match::unknown);
    EXPECT_EQ(table.take(second, waiter), Match::waiting);
}

TEST(PendingTable, EarliestNamesTheNextDeadline) {
    PendingTable table;
    int calls = 0;
    ReplyKind last{};
    EXPECT_EQ(table.earliest(), MonoTime::max());
    table.add(count(calls, last), kStart, kStart + 2 * kTen, CostClass::fast);
    table.add(count(calls, last), kStart, kStart + kTen, CostClass::fast);
    EXPECT_EQ(table.earliest(), kStart + kTen);
    std::vector<PendingTable::Late> late;
    table.take_late(kStart + kTen, late);
    EXPECT_EQ(late.size(), 1u);
    EXPECT_EQ(table.earliest(), kStart + 2 * kTen);
}

TEST(PendingTable, TakeAllLeavesNothing) {
    PendingTable table;
    int calls = 0;
    ReplyKind last{};
    std::vector<std::uint64_t> ids;
    for (int i = 0; i < 5; ++i) {
        ids.push_back(table.add(count(calls, last), kStart, kStart + kTen * i, CostClass::fast));
    }
    std::vector<PendingTable::Late> late;
    table.take_late(kStart + kTen, late);
    EXPECT_EQ(table.take_all().size(), 3u);
    EXPECT_EQ(table.outstanding(), 0u);
    Completion waiter;
    for (const std::uint64_t id : ids) {
        EXPECT_EQ(table.take(id, waiter), Match::unknown);
    }
}

}  // namespace
}  // namespace claviger::cluster
