// Keys that were made but never committed stay in tokens (token residency) when everything is killed: they
// are found and reported, and nothing else is.
#include "tests/fault/cluster_load.hpp"

namespace claviger::testing {
namespace {

TEST(Leftovers, OfKeysNeverCommittedAreReportedByNameAndHsm) {
    const TemporaryDirectory directory;
    const auto founded = found(directory.path(), 3);
    ASSERT_TRUE(founded) << founded.error().describe();
    cluster::ClusterOptions options = cluster_options(*founded, directory.path());
    for (cluster::HsmOptions& hsm : options.hsms) {
        hsm.host_arguments = {"--residency", "token"};
    }
    std::shared_ptr<const cluster::KeyMaterial> known;
    {
        RunningCluster rig(options);
        known = rig.make_key("11111111-2222-4333-8444-555555555555");
        rig.make_key("99999999-2222-4333-8444-555555555555");
        for (const cluster::MemberView& member : rig.cluster().members()) {
            ASSERT_NE(member.process, 0) << member.hsm_id;  // kill(2) would take it for this test's group
            ::kill(static_cast<pid_t>(member.process), SIGKILL);
        }
    }
    boost::asio::io_context io{1};
    const SystemClock clock;
    SystemRandom random;
    auto cluster = cluster::Cluster::make(io, options, clock, random);
    ASSERT_TRUE(cluster) << cluster.error().describe();
    (*cluster)->start();
    ASSERT_TRUE(run(io, (*cluster)->wait_serving(3, clock.mono() + std::chrono::seconds(20))));
    const auto found_all = run(io, (*cluster)->report_leftovers({}));
    const auto found_rest = run(io, (*cluster)->report_leftovers({known->name()}));
    ASSERT_TRUE(found_all && found_rest);
    EXPECT_GE(found_rest->size(), 1u);
    EXPECT_GT(found_all->size(), found_rest->size());
    for (const cluster::KeyObject& leftover : *found_rest) {
        EXPECT_TRUE(leftover.hsm_id.starts_with("hsm-"));
        EXPECT_FALSE(leftover.id.empty());
        std::printf("    %s %s %s\n", leftover.hsm_id.c_str(), leftover.label.c_str(), leftover.id.c_str());
    }
    run(io, (*cluster)->stop());
}

}  // namespace
}  // namespace claviger::testing
