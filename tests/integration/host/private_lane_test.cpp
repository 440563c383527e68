// Private keys that live on the token: what their owner destroyed stays destroyed.
#include <gtest/gtest.h>

#include <algorithm>

#include "hsm/host/private_lane.hpp"
#include "hsm/link/key_token.hpp"
#include "hsm/link/message.hpp"
#include "tests/unit/hsm/tokens.hpp"

namespace claviger::test {
namespace {

using host::PrivateLane;

class PrivateLaneTest : public ::testing::Test {
protected:
    PrivateLaneTest() : member_(provision_member(soft_)) {
        token_ = expect_value(member_.slow->create_key(
                                  kTestCwk, test_identity("key-1", "ECC_NIST_P256", "SIGN_VERIFY")))
                     .token;
        name_ = link::key_name(link::parse_key_token(token_)->header);
    }
    // What the reply says; nullopt: success.
    template <class Request>
    std::optional<Errc> ask(PrivateLane& lane, link::Operation operation, const Request& request) {
        link::WipedBuffer out;
        link::append_request(out, 1, operation, MonoTime(), request);
        const link::FrameView frame{1, static_cast<std::uint8_t>(operation), 0,
                                    ByteView(out).subspan(link::kFrameHeader)};
        return lane.run(*member_.slow, operation, frame).failure;
    }
    std::optional<Errc> load(PrivateLane& lane) {
        return ask(lane, link::Operation::load_key, link::LoadKeyRequest{{name_, token_}});
    }
    std::optional<Errc> sign(PrivateLane& lane) {
        const Bytes digest(32, std::byte{1});
        return ask(lane, link::Operation::sign,
                   link::SignRequest{{name_, token_}, {SignatureScheme::ecdsa, Hash::sha256}, digest});
    }
    // As an owner does with a tool of his own.
    void destroy_object() {
        const auto key = expect_value(member_.slow->load_key(token_, hsm::Residency::session));
        expect_value(member_.slow->destroy_key(*key, hsm::Lane::Reach::everywhere));
    }
    std::size_t objects() const {
        const auto found = expect_value(member_.token->objects());
        return static_cast<std::size_t>(std::ranges::count(found, hsm::kKeyLabel, &hsm::TokenObject::label));
    }

    SoftHsm soft_;
    OpenToken member_;
    Bytes token_;
    link::KeyName name_;
};

TEST_F(PrivateLaneTest, ARequestBringsBackNoKeyThatItsOwnerDestroyed) {
    PrivateLane lane(1U << 20U, hsm::Residency::token);
    ASSERT_EQ(load(lane), std::nullopt);
    ASSERT_EQ(sign(lane), std::nullopt);
    ASSERT_EQ(objects(), 1U);
    destroy_object();
    PrivateLane restarted(1U << 20U, hsm::Residency::token);
    EXPECT_EQ(sign(restarted), Errc::key_fault);
    EXPECT_EQ(objects(), 0U);
    // One that has the key loaded notices at the next look.
    ASSERT_EQ(load(lane), std::nullopt) << "load_key alone puts it back";
    EXPECT_EQ(objects(), 1U);
    EXPECT_EQ(sign(lane), std::nullopt);
}

TEST_F(PrivateLaneTest, WithSessionResidencyNothingIsPutOnTheToken) {
    PrivateLane lane(1U << 20U, hsm::Residency::session);
    EXPECT_EQ(sign(lane), std::nullopt);
    EXPECT_EQ(objects(), 0U);
}

}  // namespace
}  // namespace claviger::test
