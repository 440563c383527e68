// What SoftHSM can do and enforces. Every attack is one assertion, so that a new hole names itself.
#include <claviger/hsm/profile.hpp>

#include "tests/unit/hsm/tokens.hpp"

namespace claviger::test {
namespace {

// SoftHSM's file of each object, token.object included: also of one that no search by attributes finds.
std::size_t object_files(const SoftHsm& soft) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(soft.path() + "/tokens")) {
        count += entry.path().extension() == ".object" ? 1 : 0;
    }
    return count;
}

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
    EXPECT_EQ(object_files(soft), 1u) << "an attack left something on the token";
}

}  // namespace
}  // namespace claviger::test
