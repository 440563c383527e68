#include "hsm/host/pin_keeper.hpp"

#include <algorithm>

#include "hsm/host/log.hpp"

namespace claviger::host {

namespace {

constexpr std::string_view kAskOperator =
    "; nothing more is tried: reset the user PIN as officer, then enrol this HSM again";

Error needs_operator(std::string_view why) {
    return Error(Errc::pin_refused, std::string(why) + std::string(kAskOperator));
}

// One more attempt could lock the token, or is not ours to make.
bool may_try(hsm::PinState state, bool explained) noexcept {
    switch (state) {
        case hsm::PinState::good:
        case hsm::PinState::must_change: return true;
        case hsm::PinState::count_low: return explained;
        case hsm::PinState::final_try:
        case hsm::PinState::locked:
        case hsm::PinState::not_initialized: return false;
    }
    return false;
}

}  // namespace

bool PinKeeper::has_pin() const noexcept {
    const KeptPins& state = store_.state();
    return (state.current && !state.is_refused(state.current->version)) ||
           (state.next && !state.is_refused(state.next->version));
}

Status<> PinKeeper::refuse(std::uint64_t version) {
    KeptPins state = store_.state().clone();
    if (!state.is_refused(version)) {
        state.refused.push_back(version);
    }
    return store_.save(std::move(state));
}

Status<> PinKeeper::promote_next() {
    KeptPins state = store_.state().clone();
    state.current = std::move(state.next);
    state.next.reset();
    // Older versions are gone for good: only refusals that can still meet a PIN we keep matter.
    std::erase_if(state.refused, [&](std::uint64_t version) { return version != state.current->version; });
    return store_.save(std::move(state));
}

Status<> PinKeeper::drop_next() {
    KeptPins state = store_.state().clone();
    state.next.reset();
    return store_.save(std::move(state));
}

Status<> PinKeeper::login() {
    const Result<hsm::PinState> facts = token_.user_pin_state();
    if (!facts) {
        return facts.error();
    }
    const bool next_refused = store_.state().next && store_.state().is_refused(store_.state().next->version);
    if (!may_try(*facts, next_refused)) {
        return needs_operator("the token warns about its user PIN (wrong attempts, locked, or not set)");
    }
    if (store_.state().next && !next_refused) {
        const PinVersion next = store_.state().next->clone();
        const Status<> entered = token_.login(next.pin, hsm::Attempt::automatic);
        if (entered) {
            log(Level::info, "the PIN change that was interrupted had reached the token");
            return promote_next();
        }
        if (entered.error().code != Errc::pin_refused) {
            return entered;
        }
        const Status<> remembered = refuse(next.version);
        if (!remembered) {
            return remembered;
        }
    }
    if (!store_.state().current || store_.state().is_refused(store_.state().current->version)) {
        return needs_operator(has_pin() || store_.state().current ? "the user PIN kept here was refused"
                                                                  : "no user PIN is kept here");
    }
    // After a refused `next` the token shows COUNT_LOW because of us: the one attempt with `current` is due.
    const Result<hsm::PinState> now = token_.user_pin_state();
    if (!now) {
        return now.error();
    }
    if (!may_try(*now, store_.state().next.has_value())) {
        return needs_operator("the token is one wrong attempt from locking its user PIN");
    }
    const PinVersion current = store_.state().current->clone();
    const Status<> entered =
        token_.login(current.pin, store_.state().next ? hsm::Attempt::by_operator : hsm::Attempt::automatic);
    if (!entered) {
        if (entered.error().code == Errc::pin_refused) {
            const Status<> remembered = refuse(current.version);
            if (!remembered) {
                return remembered;
            }
            return needs_operator("the token refused the user PIN kept here (" + entered.error().detail +
                                  ")");
        }
        return entered;
    }
    return store_.state().next ? drop_next() : Status<>(done);
}

Status<> PinKeeper::rotate() {
    if (!has_pin()) {
        return needs_operator("no user PIN is kept here");
    }
    return set({}, {});
}

Status<> PinKeeper::set(SecretBytes current, SecretBytes fresh) {
    const KeptPins before = store_.state().clone();
    const Result<hsm::PinState> facts = token_.user_pin_state();
    if (!facts) {
        return facts.error();
    }
    // A PIN that the caller names is his attempt to make; ours are made only on a token without warnings.
    if (!may_try(*facts, !current.empty())) {
        return needs_operator("the token warns about its user PIN");
    }
    if (fresh.empty()) {
        Result<SecretBytes> drawn = token_.draw_pin();
        if (!drawn) {
            return drawn.error();
        }
        fresh = std::move(*drawn);
    }
    KeptPins planned = before.clone();
    if (!current.empty()) {
        planned.current = PinVersion{++planned.last_version, std::move(current)};
    }
    if (!planned.current || planned.is_refused(planned.current->version)) {
        return needs_operator("no user PIN is kept here that the token has not refused");
    }
    planned.next = PinVersion{++planned.last_version, std::move(fresh)};
    Status<> saved = store_.save(planned.clone());
    if (!saved) {
        return saved;
    }
    const Status<> changed = token_.change_pin(planned.current->pin, planned.next->pin);
    if (!changed) {
        if (changed.error().code != Errc::pin_refused) {
            return changed;  // it may have happened: the next login finds out
        }
        KeptPins refused = before.clone();
        refused.last_version = planned.last_version;
        refused.refused.push_back(planned.current->version);
        saved = store_.save(std::move(refused));
        return saved ? changed : saved;
    }
    const Status<> checked = token_.change_pin(planned.next->pin, planned.next->pin);
    if (!checked) {
        return checked;
    }
    return promote_next();
}

Status<> PinKeeper::forget() {
    KeptPins empty;
    empty.last_version = store_.state().last_version;
    return store_.save(std::move(empty));
}

}  // namespace claviger::host
