// The data path on a real token: blobs, check values, nonces, randomness.
#include <gmock/gmock.h>

#include <set>

#include "hsm/cryptoki.hpp"
#include "hsm/link/blob.hpp"
#include "hsm/state.hpp"
#include "tests/unit/hsm/tokens.hpp"

namespace claviger::test {
namespace {

using hsm::Lane;

class LaneTest : public testing::Test {
protected:
    std::unique_ptr<hsm::Key> make_key(std::string_view id) {
        const auto made = expect_value(member_.slow->create_key(kTestCwk, test_identity(id)));
        return expect_value(member_.slow->load_key(made.token, hsm::Residency::session));
    }
    Bytes seal(hsm::Key& key, std::string_view plaintext, std::string_view context = {}) {
        Bytes out(Lane::blob_room(plaintext.size()));
        out.resize(expect_value(member_.fast->encrypt(key, as_bytes(plaintext), as_bytes(context), out)));
        return out;
    }
    Result<std::string> open(hsm::Key& key, ByteView blob, std::string_view context = {}) {
        Bytes out(blob.size());
        const auto size = member_.fast->decrypt(key, blob, as_bytes(context), out);
        if (!size) {
            return size.error();
        }
        return std::string(as_text(ByteView(out).first(*size)));
    }

    SoftHsm soft_;
    OpenToken member_ = provision_member(soft_);
};

TEST_F(LaneTest, BlobOpensWithItsContextOnly) {
    const auto key = make_key("key-1");
    const Bytes blob = seal(*key, "attack at dawn", "context");
    EXPECT_EQ(blob.size(), Lane::blob_size(14));
    EXPECT_EQ(expect_value(open(*key, blob, "context")), "attack at dawn");
    const auto other = open(*key, blob, "another");
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, Errc::data_invalid);
}

TEST_F(LaneTest, EveryFlippedBitIsRefusedAsTheCallersFault) {
    const auto key = make_key("key-1");
    const Bytes blob = seal(*key, "x");
    for (std::size_t bit = 0; bit < blob.size() * 8; ++bit) {
        Bytes bad = blob;
        bad[bit / 8] ^= std::byte{1} << (bit % 8);
        const auto opened = open(*key, bad);
        ASSERT_FALSE(opened) << bit;
        EXPECT_EQ(opened.error().code, Errc::data_invalid) << bit;
    }
    EXPECT_EQ(member_.fast->counters().key_reloads, 0u);
    EXPECT_EQ(expect_value(open(*key, blob)), "x");
}

TEST_F(LaneTest, BlobOfAnotherKeyIsRefused) {
    const auto one = make_key("key-1");
    const auto two = make_key("key-2");
    const auto opened = open(*two, seal(*one, "secret"));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::data_invalid);
}

TEST_F(LaneTest, OneCheckValueSettlesManyRefusals) {
    const auto key = make_key("key-1");
    Bytes bad = seal(*key, "x");
    bad.back() ^= std::byte{1};
    hsm::Lane& lane = *member_.fast;
    Bytes room(bad.size());
    EXPECT_LE(hsm::Lane::settle_due(*key), SystemClock().mono());
    for (int i = 0; i < 100; ++i) {
        ASSERT_NE(expect_value(lane.try_decrypt(*key, bad, {}, room)).refused, 0u);
    }
    EXPECT_EQ(lane.counters().key_checks, 0u);
    const MonoTime before = SystemClock().mono();
    EXPECT_TRUE(lane.settle(*key));
    EXPECT_GE(hsm::Lane::settle_due(*key), before + hsm::Lane::kSettleInterval);
    const auto again = expect_value(lane.try_decrypt(*key, bad, {}, room));
    EXPECT_EQ(lane.not_authentic(again).code, Errc::data_invalid);
    EXPECT_EQ(lane.counters().key_checks, 1u);
    EXPECT_EQ(lane.counters().key_reloads, 0u);
    EXPECT_EQ(lane.counters().data_faults, 1u);
    EXPECT_EQ(lane.counters().sessions_opened, 1u);
}

TEST_F(LaneTest, SettlingLoadsAKeyAgainWhoseHandleIsAnothers) {
    const auto one = make_key("key-1");
    const auto two = make_key("key-2");
    const Bytes blob = seal(*one, "right plaintext");
    std::swap(one->state().handle, two->state().handle);
    Bytes room(blob.size());
    EXPECT_NE(expect_value(member_.fast->try_decrypt(*one, blob, {}, room)).refused, 0u);
    EXPECT_TRUE(member_.fast->settle(*one));
    EXPECT_EQ(expect_value(member_.fast->try_decrypt(*one, blob, {}, room)).refused, 0u);
    EXPECT_EQ(member_.fast->counters().key_reloads, 1u);
}

TEST_F(LaneTest, AKeyThatCannotBeLoadedAgainHasNoHandle) {
    const auto one = make_key("key-1");
    const auto two = make_key("key-2");
    one->state().handle = two->state().handle;
    Bytes wrapped = to_bytes(one->state().token.wrapped);
    wrapped.back() ^= std::byte{1};
    one->state().token.wrapped = wrapped;
    EXPECT_FALSE(member_.fast->settle(*one));
    EXPECT_EQ(one->state().handle, 0u);  // destroying it must not destroy key-2
}

TEST_F(LaneTest, SwappedHandlesAreFoundByTheCheckValueAndReloaded) {
    const auto one = make_key("key-1");
    const auto two = make_key("key-2");
    const Bytes blob = seal(*one, "right plaintext");
    std::swap(one->state().handle, two->state().handle);
    EXPECT_EQ(expect_value(open(*one, blob)), "right plaintext");
    EXPECT_EQ(member_.fast->counters().key_reloads, 1u);
    EXPECT_FALSE(member_.fast->verify(*two));
}

TEST_F(LaneTest, VanishedHandleIsLoadedAgainForEncryptionAndDecryption) {
    const auto key = make_key("key-1");
    const Bytes blob = seal(*key, "before");
    const auto vanish = [&] {
        soft_.module().functions()->C_DestroyObject(member_.fast->session(), key->state().handle);
    };
    vanish();
    EXPECT_EQ(expect_value(open(*key, blob)), "before");
    vanish();
    EXPECT_EQ(expect_value(open(*key, seal(*key, "after"))), "after");
    EXPECT_EQ(member_.fast->counters().key_reloads, 2u);
}

TEST_F(LaneTest, UnusableKeyTokenAfterABadHandleIsAKeyFault) {
    const auto key = make_key("key-1");
    const auto other = make_key("key-2");
    const Bytes blob = seal(*key, "x");
    // The handle is another key's, and so is the wrapped material: nothing here is key-1 any more.
    key->state().handle = other->state().handle;
    key->state().token.wrapped = other->state().token.wrapped;
    const auto opened = open(*key, blob);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::key_fault);
}

TEST_F(LaneTest, LostSessionIsRenewedOnce) {
    const auto key = make_key("key-1");
    const Bytes blob = seal(*key, "x");
    soft_.module().functions()->C_CloseSession(member_.fast->session());
    EXPECT_EQ(expect_value(open(*key, blob)), "x");
    soft_.module().functions()->C_CloseSession(member_.fast->session());
    EXPECT_EQ(expect_value(open(*key, seal(*key, "y"))), "y");
    EXPECT_EQ(member_.fast->counters().sessions_opened, 3u);
}

TEST_F(LaneTest, RandomBytesComeInBatchesAndNeverTwice) {
    std::set<Bytes> seen;
    for (int i = 0; i < 1000; ++i) {
        Bytes out(32);
        expect_value(member_.fast->random(out));
        EXPECT_TRUE(seen.insert(out).second);
    }
}

TEST_F(LaneTest, KeyTokenOfAnotherClusterIsNotFound) {
    const auto made = expect_value(member_.slow->create_key(kTestCwk, test_identity("key-1")));
    SoftHsm::close(member_);
    OpenToken stranger = soft_.provision("stranger");
    const auto loaded = stranger.slow->load_key(made.token, hsm::Residency::session);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, Errc::not_found);
}

TEST_F(LaneTest, KeyTokenWithASwappedIdentityIsNoGoodKey) {
    const auto made = expect_value(member_.slow->create_key(kTestCwk, test_identity("key-1")));
    auto token = *link::parse_key_token(made.token);
    token.header.key_id = "key-2";
    const Bytes moved = *link::encode_key_token(token);
    const auto loaded = member_.slow->load_key(moved, hsm::Residency::session);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, Errc::key_fault);
}

TEST_F(LaneTest, CutKeyTokensAreDataFaults) {
    const auto made = expect_value(member_.slow->create_key(kTestCwk, test_identity("key-1")));
    for (std::size_t size = 0; size < made.token.size(); ++size) {
        const auto loaded = member_.slow->load_key(ByteView(made.token).first(size), hsm::Residency::session);
        ASSERT_FALSE(loaded) << size;
        EXPECT_EQ(loaded.error().code, Errc::data_invalid) << size;
    }
}

}  // namespace
}  // namespace claviger::test
