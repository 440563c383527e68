// The life of one HSM in the cluster as a pure machine: what happened goes in, what to do next comes out.
// The driver (member_driver.hpp) does it.
#pragma once

#include <chrono>
#include <cstdint>

#include <claviger/base/clock.hpp>
#include <claviger/cluster/options.hpp>

namespace claviger::cluster {

enum class Happening : std::uint8_t {
    begin,
    up,       // its sockets answer
    failed,   // a step failed in a way that a fresh process may cure
    refused,  // it is not the HSM we mean, or its PIN is wrong: nothing that a restart cures
    admitted,
    suspected,  // an io thread wants it looked at
    canary_good,
    canary_bad,
    ended,  // its process, or the connection to it, is gone
    paused,
    cleared,  // nothing of it runs any more
    stop,
};

enum class Step : std::uint8_t {
    start,  // start the process, wait for its sockets
    admit,
    watch,  // it serves: wait for something to happen
    probe,  // send canaries
    clear,  // withdraw it, end what runs
    kill,   // the same for a process that hangs
    pause,  // pause() long
    rest,   // refused: wait for stop
    finish,
};

// No I/O, no clock of its own, not thread-safe.
class Lifecycle {
public:
    explicit Lifecycle(const ClusterTiming& timing) : timing_(timing) {}

    Step on(Happening happening, MonoTime now);
    std::chrono::milliseconds pause() const noexcept { return pause_; }

private:
    Step clear(Step step, Step afterwards) noexcept;
    Step again(Step step, MonoTime now);
    Step after_clearing() noexcept;

    ClusterTiming timing_;
    Step step_ = Step::finish;
    Step afterwards_ = Step::start;  // what follows once it is cleared
    MonoTime since_;                 // of the present spell of serving
    MonoTime suspected_;
    bool serves_ = false;
    unsigned crashes_ = 0;  // in a row
    std::chrono::milliseconds pause_{0};
};

}  // namespace claviger::cluster
