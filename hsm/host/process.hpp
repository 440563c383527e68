// What the process does to itself before it touches a PIN.
#pragma once

#include <claviger/base/result.hpp>

#include "hsm/host/options.hpp"

namespace claviger::host {

// Closes every descriptor from `first` on: what a parent left open is not ours to keep.
void close_descriptors_from(int first);

// What modules tell syslog(3) is dropped from now on: SoftHSM reports every tag that does not match, which
// costs more than the decryption and would let a caller fill the machine's log. What a call answers is
// logged by us.
void silence_module_log() noexcept;

// Ends with the parent (PR_SET_PDEATHSIG, prctl(2)), cannot be traced or dumped, writes no core. conflict:
// the supervisor was gone already. Before threads.
Status<> harden(const Options& options);

// A call that has a token write its files, where nothing could put them back (TokenFiles::none): SoftHSM, cut
// off in C_Login or C_SetPIN, loses the token. While one exists the parent's end does not end this process,
// for at most a second; the last one ends it then. Any thread.
class UncutCall {
public:
    UncutCall() noexcept;
    ~UncutCall();
    UncutCall(const UncutCall&) = delete;
    UncutCall& operator=(const UncutCall&) = delete;
};

// True while the process that is to supervise us is our parent, or where we do not depend on one.
bool has_supervisor(const Options& options);

}  // namespace claviger::host
