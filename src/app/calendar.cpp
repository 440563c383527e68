// What the service does by itself, by the life clock and by wall time.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "src/app/running_service.hpp"
#include "src/kms/imports.hpp"
#include "src/kms/reaper.hpp"
#include "src/kms/rotation.hpp"
#include "src/observe/log.hpp"

namespace claviger::app {

namespace {

constexpr std::chrono::seconds kCalendarInterval{15};
constexpr std::chrono::minutes kMarkInterval{5};
constexpr std::chrono::seconds kTlsWatchInterval{30};

}  // namespace

// What happens to keys when its time has come.
asio::awaitable<void> Service::follow_calendar() {
    const kms::ServiceParts parts{*store_, *catalogue_, life_, random_, *clusters_, *sealing_key_};
    kms::Reaper reaper(parts);
    kms::Expirer expirer(parts);
    kms::Rotator rotator(parts);
    watch_clock();  // a leap while the service was stopped; and a mark, however short this life is
    for (;;) {
        calendar_.expires_after(kCalendarInterval);
        co_await calendar_.async_wait(
            asio::as_tuple(asio::use_awaitable));  // cut short when the clock is moved
        if (stopping_) {
            co_return;
        }
        kms::write_last_uses(catalogue_->uses(), *store_);
        watch_clock();
        if (leaps_.holds(clock_.wall())) {
            continue;  // the alarm was raised when the hold began
        }
        co_await clusters_->tend_backups();
        const std::size_t gone =
            co_await reaper.run_due(control_thread_->io(), clock_.mono() + kCalendarInterval, clock_.wall());
        if (gone != 0) {
            observe::info("kms.keys_deleted", {{"count", gone}});
        }
        const std::size_t expired =
            co_await expirer.run_due(control_thread_->io(), clock_.mono() + kCalendarInterval, clock_.wall());
        if (expired != 0) {
            observe::info("kms.imported_material_expired", {{"count", expired}});
        }
        const std::size_t rotated =
            co_await rotator.run_due(control_thread_->io(), clock_.mono() + kCalendarInterval, clock_.wall());
        if (rotated != 0) {
            observe::info("kms.keys_rotated", {{"count", rotated}});
        }
    }
}

// A mark every few minutes is enough: a leap is an hour.
void Service::watch_clock() {
    const bool leapt = leaps_.observe(read_clocks()) == LeapGuard::Seen::leap;
    if (leapt) {
        observe::error("clock.leapt", {{"held", "24 h"},
                                       {"do", "check the date; claviger admin clock accept ends the hold"}});
    }
    if (leapt || clock_.mono() - marked_ > kMarkInterval) {
        marked_ = clock_.mono();
        save_mark();
    }
}

asio::awaitable<void> Service::watch_certificate() {
    asio::steady_timer timer(control_);
    const auto stamp = [this] {
        std::error_code ignored;
        return std::filesystem::last_write_time(config_.http.tls_certificate, ignored);
    };
    auto seen = stamp();
    for (;;) {
        timer.expires_after(kTlsWatchInterval);
        co_await timer.async_wait(asio::use_awaitable);
        if (const auto now = stamp(); now != seen) {
            seen = now;
            const Status<> reloaded =
                server_->reload_tls(http::TlsFiles{config_.http.tls_certificate, config_.http.tls_key});
            if (reloaded) {
                observe::info("http.certificate_reloaded");
            } else {
                observe::error("http.certificate_refused", {{"reason", reloaded.error().detail}});
            }
        }
    }
}

void Service::save_mark() {
    leaps_.save(*store_, [](const Status<>& saved) {
        if (!saved) {
            observe::warn("clock.mark_not_saved", {{"reason", saved.error().detail}});
        }
    });
}

}  // namespace claviger::app
