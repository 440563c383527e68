#include "src/cloudhsm/state_message.hpp"

#include <gtest/gtest.h>

namespace claviger::cloudhsm {
namespace {

const std::string kWhy = "its [[hsm]] 'one' is not in the configuration: put it back.";

TEST(StateMessage, OfAnUnplacedHsmKeepsTheStateOfBefore) {
    const std::pair<store::HsmState, std::string> states[] = {
        {store::HsmState::active, "HSM created."},
        {store::HsmState::active, ""},
        {store::HsmState::pin_unknown, "user PIN unknown: the token refuses it."},
        {store::HsmState::pin_locked, "user PIN locked: the token."},
        {store::HsmState::create_in_progress, std::string(kNotMade)},
    };
    for (const auto& [state, message] : states) {
        const std::string once = unplaced_message(kWhy, message);
        EXPECT_TRUE(once.starts_with(kWhy)) << once;
        EXPECT_EQ(state_before(once), state) << once;
        EXPECT_EQ(unplaced_message(kWhy, once), once) << "for another reason, and nothing twice";
    }
}

TEST(StateMessage, OfAnHsmThatWaitsAgainTellsWhatFailed) {
    for (const std::string_view waiting : {kWaitingForRecovery, kWaitingForOfficer}) {
        EXPECT_EQ(waiting_message(waiting, "HSM creation begun."), waiting);
        const std::string again = waiting_message(waiting, kNotTaken);
        EXPECT_EQ(again, std::string(kNotTaken) + std::string(waiting));
        EXPECT_EQ(waiting_message(waiting, again), again) << "after a restart, and nothing twice";

        store::CloudHsmRecord hsm;
        hsm.state_message = again;
        EXPECT_EQ(waits_for_recovery(hsm), waiting == kWaitingForRecovery);
        EXPECT_EQ(waits_for_officer(hsm), waiting == kWaitingForOfficer);
        hsm.state = store::HsmState::degraded;
        EXPECT_FALSE(waits_for_recovery(hsm) || waits_for_officer(hsm)) << "it is not being made any more";
    }
}

}  // namespace
}  // namespace claviger::cloudhsm
