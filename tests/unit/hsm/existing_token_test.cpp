// Tokens that their operator made: what is left on them when they are given back.
#include <claviger/hsm/existing_token.hpp>

#include "hsm/cluster_templates.hpp"
#include "hsm/handles.hpp"
#include "hsm/state.hpp"
#include "tests/unit/hsm/tokens.hpp"

namespace claviger::test {
namespace {

class ExistingTokenTest : public testing::Test {
protected:
    ExistingTokenTest() : taken_(soft_.provision("taken")) {}

    CK_RV generate(hsm::Template attributes) {
        CK_MECHANISM mechanism{CKM_AES_KEY_GEN, nullptr, 0};
        CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
        attributes.number(CKA_CLASS, CKO_SECRET_KEY).number(CKA_VALUE_LEN, 32).yes(CKA_TOKEN);
        return state().p11->C_GenerateKey(taken_.slow->session(), &mechanism, attributes.data(),
                                          attributes.size(), &handle);
    }
    hsm::Token::State& state() { return taken_.token->state(); }
    // Of whatever kind, those that are no token objects, too.
    std::size_t objects() {
        hsm::Template everything;
        return expect_value(hsm::find_objects(state().p11, state().keeper, everything)).size();
    }
    void give_back() {
        SoftHsm::close(taken_);
        taken_.user_pin = softhsm::random_pin();
        const hsm::SlotId slot = expect_value(soft_.module().find_token(taken_.facts.serial)).slot;
        hsm::TokenOptions options;
        options.guard = &soft_.directory();
        expect_value(hsm::take_over(
            soft_.module(), {slot, taken_.officer_pin, taken_.user_pin, hsm::Claim::give_back}, options));
        soft_.reload();
        SoftHsm::open(soft_.module(), taken_);
    }

    SoftHsm soft_;
    OpenToken taken_;
};

TEST_F(ExistingTokenTest, WhatWasOnlyBegunIsDestroyedWithTheRest) {
    // SoftHSM keeps of what it refuses to make what it keeps of what was cut off.
    hsm::Template secret;
    secret.text(CKA_LABEL, "claviger-probe").yes(CKA_TRUSTED);
    EXPECT_NE(generate(std::move(secret)), CKR_OK);
    const Bytes modulus(384, std::byte{0xC1});
    const Bytes exponent{std::byte{1}, std::byte{0}, std::byte{1}};
    hsm::Template trusted =
        hsm::trusted_public({.modulus = modulus, .exponent = exponent, .label = "claviger-probe"});
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
    EXPECT_NE(state().p11->C_CreateObject(taken_.slow->session(), trusted.data(), trusted.size(), &handle),
              CKR_OK);
    ASSERT_EQ(objects(), 2u);
    give_back();
    EXPECT_EQ(objects(), 0u);
}

TEST_F(ExistingTokenTest, WhatIsItsOperatorsStays) {
    hsm::Template mine;
    mine.text(CKA_LABEL, "mine");
    ASSERT_EQ(generate(std::move(mine)), CKR_OK);
    ASSERT_EQ(generate({}), CKR_OK);  // one without a label
    give_back();
    EXPECT_EQ(objects(), 2u);
}

}  // namespace
}  // namespace claviger::test
