#include "src/kms/operations/operations.hpp"
#include "src/kms/rotation.hpp"

namespace claviger::kms {
namespace {

struct RotationStatusResponse {
    bool enabled = false;
    std::string_view key;
    std::optional<std::int64_t> days;
    std::optional<WallTime> next;

    static constexpr auto fields() {
        return std::tuple(field("KeyRotationEnabled", &RotationStatusResponse::enabled),
                          field("KeyId", &RotationStatusResponse::key),
                          field("RotationPeriodInDays", &RotationStatusResponse::days),
                          field("NextRotationDate", &RotationStatusResponse::next));
    }
};

// Keys that are never rotated automatically, but may be asked: asymmetric and HMAC keys (decision 0030), and
// symmetric imported ones whose material is there.
bool answers_no(const Key& key, WallTime now) {
    return key.record.spec != kSymmetricDefault ||
           (key.record.origin == "EXTERNAL" && key.state_at(now) != store::KeyState::pending_import);
}

Outcome<RotationStatusResponse> handle_get_key_rotation_status(Call& call, const NoMembers&) {
    const Key& key = call.key();
    auto refused = check_rotatable(key);
    if (refused && !answers_no(key, call.parts.life.now())) {
        return *std::move(refused);
    }
    RotationStatusResponse response;
    response.key = key.record.id.value();
    const bool dying = key.record.state == store::KeyState::pending_deletion ||
                       key.record.state == store::KeyState::pending_replica_deletion;
    if (key.rotations != nullptr && key.rotations->schedule && !dying) {
        response.enabled = true;
        response.days = key.rotations->schedule->period_days;
        response.next = key.rotations->schedule->next;
    }
    return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> get_key_rotation_status(Call& call) {
    return run(call, handle_get_key_rotation_status);
}

}  // namespace claviger::kms
