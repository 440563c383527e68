// The one coarse timer of a thread: ticks only while something waits, so an idle service sleeps.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <claviger/base/clock.hpp>

namespace claviger::cluster {

// Belongs to the thread that runs `io`. Keep it in a shared_ptr: a pending tick holds only a weak one.
class Sweeper : public std::enable_shared_from_this<Sweeper> {
public:
    // Looks for what is late; answers whether anything still waits.
    enum class Left : bool { nothing, waiting };
    using Sweep = std::function<Left(MonoTime now)>;

    Sweeper(boost::asio::io_context& io, const Clock& clock, std::chrono::milliseconds interval, Sweep sweep)
        : timer_(io), clock_(clock), interval_(interval), sweep_(std::move(sweep)) {}

    // Something waits from now on. Costs a comparison while the timer ticks.
    // A sweep resumes callers who send again, to a line it has already passed: that must not be forgotten.
    void wake() {
        woken_ = true;
        if (!ticking_) {
            ticking_ = true;
            schedule();
        }
    }

private:
    void schedule();

    boost::asio::steady_timer timer_;
    const Clock& clock_;
    std::chrono::milliseconds interval_;
    Sweep sweep_;
    bool ticking_ = false;
    bool woken_ = false;  // since the running or the last sweep began
};

}  // namespace claviger::cluster
