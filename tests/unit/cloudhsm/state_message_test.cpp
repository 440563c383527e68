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

}  // namespace
}  // namespace claviger::cloudhsm
