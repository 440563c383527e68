// The clock of keys' lives: creation, deletion, expiry. Wall time plus an offset that the store keeps.
#pragma once

#include <claviger/base/clock.hpp>

namespace claviger::api {

// Thread-safe.
class LifeClock {
public:
    virtual ~LifeClock() = default;
    virtual WallTime now() const = 0;
};

}  // namespace claviger::api
