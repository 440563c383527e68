#include "cluster/lifecycle.hpp"

#include <gtest/gtest.h>

namespace claviger::cluster {
namespace {

using namespace std::chrono_literals;

class LifecycleTest : public ::testing::Test {
protected:
    Step on(Happening happening) { return life_.on(happening, now_); }
    void serve() {
        EXPECT_EQ(on(Happening::up), Step::admit);
        EXPECT_EQ(on(Happening::admitted), Step::watch);
    }
    // From the process's end to the next start; answers the pause between.
    std::chrono::milliseconds restart(Happening why) {
        EXPECT_EQ(on(why), Step::clear);
        const Step next = on(Happening::cleared);
        if (next == Step::start) {
            return 0ms;
        }
        EXPECT_EQ(next, Step::pause);
        const std::chrono::milliseconds pause = life_.pause();
        EXPECT_EQ(on(Happening::paused), Step::start);
        return pause;
    }

    ClusterTiming timing_;
    Lifecycle life_{timing_};
    MonoTime now_{1h};
};

TEST_F(LifecycleTest, AHostIsStartedAdmittedAndWatched) {
    EXPECT_EQ(on(Happening::begin), Step::start);
    serve();
}

TEST_F(LifecycleTest, TheFirstRestartIsImmediateAndCrashesInARowBackOffToTheLimit) {
    on(Happening::begin);
    serve();
    EXPECT_EQ(restart(Happening::ended), 0ms);
    std::chrono::milliseconds expected = timing_.backoff_first;
    for (int i = 0; i < 12; ++i) {
        EXPECT_EQ(restart(Happening::failed), std::min(expected, timing_.backoff_limit));
        expected *= 2;
    }
}

TEST_F(LifecycleTest, ServingForAWhileMakesTheNextRestartImmediate) {
    on(Happening::begin);
    for (int i = 0; i < 4; ++i) {
        restart(Happening::failed);
    }
    serve();
    now_ += timing_.stable;
    EXPECT_EQ(restart(Happening::ended), 0ms);
}

TEST_F(LifecycleTest, ServingForAMomentDoesNot) {
    on(Happening::begin);
    serve();
    EXPECT_EQ(restart(Happening::ended), 0ms);
    serve();
    now_ += timing_.stable - 1ms;
    EXPECT_GT(restart(Happening::ended), 0ms);
}

TEST_F(LifecycleTest, ASuspectIsProbedAndTakenBack) {
    on(Happening::begin);
    serve();
    EXPECT_EQ(on(Happening::suspected), Step::probe);
    EXPECT_EQ(on(Happening::canary_bad), Step::probe);
    EXPECT_EQ(on(Happening::canary_good), Step::watch);
}

TEST_F(LifecycleTest, ASuspectThatStaysSilentIsKilledAndReplaced) {
    on(Happening::begin);
    serve();
    EXPECT_EQ(on(Happening::suspected), Step::probe);
    now_ += timing_.hang - 1ms;
    EXPECT_EQ(on(Happening::canary_bad), Step::probe);
    now_ += 1ms;
    EXPECT_EQ(on(Happening::canary_bad), Step::kill);
    EXPECT_EQ(on(Happening::cleared), Step::start);
}

TEST_F(LifecycleTest, ARefusedHsmIsEndedAndNeverStartedAgain) {
    on(Happening::begin);
    on(Happening::up);
    EXPECT_EQ(on(Happening::refused), Step::clear);
    EXPECT_EQ(on(Happening::cleared), Step::rest);
    EXPECT_EQ(on(Happening::stop), Step::finish);
}

TEST_F(LifecycleTest, StopEndsWhatRunsFirst) {
    on(Happening::begin);
    serve();
    EXPECT_EQ(on(Happening::stop), Step::clear);
    EXPECT_EQ(on(Happening::cleared), Step::finish);
}

TEST_F(LifecycleTest, StopWhileNothingRunsFinishesAtOnce) {
    on(Happening::begin);
    on(Happening::failed);
    on(Happening::cleared);
    on(Happening::failed);
    EXPECT_EQ(on(Happening::cleared), Step::pause);
    EXPECT_EQ(on(Happening::stop), Step::finish);
}

}  // namespace
}  // namespace claviger::cluster
