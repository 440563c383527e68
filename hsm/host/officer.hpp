// The officer process: does what the security officer's login is needed for, over the socket it was started
// with, and ends. It has no sockets of its own in the file system and never sees the user's keys.
#pragma once

#include "hsm/host/options.hpp"

namespace claviger::host {

inline constexpr int kOfficerSocket = 3;

// Serves requests one by one until the socket ends; answers the exit code.
int run_officer(const Options& options);

}  // namespace claviger::host
