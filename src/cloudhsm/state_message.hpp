// What an HSM's StateMessage says besides its state: it keeps the state of before while the row has another
// one.
#pragma once

#include <string>
#include <string_view>

#include "src/store/records.hpp"

namespace claviger::cloudhsm {

// How messages of these states begin: rows are told apart by it, also those of another version.
inline constexpr std::string_view kPinUnknown = "user PIN unknown: ";
inline constexpr std::string_view kPinLocked = "user PIN locked: ";
// After another sentence, of an HSM that lost its [[hsm]] entry when its token was made and it did not serve
// yet.
inline constexpr std::string_view kNotMade = "Then its creation goes on.";

// How messages end of an HSM that is being made, perhaps after another sentence: the holder of the recovery
// key must bring the wrapping key, or somebody must type the PIN of its token's officer.
inline constexpr std::string_view kWaitingForRecovery = "waiting for recovery: run claviger cluster recover";
inline constexpr std::string_view kWaitingForOfficer =
    "waiting for its officer: run claviger cloudhsm hsm enroll";
// Before either, when it waits a second time.
inline constexpr std::string_view kNotTaken = "The token did not take the wrapping key that was brought. ";

bool waits_for_recovery(const store::CloudHsmRecord& hsm);
bool waits_for_officer(const store::CloudHsmRecord& hsm);
// `waiting`, and in front of it what the message of before tells of the attempt that failed.
std::string waiting_message(std::string_view waiting, std::string_view former_message);

// The state that the message of an HSM that is being deleted, or is unplaced, tells of: ACTIVE unless it says
// more.
store::HsmState state_before(std::string_view message);
// The part that says so; empty: it is ACTIVE.
std::string_view part_of_before(std::string_view message);

// Of an HSM that has just become unplaced, or for another reason.
std::string unplaced_message(std::string_view why, std::string_view former_message);

}  // namespace claviger::cloudhsm
