// No nonce comes twice under one key: many encryptions over three hosts that are killed meanwhile, each
// counting from just before the wrap of its counter.
#include "tests/fault/cluster_load.hpp"

#include <array>

#include "hsm/link/blob.hpp"

namespace claviger::testing {
namespace {

using namespace std::chrono_literals;

using Nonce = std::array<std::byte, 12>;
constexpr int kConnections = 16;
constexpr std::uint64_t kNearWrap = (std::uint64_t{1} << 32) - 5000;

boost::asio::awaitable<void> encrypt(RunningCluster& rig, const cluster::KeyMaterial& key, std::size_t wanted,
                                     std::atomic<std::size_t>& done_count, std::vector<Nonce>& nonces,
                                     Tally& tally, const std::atomic<bool>& go) {
    while (go || nonces.size() < wanted) {
        const auto blob = co_await rig.client().encrypt(key, as_bytes("nonce"), {}, rig.clock.mono() + 3s);
        ++tally.done;
        if (!blob) {
            tally.fail(blob.error());
            continue;
        }
        const auto view = link::parse_blob(*blob);
        if (!view || view->iv.size() != std::tuple_size_v<Nonce>) {
            ++tally.wrong;
            continue;
        }
        std::ranges::copy(view->iv, nonces.emplace_back().begin());
        done_count = nonces.size();
    }
}

// How many of `wanted` or more encryptions with `kills` in between repeated a nonce.
std::size_t repeated(const FoundedCluster& founded, const std::filesystem::path& directory,
                     std::size_t wanted, std::size_t kills) {
    cluster::ClusterOptions options = cluster_options(founded, directory);
    for (cluster::HsmOptions& hsm : options.hsms) {
        hsm.host_arguments = {"--nonce-counter", std::to_string(kNearWrap)};
    }
    RunningCluster rig(std::move(options));
    const auto key = rig.make_key("11111111-2222-4333-8444-555555555555");
    std::vector<Nonce> nonces;
    nonces.reserve(wanted + wanted / 4);
    Tally tally;
    std::atomic<bool> go{true};
    std::atomic<std::size_t> done_count{0};
    for (int i = 0; i < kConnections; ++i) {
        rig.spawn(encrypt(rig, *key, wanted, done_count, nonces, tally, go));
    }
    rig.run_all_during(go, [&] {
        for (std::size_t kill = 0; kill < kills; ++kill) {
            const MonoTime limit = rig.clock.mono() + 120s;
            while (done_count < (kill + 1) * wanted / (kills + 1) && rig.clock.mono() < limit) {
                std::this_thread::sleep_for(1ms);
            }
            rig.kill_host(kill % 3);
        }
    });
    EXPECT_EQ(tally.failed, 0u) << tally.first_error;
    EXPECT_EQ(tally.wrong, 0u);
    std::ranges::sort(nonces);
    const std::size_t all = nonces.size();
    const auto twice = std::ranges::unique(nonces);
    std::printf("    %zu nonces, %zu kills: %zu repeated\n", all, kills, twice.size());
    std::fflush(stdout);
    return twice.size();
}

TEST(Nonces, NoneIsRepeatedOverKillsAndCounterWraps) {
    const TemporaryDirectory directory;
    const auto founded = found(directory.path(), 3);
    ASSERT_TRUE(founded) << founded.error().describe();
    EXPECT_EQ(repeated(*founded, directory.path(), long_form() ? 10'000'000 : 200'000, long_form() ? 200 : 5),
              0u);
}

#ifdef CLAVIGER_FIXED_RANDOM
// The planted fault: every start and every wrap draws the same prefix.
TEST(Nonces, AFixedPrefixIsFound) {
    const TemporaryDirectory directory;
    const auto founded = found(directory.path(), 3);
    ASSERT_TRUE(founded) << founded.error().describe();
    ::setenv("LD_PRELOAD", CLAVIGER_FIXED_RANDOM, 1);
    const std::size_t found_repeated = repeated(*founded, directory.path(), 20'000, 2);
    ::unsetenv("LD_PRELOAD");
    EXPECT_GT(found_repeated, 0u);
}
#endif

}  // namespace
}  // namespace claviger::testing
