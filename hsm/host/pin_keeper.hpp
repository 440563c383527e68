// Keeps this token's user PIN: logs in with it, changes it, survives a crash between any two steps.
//
// The rules (docs/architecture.md, "PINs live in the HSM hosts"): `next` is on disk before the token hears of
// it; at start `next` is tried before `current`; a version that was refused once is remembered on disk and
// never tried again; while the token shows COUNT_LOW or worse nothing is tried, unless our own refused `next`
// explains it. Threads: slow lane only. Failure: values; pin_refused means that an operator has to act.
#pragma once

#include <functional>
#include <utility>

#include <claviger/base/result.hpp>
#include <claviger/base/secret.hpp>
#include <claviger/hsm/token.hpp>

#include "hsm/host/pin_store.hpp"

namespace claviger::host {

// What of a token the keeper needs; tests end the process between any two calls.
class PinToken {
public:
    virtual ~PinToken() = default;
    virtual Result<hsm::PinState> user_pin_state() = 0;
    virtual Status<> login(const SecretBytes& pin, hsm::Attempt attempt) = 0;
    virtual Status<> change_pin(const SecretBytes& current, const SecretBytes& next) = 0;
    virtual Result<SecretBytes> draw_pin() = 0;  // in the token
};

class PinKeeper {
public:
    PinKeeper(PinToken& token, PinStore store) : token_(token), store_(std::move(store)) {}

    bool has_pin() const;
    Status<> login();
    // Own PIN -> one drawn in the token that nobody else knows.
    Status<> rotate();
    // `current` empty: our own PIN. `fresh` empty: drawn in the token.
    Status<> set(SecretBytes current, SecretBytes fresh);
    // Forgets everything: the token was wiped.
    Status<> forget();

private:
    Status<> refuse(KeptPins& kept, std::uint64_t version);
    Status<> promote_next(KeptPins& kept);
    Status<> resolve_next(KeptPins& kept);
    PinToken& token_;
    PinStore store_;
};

}  // namespace claviger::host
