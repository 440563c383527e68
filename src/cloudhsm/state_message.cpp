#include "src/cloudhsm/state_message.hpp"

namespace claviger::cloudhsm {

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
