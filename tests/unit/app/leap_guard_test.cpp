#include "src/app/leap_guard.hpp"

#include <gtest/gtest.h>

namespace claviger::app {
namespace {

using namespace std::chrono_literals;

ClockReading at(std::chrono::milliseconds wall, std::chrono::milliseconds since_boot,
                std::string boot = "one") {
    return {WallTime(wall), since_boot, std::move(boot)};
}

TEST(LeapGuard, TimeThatReallyPassedIsNoLeap) {
    LeapGuard guard;
    EXPECT_EQ(guard.observe(at(0h, 0h)), LeapGuard::Seen::nothing);
    EXPECT_EQ(guard.observe(at(72h, 72h)), LeapGuard::Seen::nothing);
    EXPECT_FALSE(guard.holds(WallTime(72h)));
}

TEST(LeapGuard, ALeapHoldsForADayUnlessItIsAccepted) {
    LeapGuard guard;
    (void)guard.observe(at(0h, 0h));
    EXPECT_EQ(guard.observe(at(960h, 1min)), LeapGuard::Seen::leap);
    EXPECT_TRUE(guard.holds(WallTime(960h + 23h)));
    EXPECT_FALSE(guard.holds(WallTime(960h + 24h)));
    guard.accept();
    EXPECT_FALSE(guard.holds(WallTime(960h)));
}

TEST(LeapGuard, AnHourOfCorrectionIsTolerated) {
    LeapGuard guard;
    (void)guard.observe(at(0h, 0h));
    EXPECT_EQ(guard.observe(at(59min, 0min)), LeapGuard::Seen::nothing);
    EXPECT_EQ(guard.observe(at(-5h, 1min)), LeapGuard::Seen::nothing);
}

TEST(LeapGuard, AfterARebootNoTimeCountsAsPassed) {
    LeapGuard guard;
    (void)guard.observe(at(0h, 500h));
    EXPECT_EQ(guard.observe(at(10min, 1min, "two")), LeapGuard::Seen::nothing);
    EXPECT_EQ(guard.observe(at(3h, 2min, "three")), LeapGuard::Seen::leap);
}

}  // namespace
}  // namespace claviger::app
