#include "src/kms/state.hpp"

namespace claviger::kms {
namespace {

using store::KeyState;

bool is_pending_deletion(KeyState state) noexcept {
    return state == KeyState::pending_deletion || state == KeyState::pending_replica_deletion;
}

bool allows(States allowed, KeyState state) noexcept {
    switch (allowed) {
        case States::any: return true;
        case States::usable: return state == KeyState::enabled || state == KeyState::updating;
        case States::replicable: return state == KeyState::enabled;
        case States::active:
            return state == KeyState::enabled || state == KeyState::unavailable ||
                   state == KeyState::updating;
        case States::rotating:  // imported keys are refused for their origin, not for their state
            return state == KeyState::enabled || state == KeyState::unavailable ||
                   state == KeyState::updating || state == KeyState::pending_import;
        case States::readable:
            return state == KeyState::enabled || state == KeyState::disabled ||
                   state == KeyState::pending_import || state == KeyState::updating;
        case States::not_pending_deletion: return !is_pending_deletion(state);
        case States::switchable:
            return state == KeyState::enabled || state == KeyState::disabled ||
                   state == KeyState::unavailable;
        case States::deletable: return !is_pending_deletion(state) && state != KeyState::updating;
        case States::pending_deletion: return is_pending_deletion(state);
        case States::settled: return state != KeyState::creating && state != KeyState::updating;
        case States::created: return state != KeyState::creating;
    }
    return false;
}

Failure refusal(KeyState state, std::string_view arn) {
    switch (state) {
        case KeyState::enabled: break;  // every rule but pending_deletion allows it
        case KeyState::creating: return invalid_state(arn, "creating");
        case KeyState::disabled: return key_disabled(arn);
        case KeyState::pending_deletion: return invalid_state(arn, "pending deletion");
        case KeyState::pending_import: return invalid_state(arn, "pending import");
        case KeyState::unavailable: return invalid_state(arn, "unavailable");
        case KeyState::pending_replica_deletion: return invalid_state(arn, "pending replica deletion");
        case KeyState::updating: return invalid_state(arn, "updating");
    }
    return internal("no rule refuses an enabled key");
}

}  // namespace

std::string_view to_string(KeyState state) noexcept {
    switch (state) {
        case KeyState::creating: return "Creating";
        case KeyState::enabled: return "Enabled";
        case KeyState::disabled: return "Disabled";
        case KeyState::pending_deletion: return "PendingDeletion";
        case KeyState::pending_import: return "PendingImport";
        case KeyState::unavailable: return "Unavailable";
        case KeyState::pending_replica_deletion: return "PendingReplicaDeletion";
        case KeyState::updating: return "Updating";
    }
    return {};
}

std::optional<Failure> check_state(States allowed, KeyState state, std::string_view arn) {
    if (allows(allowed, state)) {
        return std::nullopt;
    }
    if (allowed == States::pending_deletion) {
        return invalid_state(arn, "not pending deletion");
    }
    return refusal(state, arn);
}

}  // namespace claviger::kms
