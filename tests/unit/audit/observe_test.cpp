#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include <thread>
#include <vector>

#include "src/observe/log.hpp"
#include "src/observe/metrics.hpp"

namespace claviger::observe {
namespace {

using testing::HasSubstr;

class Log : public testing::Test {
protected:
    void SetUp() override {
        set_log_sink([this](std::string_view line) { lines_.emplace_back(line); });
    }
    void TearDown() override {
        set_log_sink({});
        set_log_level(Level::info);
    }
    std::vector<std::string>& lines() {
        flush_log();
        return lines_;
    }

private:
    std::vector<std::string> lines_;
};

TEST_F(Log, EventBecomesOneLineWithTimeLevelAndFields) {
    warn("store.commit_failed", {{"reason", "disk full"}, {"count", 3}});
    ASSERT_EQ(lines().size(), 1U);
    EXPECT_THAT(lines()[0],
                testing::MatchesRegex("[0-9T:.-]+Z warn store.commit_failed reason=\"disk full\" count=3"));
}

TEST_F(Log, ValueFromOutsideCannotForgeALineOrAField) {
    info("http.refused", {{"agent", "x\n2026 error forged=\"1\"\x1b[2J"}});
    ASSERT_EQ(lines().size(), 1U);
    EXPECT_THAT(lines()[0], HasSubstr(R"(agent="x\x0a2026 error forged=\"1\"\x1b[2J")"));
}

TEST_F(Log, LinesBelowTheLevelAreNotWritten) {
    debug("a.b");
    EXPECT_TRUE(lines().empty());
    set_log_level(Level::debug);
    debug("a.b");
    EXPECT_EQ(lines().size(), 1U);
    EXPECT_EQ(parse_level("warn"), Level::warn);
    EXPECT_FALSE(parse_level("loud"));
}

TEST_F(Log, LongValuesAreCut) {
    info("a.b", {{"v", std::string(100'000, 'x')}});
    EXPECT_LT(lines().at(0).size(), 3000U);
}

TEST(MetricsText, CountersGaugesAndHistogramsFollowTheExpositionFormat) {
    Metrics metrics;
    metrics.counter("claviger_requests_total", "Requests.", {{"operation", "Encrypt"}}).add(2);
    metrics.counter("claviger_requests_total", "Requests.", {{"operation", "De\"\\\n"}}).add();
    metrics.gauge("claviger_hsms", "HSMs.").set(-3);
    metrics.gauge_from("claviger_sequence", "Store.", {}, [] { return 7.0; });
    metrics.counter_from("claviger_commits_total", "Commits.", {}, [] { return 1e15; });
    const std::array bounds{0.1, 1.0};
    Histogram& histogram = metrics.histogram("claviger_seconds", "Time.", {{"a", "b"}}, bounds);
    histogram.observe(0.1);
    histogram.observe(0.5);
    histogram.observe(5);
    const std::string text = metrics.text();
    EXPECT_THAT(
        text,
        HasSubstr("# HELP claviger_requests_total Requests.\n# TYPE claviger_requests_total counter\n"));
    EXPECT_THAT(text, HasSubstr("claviger_requests_total{operation=\"Encrypt\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("claviger_requests_total{operation=\"De\\\"\\\\\\n\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("claviger_hsms -3\n"));
    EXPECT_THAT(text, HasSubstr("# TYPE claviger_sequence gauge\nclaviger_sequence 7\n"));
    EXPECT_THAT(
        text, HasSubstr("# TYPE claviger_commits_total counter\nclaviger_commits_total 1000000000000000\n"));
    EXPECT_THAT(text, HasSubstr("claviger_seconds_bucket{a=\"b\",le=\"0.1\"} 1\n"
                                "claviger_seconds_bucket{a=\"b\",le=\"1\"} 2\n"
                                "claviger_seconds_bucket{a=\"b\",le=\"+Inf\"} 3\n"
                                "claviger_seconds_sum{a=\"b\"} 5.6\nclaviger_seconds_count{a=\"b\"} 3\n"));
}

TEST(MetricsText, SameNameAndLabelsGiveTheSameObjectAndOtherTypeIsABug) {
    Metrics metrics;
    EXPECT_EQ(&metrics.counter("c", "h"), &metrics.counter("c", "h"));
    EXPECT_NE(&metrics.counter("c", "h"), &metrics.counter("c", "h", {{"l", "1"}}));
    EXPECT_THROW((void)metrics.gauge("c", "h"), std::logic_error);
}

TEST(MetricsText, CountsOfAllThreadsAddUp) {
    Counter counter;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 12; ++i) {
            threads.emplace_back([&] {
                for (int n = 0; n < 10'000; ++n) {
                    counter.add();
                }
            });
        }
    }
    EXPECT_EQ(counter.value(), 120'000U);
}

// Ends with success although nobody reads its stderr.
[[noreturn]] void log_into_a_full_pipe_and_end() {
    int ends[2];
    if (::pipe(ends) != 0 || ::dup2(ends[1], STDERR_FILENO) < 0) {
        std::abort();
    }
    for (int i = 0; i < 1000; ++i) {
        info("test.line", {{"text", std::string(1000, 'a')}});  // many times what a pipe holds
    }
    flush_log();
    std::exit(0);
}

TEST(LogDeathTest, AReaderOfStderrThatStandsStillDoesNotHoldUpTheEnd) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(log_into_a_full_pipe_and_end(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace claviger::observe
