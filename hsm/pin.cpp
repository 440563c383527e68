#include "hsm/pin.hpp"

#include <utility>

#include "hsm/cryptoki.hpp"
#include "hsm/link/return_values.hpp"

namespace claviger::hsm {

static_assert(link::kPinIncorrect == CKR_PIN_INCORRECT && link::kPinLocked == CKR_PIN_LOCKED &&
              link::kUserPinNotInitialized == CKR_USER_PIN_NOT_INITIALIZED &&
              link::kUserAnotherAlreadyLoggedIn == CKR_USER_ANOTHER_ALREADY_LOGGED_IN &&
              link::kFlagUserPinLocked == CKF_USER_PIN_LOCKED);

Status<> may_try_pin(PinState state, Attempt attempt) {
    const auto refuse = [](std::string_view why, CK_RV as = CKR_OK) {
        return Error(Errc::pin_refused, "no login was tried: the token shows " + std::string(why), as);
    };
    switch (state) {
        case PinState::good:
        case PinState::must_change: return done;
        case PinState::locked: return refuse("a locked PIN", CKR_PIN_LOCKED);
        case PinState::not_initialized: return refuse("that no PIN was set", CKR_USER_PIN_NOT_INITIALIZED);
        case PinState::count_low:
            return attempt == Attempt::by_operator ? Status<>(done)
                                                   : refuse(
                                                         "an earlier wrong PIN (COUNT_LOW); one login "
                                                         "with the right one clears that");
        case PinState::final_try:
            return attempt == Attempt::by_operator ? Status<>(done)
                                                   : refuse("one try left before it locks (FINAL_TRY)");
    }
    return done;
}

Result<Guarded> Guarded::enter(TokenFileGuard* guard) {
    if (guard != nullptr) {
        const auto entered = guard->enter();
        if (!entered) {
            return entered.error();
        }
    }
    return Guarded(guard);
}

Guarded::Guarded(Guarded&& other) noexcept : guard_(std::exchange(other.guard_, nullptr)) {}

Guarded::~Guarded() {
    if (guard_ != nullptr) {
        guard_->leave();
    }
}

}  // namespace claviger::hsm
