#include "hsm/link/peer.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace claviger::link {
namespace {

struct Pair {
    Pair() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0); }
    ~Pair() {
        close(ends[0]);
        close(ends[1]);
    }
    int ends[2] = {-1, -1};
};

TEST(Peer, TheKernelNamesThisProcess) {
    const Pair pair;
    const auto peer = peer_of(pair.ends[0]);
    ASSERT_TRUE(peer);
    EXPECT_EQ(peer->pid, getpid());
    EXPECT_EQ(peer->uid, geteuid());
}

TEST(Peer, RuleOfUidAndPidIsApplied) {
    const Pair pair;
    EXPECT_TRUE(check_peer(pair.ends[0], {.uid = geteuid(), .pid = std::nullopt}));
    EXPECT_TRUE(check_peer(pair.ends[0], {.uid = geteuid(), .pid = getpid()}));
    const auto stranger = check_peer(pair.ends[0], {.uid = geteuid() + 1, .pid = getpid()});
    ASSERT_FALSE(stranger);
    EXPECT_EQ(stranger.error().code, Errc::conflict);
    EXPECT_FALSE(check_peer(pair.ends[0], {.uid = geteuid(), .pid = getppid()}));
}

TEST(Peer, SomethingThatIsNoSocketIsAnError) {
    const auto peer = peer_of(-1);
    ASSERT_FALSE(peer);
    EXPECT_EQ(peer.error().code, Errc::io_error);
}

}  // namespace
}  // namespace claviger::link
