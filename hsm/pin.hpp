// Rules of PIN attempts, shared by user and officer. Private to hsm/.
#pragma once

#include <claviger/hsm/token.hpp>

namespace claviger::hsm {

// pin_refused, without an attempt, when the token's flags say that one more wrong PIN could lock it.
Status<> may_try_pin(PinState state, Attempt attempt);

// enter() and leave() of a guard that may be absent, around a scope.
class Guarded {
public:
    static Result<Guarded> enter(TokenFileGuard* guard);
    Guarded(Guarded&& other) noexcept;
    Guarded& operator=(Guarded&&) = delete;
    ~Guarded();

private:
    explicit Guarded(TokenFileGuard* guard) noexcept : guard_(guard) {}
    TokenFileGuard* guard_;
};

}  // namespace claviger::hsm
