// What an attempt's outcome means: for the request, and as evidence for or against the HSM.
#pragma once

#include <cstdint>

#include <claviger/base/error.hpp>

#include "cluster/breaker.hpp"
#include "cluster/pending.hpp"
#include "hsm/link/operation.hpp"

namespace claviger::cluster {

enum class Next : std::uint8_t {
    finish,      // the answer, good or bad, is the caller's
    elsewhere,   // another HSM may do better
    with_token,  // the same HSM, and the key token with it
};

// Whether somebody should look at the HSM now, even though nothing is held against it.
enum class Look : bool { no, yes };

struct Judgement {
    Next next = Next::finish;
    Evidence evidence = Evidence::none;
    Look look = Look::no;
    friend bool operator==(const Judgement&, const Judgement&) = default;
};

// An attempt that the host answered with an error. `repeat` is the operation's rule: what may have happened
// already is not tried again unless the rule says freely.
Judgement judge_error(Errc code, link::Repeat repeat) noexcept;

// An attempt without an answer. `died_before`: how often this request lost a host already; when_host_died
// allows one. Lateness is evidence only within the fast class: there nothing takes long, so a late answer is
// the HSM's doing.
Judgement judge_silence(ReplyKind kind, link::CostClass cost, link::Repeat repeat,
                        unsigned died_before) noexcept;

}  // namespace claviger::cluster
