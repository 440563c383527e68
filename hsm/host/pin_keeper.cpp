#include "hsm/host/pin_keeper.hpp"

#include <algorithm>

#include "hsm/host/log.hpp"
#include "hsm/link/return_values.hpp"
#include "hsm/pin.hpp"

namespace claviger::host {

namespace {

// What to do depends on who runs the host: the default cluster, or one whose StateMessage says it.
constexpr std::string_view kNothingMore = "; nothing more is tried";

// `ckr`: what the token said, or would say.
Error needs_operator(std::string_view why, unsigned long ckr = 0) {
    return Error(Errc::pin_refused, std::string(why) + std::string(kNothingMore), ckr);
}

Error warned(std::string_view why, hsm::PinState state) {
    return needs_operator(why, hsm::may_try_pin(state, hsm::Attempt::automatic).error().ckr);
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

bool PinKeeper::has_pin() const {
    const Result<KeptPins> kept = store_.read();
    return kept && (kept->usable(kept->current) || kept->usable(kept->next));
}

Status<> PinKeeper::refuse(KeptPins& kept, std::uint64_t version) {
    if (!kept.is_refused(version)) {
        kept.refused.push_back(version);
    }
    return store_.save(kept);
}

Status<> PinKeeper::promote_next(KeptPins& kept) {
    kept.current = std::move(kept.next);
    kept.next.reset();
    // Older versions are gone for good: only refusals that can still meet a PIN we keep matter.
    std::erase_if(kept.refused, [&](std::uint64_t version) { return version != kept.current->version; });
    return store_.save(kept);
}

Status<> PinKeeper::login() {
    Result<KeptPins> kept = store_.read();
    if (!kept) {
        return kept.error();
    }
    const Result<hsm::PinState> facts = token_.user_pin_state();
    if (!facts) {
        return facts.error();
    }
    // While there is a `next`, a wrong attempt can be ours, cut off before it was noted as refused.
    if (!may_try(*facts, kept->next.has_value())) {
        return warned("the token warns about its user PIN (wrong attempts, locked, or not set)", *facts);
    }
    if (kept->usable(kept->next)) {
        const Status<> entered = token_.login(kept->next->pin, hsm::Attempt::automatic);
        if (entered) {
            log(Level::info, "the PIN change that was interrupted had reached the token");
            return promote_next(*kept);
        }
        if (entered.error().code != Errc::pin_refused) {
            return entered;
        }
        const Status<> remembered = refuse(*kept, kept->next->version);
        if (!remembered) {
            return remembered;
        }
    }
    if (!kept->usable(kept->current)) {
        return kept->current ? needs_operator("the user PIN kept here was refused", link::kPinIncorrect)
                             : needs_operator("no user PIN is kept here");
    }
    // After a refused `next` the token shows COUNT_LOW because of us: the one attempt with `current` is due.
    const Result<hsm::PinState> now = token_.user_pin_state();
    if (!now) {
        return now.error();
    }
    if (!may_try(*now, kept->next.has_value())) {
        return warned("the token is one wrong attempt from locking its user PIN", *now);
    }
    const Status<> entered =
        token_.login(kept->current->pin, kept->next ? hsm::Attempt::by_operator : hsm::Attempt::automatic);
    if (!entered) {
        if (entered.error().code == Errc::pin_refused) {
            const Status<> remembered = refuse(*kept, kept->current->version);
            if (!remembered) {
                return remembered;
            }
            return needs_operator("the token refused the user PIN kept here (" + entered.error().detail + ")",
                                  entered.error().ckr);
        }
        return entered;
    }
    if (!kept->next) {
        return done;
    }
    kept->next.reset();
    return store_.save(*kept);
}

Status<> PinKeeper::rotate() {
    if (!has_pin()) {
        return needs_operator("no user PIN is kept here");
    }
    return set({}, {});
}

// A change whose answer was lost: the token has `next` or it has not. It must be known which before `next` is
// overwritten, or the one PIN that fits may be gone.
Status<> PinKeeper::resolve_next(KeptPins& kept) {
    if (!kept.usable(kept.next)) {
        return done;
    }
    const Status<> same = token_.change_pin(kept.next->pin, kept.next->pin);
    if (same) {
        return promote_next(kept);
    }
    return same.error().code == Errc::pin_refused ? refuse(kept, kept.next->version) : same;
}

Status<> PinKeeper::set(SecretBytes current, SecretBytes fresh) {
    Result<KeptPins> kept = store_.read();
    if (!kept) {
        return kept.error();
    }
    Result<hsm::PinState> facts = token_.user_pin_state();
    if (!facts) {
        return facts.error();
    }
    // A PIN that the caller names is his attempt to make; ours are made only on a token without warnings.
    if (!may_try(*facts, !current.empty())) {
        return warned("the token warns about its user PIN", *facts);
    }
    const Status<> resolved = resolve_next(*kept);
    if (!resolved) {
        return resolved;
    }
    if (fresh.empty()) {
        Result<SecretBytes> drawn = token_.draw_pin();
        if (!drawn) {
            return drawn.error();
        }
        fresh = std::move(*drawn);
    }
    if (!current.empty()) {
        // It takes the place of the PIN kept here only when the token has taken it: the caller may be wrong.
        const Status<> right = token_.change_pin(current, current);
        if (!right) {
            return right;
        }
        kept->current = PinVersion{++kept->last_version, std::move(current)};
    }
    if (!kept->usable(kept->current)) {
        return needs_operator("no user PIN is kept here that the token has not refused");
    }
    kept->next = PinVersion{++kept->last_version, std::move(fresh)};
    const Status<> saved = store_.save(*kept);
    if (!saved) {
        return saved;
    }
    const Status<> changed = token_.change_pin(kept->current->pin, kept->next->pin);
    if (!changed) {
        if (changed.error().code != Errc::pin_refused) {
            return changed;  // it may have happened: the next login or change finds out
        }
        kept->next.reset();
        const Status<> remembered = refuse(*kept, kept->current->version);
        return remembered ? changed : remembered;
    }
    const Status<> checked = token_.change_pin(kept->next->pin, kept->next->pin);
    if (!checked) {
        return checked;
    }
    return promote_next(*kept);
}

Status<> PinKeeper::forget() {
    const Result<KeptPins> kept = store_.read();
    if (!kept) {
        return kept.error();
    }
    KeptPins empty;
    empty.last_version = kept->last_version;
    return store_.save(empty);
}

}  // namespace claviger::host
