#include "src/app/service.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "src/app/running_service.hpp"
#include "src/kms/last_use.hpp"
#include "src/observe/log.hpp"

namespace claviger::app {

namespace {

constexpr std::chrono::seconds kShutdownGrace{5};

}  // namespace

void protect_process() {
    umask(077);  // whatever is made below the data directory is for this user alone
    prctl(PR_SET_DUMPABLE, 0);
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // a file at its size limit: write(2) says so, as of a full disk
}

void log_lost_task(const std::exception_ptr& failure) {
    if (failure) {
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& error) {
            observe::error("service.task_failed", {{"reason", error.what()}});
        }
    }
}

Status<> Service::run() {
    using Step = Status<> (Service::*)();
    Status<> status = done;
    watch_signals();
    try {
        for (const Step step : {&Service::open_store, &Service::check_surroundings, &Service::open_identities,
                                &Service::open_cluster, &Service::start_cluster, &Service::start_http,
                                &Service::seed, &Service::announce}) {
            status = (this->*step)();
            if (!status || stopping_) {
                break;
            }
        }
        if (status && !stopping_) {
            serve_until_signal();
        }
    } catch (const std::exception& error) {
        status = Error(Errc::internal, error.what());
    }
    stop();
    return stopping_ ? Status<>(done) : std::move(status);  // a start that was told to stop has not failed
}

DevSetup Service::dev_setup() {
    return {settings_, layout_, *store_,    contents_,  *sealing_key_,        clock_,
            random_,   *kms_,   *cloudhsm_, *clusters_, control_thread_->io()};
}

Status<> Service::seed() {
    std::optional<Status<>> seeded = run_control(seed_dev(dev_setup()));
    return seeded ? *std::move(seeded) : Status<>(done);  // empty: stopped by a signal
}

// From the first step on: a start can take half a minute, and its HSM hosts want to be ended in order.
void Service::watch_signals() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
        if (!error) {
            observe::info("service.stopping", {{"signal", signal}});
            stopping_ = true;
            control_.stop();
        }
    });
}

void Service::serve_until_signal() {
    asio::co_spawn(control_, follow_calendar(), log_lost_task);
    if (settings_.kind == Kind::dev) {
        asio::co_spawn(control_, make_dev_key_store(dev_setup()), log_lost_task);
    }
    if (!config_.http.tls_certificate.empty()) {
        asio::co_spawn(control_, watch_certificate(), log_lost_task);
    }
    control_.restart();
    control_.run();
}

// Clients first, so that no request is cut; then the HSM hosts; then the store and the verifier of
// attestation documents, whose last completions still find the io_contexts of the server; those last.
void Service::stop() {
    admin_socket_.reset();
    admin_.reset();
    if (server_) {
        server_->stop(kShutdownGrace);
    }
    signals_.cancel();
    if (cluster_) {
        run_control(cluster_->stop());
    }
    if (clusters_) {
        run_control(clusters_->stop());
    }
    if (kms_) {
        kms::write_last_uses(catalogue_->uses(), *store_);
    }
    control_thread_.reset();  // the calendar may have worked with it until now; control_ runs no more
    store_.reset();
    recipients_.reset();
    server_.reset();
    custom_tags_.reset();
    kms_.reset();
    cloudhsm_.reset();
    clusters_.reset();
    cluster_.reset();
    outbox_.reset();
    observe::flush_log();
}

void Service::run_control(asio::awaitable<void> work) {
    asio::co_spawn(control_, std::move(work), [this](const std::exception_ptr& failure) {
        log_lost_task(failure);
        control_.stop();
    });
    control_.restart();
    control_.run();
}

Status<> serve(const Settings& settings) {
    protect_process();
    observe::info("service.starting", {{"kind", kind_name(settings.kind)}, {"version", CLAVIGER_VERSION}});
    Service service(settings);
    return service.run();
}

}  // namespace claviger::app
