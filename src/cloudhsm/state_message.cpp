#include "src/cloudhsm/state_message.hpp"

namespace claviger::cloudhsm {
namespace {

bool waits(const store::CloudHsmRecord& hsm, std::string_view waiting) {
    return hsm.state == store::HsmState::create_in_progress && hsm.state_message.ends_with(waiting);
}

}  // namespace

bool waits_for_recovery(const store::CloudHsmRecord& hsm) {
    return waits(hsm, kWaitingForRecovery);
}

bool waits_for_officer(const store::CloudHsmRecord& hsm) {
    return waits(hsm, kWaitingForOfficer);
}

std::string waiting_message(std::string_view waiting, std::string_view former_message) {
    std::string message(former_message.starts_with(kNotTaken) ? kNotTaken : "");
    return message.append(waiting);
}

store::HsmState state_before(std::string_view message) {
    const std::string_view told = part_of_before(message);
    if (told.empty()) {
        return store::HsmState::active;
    }
    if (told.starts_with(kNotMade)) {
        return store::HsmState::create_in_progress;
    }
    return told.starts_with(kPinLocked) ? store::HsmState::pin_locked : store::HsmState::pin_unknown;
}

std::string_view part_of_before(std::string_view message) {
    for (const std::string_view begin : {kPinUnknown, kPinLocked, kNotMade}) {
        if (const std::size_t at = message.find(begin); at != message.npos) {
            return message.substr(at);
        }
    }
    return {};
}

std::string unplaced_message(std::string_view why, std::string_view former_message) {
    std::string message(why);
    if (const std::string_view told = part_of_before(former_message); !told.empty()) {
        message.append(" ").append(told);
    }
    return message;
}

}  // namespace claviger::cloudhsm
