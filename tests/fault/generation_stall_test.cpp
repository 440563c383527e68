// Two callers make RSA-4096 keys without pause: AES goes on beside them (the two lanes of a host).
#include "tests/fault/cluster_load.hpp"

namespace claviger::testing {
namespace {

using namespace std::chrono_literals;

constexpr int kConnections = 16;

boost::asio::awaitable<void> encrypt(RunningCluster& rig, const cluster::KeyMaterial& key, Tally& tally,
                                     const std::atomic<bool>& go) {
    const std::string text(64, 'x');
    while (go) {
        const MonoTime began = rig.clock.mono();
        const auto blob = co_await rig.client().encrypt(key, as_bytes(text), {}, began + 3s);
        ++tally.done;
        tally.took.push_back(std::chrono::duration_cast<std::chrono::microseconds>(rig.clock.mono() - began));
        if (!blob) {
            tally.fail(blob.error());
        }
    }
}

boost::asio::awaitable<void> generate(RunningCluster& rig, Tally& tally, const std::atomic<bool>& go) {
    while (go) {
        cluster::NewKeyIdentity identity{
            "111122223333", "11111111-2222-4333-8444-555555555555", {}, "RSA_4096", "SIGN_VERIFY", "AWS_KMS"};
        rig.random.fill(identity.material_id);
        const auto made = co_await rig.client().create_key(identity, rig.clock.mono() + 60s);
        ++tally.done;
        if (!made) {
            tally.fail(made.error());
        }
    }
}

TEST(GenerationStall, RsaGenerationWithoutPauseLeavesAesItsShare) {
    const TemporaryDirectory directory;
    const auto founded = found(directory.path(), 3);
    ASSERT_TRUE(founded) << founded.error().describe();
    RunningCluster rig(cluster_options(*founded, directory.path()));
    const auto key = rig.make_key("11111111-2222-4333-8444-555555555555");
    Tally quiet;
    Tally stalled;
    Tally made;
    const auto phase = [&](Tally& tally, int generators, std::chrono::milliseconds length) {
        std::atomic<bool> go{true};
        for (int i = 0; i < kConnections; ++i) {
            rig.spawn(encrypt(rig, *key, tally, go));
        }
        for (int i = 0; i < generators; ++i) {
            rig.spawn(generate(rig, made, go));
        }
        const MonoTime began = rig.clock.mono();
        // The length of a measurement; what is still being generated then ends after it.
        rig.run_all_during(go, [&] {
            std::this_thread::sleep_for(length);
            tally.seconds += std::chrono::duration<double>(rig.clock.mono() - began).count();
        });
    };
    // Alternately, so that what else the machine does falls on both.
    const auto length = long_form() ? 10000ms : 2500ms;
    for (int round = 0; round < 3; ++round) {
        phase(quiet, 0, length / 2);
        phase(stalled, 2, length);
    }
    quiet.print("quiet");
    stalled.print("while RSA-4096 is made");
    std::printf("    RSA-4096 keys made: %llu; AES kept %.2f of its rate\n",
                static_cast<unsigned long long>(made.done), stalled.rate() / quiet.rate());
    EXPECT_EQ(quiet.failed + stalled.failed, 0u) << stalled.first_error;
    EXPECT_EQ(made.failed, 0u) << made.first_error;
    EXPECT_GT(made.done, 0u);
    EXPECT_GE(stalled.rate(), 0.4 * quiet.rate());
    EXPECT_LE(stalled.percentile(0.99), 20ms);
    expect_nobody_ejected(rig.cluster());
}

}  // namespace
}  // namespace claviger::testing
