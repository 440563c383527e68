#include "cluster/certificate_watch.hpp"

#include <utility>

namespace claviger::cluster {
namespace {

constexpr std::chrono::hours kWarning{90 * 24};

}  // namespace

CertificateWatch::CertificateWatch(boost::asio::io_context& io, const Clock& clock, WallTime expires,
                                   std::chrono::milliseconds interval, Log log)
    : timer_(io), clock_(clock), expires_(expires), interval_(interval), log_(std::move(log)) {}

void CertificateWatch::start() {
    look();
}

void CertificateWatch::stop() {
    stopped_ = true;
    timer_.cancel();
}

CertificateWatch::Phase CertificateWatch::phase() const {
    const WallTime now = clock_.wall();
    return now >= expires_ ? Phase::ended : now >= expires_ - kWarning ? Phase::ending : Phase::good;
}

void CertificateWatch::look() {
    const Phase now = phase();
    if (now != told_ && log_) {
        switch (now) {
            case Phase::good: log_(Severity::info, "", "the cluster certificate is valid"); break;
            case Phase::ending:
                log_(Severity::alarm, "", "the cluster certificate expires within 90 days");
                break;
            case Phase::ended:
                log_(Severity::alarm, "", "the cluster certificate has expired; its HSMs go on serving");
                break;
        }
    }
    told_ = now;
    timer_.expires_after(interval_);
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        const std::shared_ptr<CertificateWatch> self = weak.lock();
        if (!error && self && !self->stopped_) {
            self->look();
        }
    });
}

}  // namespace claviger::cluster
