// Says ahead of time that the cluster certificate ends, and that it has ended. It does nothing else: an HSM
// that was left for an expiry would be left together with all others.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <claviger/base/clock.hpp>
#include <claviger/cluster/options.hpp>

namespace claviger::cluster {

// Control thread only. Owned by a shared_ptr: its timer may outlast its owner.
class CertificateWatch : public std::enable_shared_from_this<CertificateWatch> {
public:
    using Log = std::function<void(Severity, std::string_view hsm_id, std::string_view text)>;

    // `interval`: how often the wall clock is looked at. What is passed by reference outlives stop().
    CertificateWatch(boost::asio::io_context& io, const Clock& clock, WallTime expires,
                     std::chrono::milliseconds interval, Log log);

    void start();  // the first look is now
    void stop();

private:
    enum class Phase : std::uint8_t { good, ending, ended };
    Phase phase() const;
    void look();

    boost::asio::steady_timer timer_;
    const Clock& clock_;
    const WallTime expires_;
    const std::chrono::milliseconds interval_;
    const Log log_;
    Phase told_ = Phase::good;
    bool stopped_ = false;
};

}  // namespace claviger::cluster
