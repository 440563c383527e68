#include <gtest/gtest.h>

#include "cluster/sweeper.hpp"

namespace claviger::cluster {
namespace {

using namespace std::chrono_literals;

// A request that fails over inside a sweep waits on a line this sweep has passed and called idle.
TEST(SweeperTest, WhatBeginsToWaitDuringASweepIsSweptNextTime) {
    boost::asio::io_context io{1};
    const SystemClock clock;
    int sweeps = 0;
    std::shared_ptr<Sweeper> sweeper;
    sweeper = std::make_shared<Sweeper>(io, clock, 1ms, [&](MonoTime) {
        if (++sweeps == 1) {
            sweeper->wake();
        }
        return Sweeper::Left::nothing;
    });
    sweeper->wake();
    io.run();
    EXPECT_EQ(sweeps, 2);
}

TEST(SweeperTest, SleepsWhenNothingWaitsAndCanBeWokenAgain) {
    boost::asio::io_context io{1};
    const SystemClock clock;
    int sweeps = 0;
    const auto sweeper = std::make_shared<Sweeper>(io, clock, 1ms, [&](MonoTime) {
        return ++sweeps == 2 ? Sweeper::Left::nothing : Sweeper::Left::waiting;
    });
    sweeper->wake();
    io.run();
    EXPECT_EQ(sweeps, 2);
    sweeps = 1;
    sweeper->wake();
    io.restart();
    io.run();
    EXPECT_EQ(sweeps, 2);
}

}  // namespace
}  // namespace claviger::cluster
