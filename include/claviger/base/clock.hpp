// Time and randomness are parameters: nobody below `app` asks the system.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

#include <claviger/base/bytes.hpp>

namespace claviger {

using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;
using MonoTime = std::chrono::steady_clock::time_point;

// wall: what people and certificates read. mono: intervals and deadlines. Thread-safe.
class Clock {
public:
    virtual ~Clock() = default;
    virtual WallTime wall() const = 0;
    virtual MonoTime mono() const = 0;
};

// The machine's clocks. mono() is CLOCK_MONOTONIC, comparable across the processes of one machine.
class SystemClock final : public Clock {
public:
    WallTime wall() const override;
    MonoTime mono() const override;
};

// Cryptographically strong bytes, for identifiers, nonces and service secrets; never for KMS keys.
// Thread-safe.
class Random {
public:
    virtual ~Random() = default;
    virtual void fill(std::span<std::byte> out) = 0;
    std::string uuid();
};

// getrandom(2); aborts if the kernel refuses.
class SystemRandom final : public Random {
public:
    void fill(std::span<std::byte> out) override;
};

}  // namespace claviger
