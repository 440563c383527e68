#include "src/app/life_clock.hpp"

#include <gtest/gtest.h>

namespace claviger::app {
namespace {

using namespace std::chrono_literals;

TEST(Duration, ReadsTheFourUnitsAndNothingElse) {
    EXPECT_EQ(parse_duration("8d").value(), 192h);
    EXPECT_EQ(parse_duration("36h").value(), 36h);
    EXPECT_EQ(parse_duration("90m").value(), 90min);
    EXPECT_EQ(parse_duration("30s").value(), 30s);
    for (const std::string_view bad :
         {"", "8", "d", "0d", "-1d", "1w", "8dd", "99999999999999999999d", "400000d"}) {
        EXPECT_FALSE(parse_duration(bad)) << bad;
    }
}

}  // namespace
}  // namespace claviger::app
