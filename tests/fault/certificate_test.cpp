// The cluster certificate expires under load: nobody is left, a host that dies then is admitted again, and
// the alarm is raised.
#include <gmock/gmock.h>

#include <mutex>

#include <claviger/cluster/trust.hpp>

#include "tests/fault/cluster_load.hpp"

namespace claviger::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

// The machine's clock, whose wall time can leap.
class LeapingClock final : public Clock {
public:
    WallTime wall() const override { return SystemClock().wall() + std::chrono::hours(ahead_.load()); }
    MonoTime mono() const override { return SystemClock().mono(); }
    void leap(std::chrono::hours by) { ahead_ += static_cast<int>(by.count()); }

private:
    std::atomic<int> ahead_ = 0;
};

class Alarms {
public:
    void add(cluster::Severity severity, std::string_view text) {
        if (severity == cluster::Severity::alarm) {
            const std::lock_guard lock(mutex_);
            texts_.emplace_back(text);
        }
    }
    std::vector<std::string> texts() const {
        const std::lock_guard lock(mutex_);
        return texts_;
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::string> texts_;
};

boost::asio::awaitable<void> keep_encrypting(RunningCluster& rig, const cluster::KeyMaterial& key,
                                             const std::atomic<bool>& go, Tally& tally) {
    while (go) {
        const auto blob = co_await rig.client().encrypt(key, as_bytes("x"), {}, rig.clock.mono() + 5s);
        if (blob) {
            ++tally.done;
        } else {
            tally.fail(blob.error());
        }
    }
}

bool comes(const std::function<bool()>& condition) {
    const MonoTime limit = SystemClock().mono() + 10s;
    while (!condition() && SystemClock().mono() < limit) {
        std::this_thread::sleep_for(1ms);
    }
    return condition();
}

TEST(Certificate, ItsEndUnderLoadIsAnAlarmAndNothingElse) {
    const TemporaryDirectory directory;
    const auto founded = found(directory.path(), 3);
    ASSERT_TRUE(founded) << founded.error().describe();
    LeapingClock clock;
    Alarms alarms;
    cluster::ClusterOptions options = cluster_options(*founded, directory.path());
    options.timing.certificate = 5ms;
    options.log = [&](cluster::Severity severity, std::string_view, std::string_view text) {
        alarms.add(severity, text);
    };
    RunningCluster rig(std::move(options), &clock);
    const auto key = rig.make_key("11111111-2222-4333-8444-555555555555");
    EXPECT_TRUE(alarms.texts().empty());
    const auto left =
        std::chrono::duration_cast<std::chrono::hours>(rig.cluster().certificate_expires() - clock.wall());

    std::atomic<bool> go = true;
    Tally tally;
    for (int i = 0; i < 8; ++i) {
        rig.spawn(keep_encrypting(rig, *key, go, tally));
    }
    rig.run_all_during(go, [&] {
        clock.leap(left - 89 * 24h);
        EXPECT_TRUE(comes([&] { return alarms.texts().size() == 1; }));
        EXPECT_THAT(alarms.texts(), Contains(HasSubstr("expires within 90 days")));
        clock.leap(90 * 24h);
        EXPECT_TRUE(comes([&] { return alarms.texts().size() == 2; }));
        EXPECT_THAT(alarms.texts(), Contains(HasSubstr("has expired")));
        EXPECT_EQ(rig.cluster().serving(), 3u);
        expect_nobody_ejected(rig.cluster());
        rig.kill_host(0);
    });
    tally.print("across the end");
    EXPECT_EQ(tally.failed, 0u) << tally.first_error;
    EXPECT_GT(tally.done, 100u);
    EXPECT_EQ(rig.cluster().serving(), 3u);
}

}  // namespace
}  // namespace claviger::testing
