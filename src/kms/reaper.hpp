// Ends keys whose waiting period is over: what HSMs hold of them is destroyed, then their rows and key tokens
// go.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <claviger/base/clock.hpp>

#include "src/http/api.hpp"
#include "src/kms/service.hpp"

namespace claviger::kms {

// Called from a timer on one io thread, one run at a time. A key that cannot be destroyed now is tried again
// in the next run, unless it is in a custom key store; a key that was rescued meanwhile stays: its key token
// is still there.
class Reaper {
public:
    explicit Reaper(ServiceParts parts) : parts_(parts) {}
    // The number of keys that are gone.
    boost::asio::awaitable<std::size_t> run_due(http::IoContext& io, MonoTime deadline, WallTime wall);

private:
    const ServiceParts parts_;
};

}  // namespace claviger::kms
