// The nonce scheme: no IV twice, and a new prefix whenever the old one might live somewhere else.
#include "hsm/nonce.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "tests/unit/hsm/tokens.hpp"

namespace claviger::test {
namespace {

using hsm::NonceSource;

class MovingClock final : public Clock {
public:
    WallTime wall() const override { return wall_; }
    MonoTime mono() const override { return mono_; }
    WallTime wall_{std::chrono::milliseconds(1'700'000'000'000)};
    MonoTime mono_{std::chrono::seconds(1000)};
};

using Iv = std::array<std::byte, 12>;

class NonceTest : public testing::Test {
protected:
    Iv next() {
        if (source_->needs_prefix(clock_)) {
            source_->set_prefix(std::array<std::byte, 8>{}, clock_);
            ++draws_;
        }
        Iv iv;
        source_->next(iv);
        return iv;
    }
    MovingClock clock_;
    std::unique_ptr<NonceSource> source_ = expect_value(NonceSource::make(0));
    int draws_ = 0;
};

bool same_prefix(const Iv& a, const Iv& b) {
    return std::equal(a.begin(), a.begin() + 8, b.begin());
}

TEST_F(NonceTest, CountsUnderOnePrefix) {
    const Iv first = next();
    const Iv second = next();
    EXPECT_TRUE(same_prefix(first, second));
    EXPECT_EQ(second[11], std::byte{1});
    EXPECT_EQ(draws_, 1);
}

TEST_F(NonceTest, DrawsAgainWhenTheCounterIsUsedUp) {
    source_ = expect_value(NonceSource::make(0xfffffffe));
    const Iv last_but_one = next();
    const Iv last = next();
    EXPECT_EQ(last[11], std::byte{0xff});
    EXPECT_FALSE(same_prefix(last_but_one, next()));
    EXPECT_EQ(draws_, 2);
}

TEST_F(NonceTest, DrawsAgainAfterALogin) {
    const Iv before = next();
    source_->forget();
    EXPECT_FALSE(same_prefix(before, next()));
}

TEST_F(NonceTest, DrawsAgainWhenWallTimeLeavesMonotonicTime) {
    const Iv before = next();
    clock_.wall_ += std::chrono::hours(1);
    clock_.mono_ += std::chrono::hours(1);
    EXPECT_TRUE(same_prefix(before, next()));
    clock_.wall_ += std::chrono::milliseconds(900);
    EXPECT_TRUE(same_prefix(before, next()));
    clock_.wall_ += std::chrono::milliseconds(200);
    const Iv forward = next();
    EXPECT_FALSE(same_prefix(before, forward));
    clock_.wall_ -= std::chrono::seconds(2);
    EXPECT_FALSE(same_prefix(forward, next()));
}

TEST_F(NonceTest, ForkLosesThePrefix) {
    next();
    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(source_->needs_prefix(clock_) ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    EXPECT_FALSE(source_->needs_prefix(clock_));
}

Iv iv_of(ByteView blob) {
    Iv iv;
    std::copy_n(blob.begin() + 34, iv.size(), iv.begin());
    return iv;
}

// Two lanes, and two openings of the token, stand for two threads and two processes.
TEST(NoncesOnAToken, AreUniqueOverLanesAndRestartsAcrossTheWrap) {
    SoftHsm soft;
    OpenToken member = provision_member(soft);
    const Bytes token = expect_value(member.slow->create_key(kTestCwk, test_identity("key-1"))).token;
    std::set<Iv> seen;
    std::set<std::array<std::byte, 8>> prefixes;
    constexpr std::size_t kRounds = 3;
    constexpr std::size_t kEach = 400;
    for (std::size_t round = 0; round < kRounds; ++round) {
        SoftHsm::close(member);
        SoftHsm::open(soft.module(), member, {.nonce_counter = 0xffffffff - 150});
        const auto key = expect_value(member.slow->load_key(token, hsm::Residency::session));
        for (std::size_t i = 0; i < kEach; ++i) {
            hsm::Lane& lane = i % 2 == 0 ? *member.fast : *member.slow;
            Bytes blob(hsm::Lane::blob_room(1));
            expect_value(lane.encrypt(*key, as_bytes("x"), {}, blob));
            const Iv iv = iv_of(blob);
            EXPECT_TRUE(seen.insert(iv).second);
            std::array<std::byte, 8> prefix;
            std::copy_n(iv.begin(), prefix.size(), prefix.begin());
            prefixes.insert(prefix);
        }
        EXPECT_EQ(member.fast->counters().nonce_draws, 2u);
    }
    EXPECT_EQ(seen.size(), kRounds * kEach);
    EXPECT_GE(prefixes.size(), kRounds * 4);
}

TEST(NoncesOnAToken, Random96DrawsEveryIv) {
    SoftHsm soft;
    OpenToken member = provision_member(soft);
    const Bytes token = expect_value(member.slow->create_key(kTestCwk, test_identity("key-1"))).token;
    SoftHsm::close(member);
    SoftHsm::open(soft.module(), member, {.iv = hsm::IvScheme::random96});
    const auto key = expect_value(member.slow->load_key(token, hsm::Residency::session));
    std::set<std::array<std::byte, 8>> prefixes;
    for (int i = 0; i < 100; ++i) {
        Bytes blob(hsm::Lane::blob_room(1));
        expect_value(member.fast->encrypt(*key, as_bytes("x"), {}, blob));
        std::array<std::byte, 8> prefix;
        std::copy_n(iv_of(blob).begin(), prefix.size(), prefix.begin());
        prefixes.insert(prefix);
    }
    EXPECT_EQ(prefixes.size(), 100u);
    EXPECT_EQ(member.fast->counters().random_ivs, 100u);
    EXPECT_EQ(member.fast->counters().nonce_draws, 0u);
}

}  // namespace
}  // namespace claviger::test
