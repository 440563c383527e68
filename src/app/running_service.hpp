// The service and everything in it; its steps stand in the files that the members name. For this folder
// alone.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <claviger/cluster/cluster.hpp>

#include "src/app/admin_socket.hpp"
#include "src/app/data_directory.hpp"
#include "src/app/dev_setup.hpp"
#include "src/app/identities.hpp"
#include "src/app/leap_guard.hpp"
#include "src/app/life_clock.hpp"
#include "src/app/metrics.hpp"
#include "src/app/settings.hpp"
#include "src/audit/file_writer.hpp"
#include "src/auth/credentials.hpp"
#include "src/auth/secret_arena.hpp"
#include "src/cloudhsm/manager.hpp"
#include "src/cloudhsm/service.hpp"
#include "src/dev/custom_tags.hpp"
#include "src/http/admin_server.hpp"
#include "src/http/server.hpp"
#include "src/kms/catalogue.hpp"
#include "src/kms/key_store_jobs.hpp"
#include "src/kms/recipient.hpp"
#include "src/kms/service.hpp"
#include "src/observe/metrics.hpp"
#include "src/store/sqlite/sqlite_store.hpp"

namespace claviger::app {

namespace asio = boost::asio;

// What ends a coroutine that nobody waits for goes to the log.
void log_lost_task(const std::exception_ptr& failure);

// What one io thread owns: its way to the HSMs and its audit file.
class IoThread final : public http::ThreadServices {
public:
    IoThread(std::unique_ptr<cluster::Client> client, std::unique_ptr<audit::FileWriter> audit,
             std::unique_ptr<cloudhsm::ClientSource> clusters)
        : client_(std::move(client)),
          audit_(std::move(audit)),
          clusters_(std::move(clusters)),
          io_{*client_, *audit_, clusters_.get()} {}
    http::IoContext& io() override { return io_; }

private:
    std::unique_ptr<cluster::Client> client_;
    std::unique_ptr<audit::FileWriter> audit_;
    std::unique_ptr<cloudhsm::ClientSource> clusters_;
    http::IoContext io_;
};

// Everything that lives while the service runs, in the order it is made; destruction is the reverse.
class Service {
public:
    explicit Service(const Settings& settings)
        : settings_(settings), config_(settings.config), layout_{config_.service.data}, life_(clock_) {}

    Status<> run();

private:
    // service.cpp
    DevSetup dev_setup();
    Status<> seed();
    void watch_signals();
    void serve_until_signal();
    void stop();
    // Runs the control io_context until `work` has ended; for start and stop.
    template <class T>
    std::optional<T> run_control(asio::awaitable<T> work);
    void run_control(asio::awaitable<void> work);

    // start_store.cpp
    Status<> open_store();
    Status<> check_surroundings();
    Status<> open_identities();
    Status<> load_contents();
    audit::FileOptions audit_options(std::string writer, std::function<std::uint64_t()> sequence) const;

    // start_cluster.cpp
    Status<> open_cluster();
    Status<> seal_membership();
    Status<> start_cluster();

    // start_http.cpp
    Status<> read_attestation_roots();
    Status<> start_http();
    std::unique_ptr<IoThread> make_io_thread(asio::io_context& io, std::string writer);

    // announce.cpp
    Status<> announce();

    // calendar.cpp: what happens when its time has come
    asio::awaitable<void> follow_calendar();
    asio::awaitable<void> watch_certificate();
    void watch_clock();
    void save_mark();

    // operator_requests.cpp: what comes over the operator's socket
    asio::awaitable<Result<std::string>> answer_operator(std::string request);
    Result<std::string> advance_clock(std::string_view by);
    asio::awaitable<Result<std::string>> leftovers();

    http::JsonService& kms_front() {
        return custom_tags_ ? static_cast<http::JsonService&>(*custom_tags_) : *kms_;
    }
    Observed observed() const {
        return {*cluster_, *store_, *server_, *clusters_, *catalogue_, leaps_, clock_};
    }

    const Settings& settings_;
    const config::Config& config_;
    const Layout layout_;
    SystemClock clock_;
    SystemRandom random_;
    StoredLifeClock life_;
    LeapGuard leaps_;
    asio::io_context control_{1};  // the main thread's: cluster control, operator's socket, timers

    std::optional<DataDirectory> directory_;
    std::optional<store::SealingKey> sealing_key_;
    std::unique_ptr<audit::OutboxWriter> outbox_;
    std::unique_ptr<store::SqliteStore> store_;
    store::Contents contents_;
    std::unique_ptr<auth::SecretArena> arena_;
    auth::CredentialSource credentials_;
    std::optional<kms::Catalogue> catalogue_;
    std::unique_ptr<audit::Syncer> syncer_;
    std::unique_ptr<cluster::Cluster> cluster_;
    cloudhsm::Inventory inventory_;
    cloudhsm::KeyBook key_book_;
    std::optional<cloudhsm::Manager> clusters_;
    std::optional<kms::KeyStoreJobs> key_store_jobs_;
    std::optional<kms::Recipients> recipients_;
    std::optional<kms::KmsService> kms_;
    std::optional<dev::CustomTags> custom_tags_;  // dev only: in front of kms_
    std::optional<cloudhsm::CloudHsmService> cloudhsm_;
    std::unique_ptr<IoThread> control_thread_;
    std::unique_ptr<http::Server> server_;
    std::optional<observe::Metrics> metrics_;
    std::unique_ptr<http::AdminServer> admin_;
    std::unique_ptr<AdminSocket> admin_socket_;
    std::atomic<unsigned> io_threads_made_{0};
    MonoTime marked_{};
    bool stopping_ = false;  // a signal came
    asio::steady_timer calendar_{control_};
    asio::signal_set signals_{control_, SIGTERM, SIGINT};
};

// The root is awaitable<void>: co_spawn default-constructs what it completes with, and a Result has no
// default. The result is shared: a signal can end this wait while the root is still suspended.
template <class T>
std::optional<T> Service::run_control(asio::awaitable<T> work) {
    auto result = std::make_shared<std::optional<T>>();
    const auto root = [](asio::awaitable<T> inner,
                         std::shared_ptr<std::optional<T>> to) -> asio::awaitable<void> {
        to->emplace(co_await std::move(inner));
    };
    run_control(root(std::move(work), result));
    return std::move(*result);
}

}  // namespace claviger::app
