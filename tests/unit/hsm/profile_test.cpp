// What SoftHSM can do and enforces. Every attack is one assertion, so that a new hole names itself.
#include <claviger/hsm/profile.hpp>

#include "tests/unit/hsm/tokens.hpp"

namespace claviger::test {
namespace {

TEST(Profile, SoftHsmRefusesEveryAttackAndMakesEveryKindButEd25519) {
    SoftHsm soft;
    OpenToken token = soft.provision("probed");
    const hsm::Profile profile = expect_value(hsm::probe(*token.slow, hsm::ProbeDepth::attacks));
    EXPECT_EQ(profile.summary, "strong");
    EXPECT_GE(profile.attacks.size(), 20u);
    for (const hsm::AttackResult& attack : profile.attacks) {
        EXPECT_TRUE(attack.refused) << attack.name << ": " << attack.outcome;
    }
    for (const hsm::KeyKind& kind : profile.key_kinds) {
        EXPECT_EQ(kind.refusal, "") << kind.spec << " " << kind.usage;
    }
    EXPECT_FALSE(profile.nests_unwrap_template);
    EXPECT_TRUE(expect_value(token.token->objects()).empty());
}

}  // namespace
}  // namespace claviger::test
