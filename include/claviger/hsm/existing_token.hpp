// A token that its operator has made: taken for a cluster, and given back. Its label and its officer's PIN
// stay what they are; the user's PIN becomes ours. For the short-lived `claviger-hsm
// --officer` process.
#pragma once

#include <claviger/hsm/officer.hpp>

namespace claviger::hsm {

enum class Claim : std::uint8_t {
    first,      // the token is empty: whatever is on it is somebody's
    again,      // an attempt that began with `first` was cut off: what bears our labels goes
    give_back,  // what bears our labels goes, the rest is not ours to judge
    init_anew,  // the same, and then C_InitToken: no object stays, and the user has no PIN
};

// conflict: an object can be seen on the token by anybody. Spends no PIN.
Status<> expect_empty(Module& module, SlotId slot);

// Claim::first is for a token that expect_empty() passed. conflict: something is left that is not ours; only
// the user's PIN was changed then, without which private objects cannot be seen.
struct Takeover {
    SlotId slot;
    const SecretBytes& officer_pin;
    const SecretBytes& user_pin;
    Claim claim = Claim::first;
};
Status<> take_over(Module& module, const Takeover& call, const TokenOptions& options);

}  // namespace claviger::hsm
