// What the officer process does with a token that its operator made: takes it for a cluster, gives it back.
//
// The state directory remembers, in a file `claimed`, that the token was empty when it was first looked at:
// what bears our labels later is then ours to destroy, and an attempt that was cut off is begun anew.
#pragma once

#include <claviger/base/result.hpp>
#include <claviger/base/secret.hpp>
#include <claviger/hsm/existing_token.hpp>
#include <claviger/hsm/module.hpp>

#include "hsm/host/hosted_token.hpp"
#include "hsm/host/options.hpp"

namespace claviger::host {

struct ClaimCall {
    const Options& options;
    hsm::Module& module;
    TokenFilesGuard& files;
    const SecretBytes& officer_pin;  // as somebody typed it; empty: it is in the officer-pin-file
    const SecretBytes& user_pin;     // what the user's becomes
};
// not_found, conflict, pin_refused, bad_config: the token cannot be taken. The detail is a sentence for
// whoever asked for it: what to do, and nothing of this machine.
Status<> take_token(const ClaimCall& call);
// Also for one that an attempt to take it left half done. Nothing is initialised that was not claimed.
Status<> give_back_token(const ClaimCall& call, hsm::Claim how);

}  // namespace claviger::host
