#include "cluster/breaker.hpp"

#include <gtest/gtest.h>

namespace claviger::cluster {
namespace {

TEST(Breaker, ConsecutiveFaultsOpenItOnce) {
    Breaker breaker;
    for (std::uint32_t i = 1; i < Breaker::kFaults; ++i) {
        EXPECT_FALSE(breaker.record(Evidence::fault));
    }
    EXPECT_FALSE(breaker.open());
    EXPECT_TRUE(breaker.record(Evidence::fault));
    EXPECT_TRUE(breaker.open());
    EXPECT_FALSE(breaker.record(Evidence::fault));
}

TEST(Breaker, AGoodAnswerStartsTheCountAnew) {
    Breaker breaker;
    for (int round = 0; round < 10; ++round) {
        for (std::uint32_t i = 1; i < Breaker::kFaults; ++i) {
            breaker.record(Evidence::fault);
        }
        breaker.record(Evidence::good);
    }
    EXPECT_FALSE(breaker.open());
}

TEST(Breaker, TheCallersInputIsNoEvidence) {
    Breaker breaker;
    for (int i = 0; i < 10000; ++i) {
        EXPECT_FALSE(breaker.record(Evidence::none));
    }
    EXPECT_FALSE(breaker.open());
}

TEST(Breaker, SilenceOpensItAtOnceAndOnlyClosingCloses) {
    Breaker breaker;
    EXPECT_TRUE(breaker.record(Evidence::silent));
    breaker.record(Evidence::good);
    EXPECT_TRUE(breaker.open());
    breaker.close();
    EXPECT_FALSE(breaker.open());
    EXPECT_FALSE(breaker.record(Evidence::fault));
}

}  // namespace
}  // namespace claviger::cluster
