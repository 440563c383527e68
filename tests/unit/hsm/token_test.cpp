// Modules, tokens by serial, logins and PINs.
#include <claviger/hsm/token.hpp>

#include "hsm/cryptoki.hpp"
#include "tests/unit/hsm/tokens.hpp"

namespace claviger::test {
namespace {

TEST(ModuleTest, MissingFileIsAConfigurationErrorThatNamesIt) {
    const auto module = hsm::Module::load({.path = "/nonexistent/lib.so", .parameters = {}});
    ASSERT_FALSE(module);
    EXPECT_EQ(module.error().code, Errc::bad_config);
    EXPECT_NE(module.error().detail.find("/nonexistent/lib.so"), std::string::npos);
}

TEST(ModuleTest, LibraryThatIsNoModuleIsRefused) {
    const auto module = hsm::Module::load({.path = "libcrypto.so.3", .parameters = {}});
    ASSERT_FALSE(module);
    EXPECT_EQ(module.error().code, Errc::bad_config);
}

class TokenTest : public testing::Test {
protected:
    SoftHsm soft_;
};

TEST_F(TokenTest, IsFoundBySerialAfterTheModuleWasReloaded) {
    const OpenToken token = [&] {
        OpenToken out = soft_.provision("by serial");
        SoftHsm::close(out);
        return out;
    }();
    soft_.reload();
    const auto facts = expect_value(soft_.module().find_token(token.facts.serial));
    EXPECT_EQ(facts.label, "by serial");
    EXPECT_EQ(facts.user_pin, hsm::PinState::good);
    EXPECT_EQ(soft_.module().find_token("0000000000000000").error().code, Errc::not_found);
}

TEST_F(TokenTest, WrongPinIsTriedOnceAndLatchesTheNextAutomaticTry) {
    OpenToken token = soft_.provision("wrong pin");
    SoftHsm::close(token);
    const auto slot = expect_value(soft_.module().find_token(token.facts.serial)).slot;
    auto opened = expect_value(hsm::Token::open(soft_.module(), slot));
    const auto wrong = opened->login(SecretBytes(std::string_view("not the pin")));
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, Errc::pin_refused);
    EXPECT_EQ(wrong.error().ckr, CKR_PIN_INCORRECT);
    EXPECT_EQ(expect_value(opened->facts()).user_pin, hsm::PinState::count_low);
    const auto automatic = opened->login(token.user_pin);
    ASSERT_FALSE(automatic);
    EXPECT_EQ(automatic.error().code, Errc::pin_refused);
    EXPECT_EQ(automatic.error().ckr, 0u);
    EXPECT_TRUE(opened->login(token.user_pin, hsm::Attempt::by_operator));
    EXPECT_TRUE(opened->logged_in());
}

TEST_F(TokenTest, LoginThatIsThereAlreadyProvesNothing) {
    OpenToken token = soft_.provision("twice");
    const auto again = token.token->login(SecretBytes(std::string_view("anything")));
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, Errc::conflict);
}

TEST_F(TokenTest, LogoutKillsEveryKey) {
    OpenToken member = provision_member(soft_);
    const auto made = expect_value(member.slow->create_key(kTestCwk, test_identity("key-1")));
    const auto key = expect_value(member.slow->load_key(made.token, hsm::Residency::session));
    expect_value(member.token->logout());
    EXPECT_FALSE(member.token->logged_in());
    EXPECT_TRUE(member.token->cwks().empty());
    Bytes blob(hsm::Lane::blob_room(1));
    EXPECT_FALSE(member.fast->encrypt(*key, as_bytes("x"), {}, blob));
    expect_value(member.token->login(member.user_pin));
    EXPECT_TRUE(member.fast->encrypt(*key, as_bytes("x"), {}, blob));
}

TEST_F(TokenTest, ChangedPinReplacesTheOld) {
    OpenToken token = soft_.provision("pin change");
    const SecretBytes next = softhsm::random_pin();
    expect_value(token.token->change_pin(token.user_pin, next));
    expect_value(token.token->change_pin(next, next));
    EXPECT_FALSE(token.token->change_pin(token.user_pin, next));
    SoftHsm::close(token);
    soft_.reload();
    token.user_pin = next.clone();
    const auto facts = expect_value(soft_.module().find_token(token.facts.serial));
    auto opened = expect_value(hsm::Token::open(soft_.module(), facts.slot));
    EXPECT_TRUE(opened->login(next, hsm::Attempt::by_operator));
}

TEST_F(TokenTest, NothingWorksBeforeTheLogin) {
    OpenToken member = provision_member(soft_);
    SoftHsm::close(member);
    const auto facts = expect_value(soft_.module().find_token(member.facts.serial));
    auto opened = expect_value(hsm::Token::open(soft_.module(), facts.slot));
    EXPECT_FALSE(opened->logged_in());
    EXPECT_TRUE(opened->cwks().empty());
    auto lane = expect_value(opened->open_lane());
    EXPECT_FALSE(lane->create_key(kTestCwk, test_identity("key-1")));
}

}  // namespace
}  // namespace claviger::test
