#include "src/app/service.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <csignal>
#include <fstream>
#include <iterator>
#include <optional>

#include <claviger/base/encoding.hpp>
#include <claviger/base/files.hpp>
#include <claviger/base/registers.hpp>
#include <claviger/cluster/cluster.hpp>

#include "src/app/admin_socket.hpp"
#include "src/app/commit.hpp"
#include "src/app/data_directory.hpp"
#include "src/app/dev_setup.hpp"
#include "src/app/founding.hpp"
#include "src/app/identities.hpp"
#include "src/app/leap_guard.hpp"
#include "src/app/life_clock.hpp"
#include "src/app/metrics.hpp"
#include "src/audit/file_writer.hpp"
#include "src/audit/verify.hpp"
#include "src/auth/credentials.hpp"
#include "src/auth/secret_arena.hpp"
#include "src/cloudhsm/backup_command.hpp"
#include "src/cloudhsm/command.hpp"
#include "src/cloudhsm/manager.hpp"
#include "src/cloudhsm/recovery_command.hpp"
#include "src/cloudhsm/service.hpp"
#include "src/dev/custom_tags.hpp"
#include "src/http/admin_server.hpp"
#include "src/http/server.hpp"
#include "src/kms/catalogue.hpp"
#include "src/kms/imports.hpp"
#include "src/kms/key_store_jobs.hpp"
#include "src/kms/reaper.hpp"
#include "src/kms/recipient.hpp"
#include "src/kms/rotation.hpp"
#include "src/kms/service.hpp"
#include "src/observe/log.hpp"
#include "src/observe/metrics.hpp"
#include "src/store/sqlite/sqlite_store.hpp"

namespace claviger::app {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr auto kShutdownGrace = 5s;
constexpr auto kFirstAdmission = 30s;
constexpr auto kCalendarInterval = 15s;
constexpr auto kMarkInterval = 5min;
constexpr auto kTlsWatchInterval = 30s;
constexpr std::size_t kAnnouncement = 8192;

std::string_view kind_name(Kind kind) {
    return kind == Kind::dev ? "dev" : "production";
}

// The service sees plaintexts: nothing may dump it or read its memory by accident.
void protect_process() {
    umask(077);  // whatever is made below the data directory is for this user alone
    prctl(PR_SET_DUMPABLE, 0);
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // a file at its size limit: write(2) says so, as of a full disk
}

// stdio would keep a copy in its buffer.
void print_unbuffered(std::string_view text) {
    while (!text.empty()) {
        const ssize_t put = write(STDOUT_FILENO, text.data(), text.size());
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return;  // nobody reads our output; the file has the same lines
        }
        text.remove_prefix(static_cast<std::size_t>(put));
    }
}

void log_lost_task(std::exception_ptr failure) {
    if (failure) {
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& error) {
            observe::error("service.task_failed", {{"reason", error.what()}});
        }
    }
}

void log_unsaved_mark(const Status<>& saved) {
    if (!saved) {
        observe::warn("clock.mark_not_saved", {{"reason", saved.error().detail}});
    }
}

audit::FileOptions audit_options(const config::Audit& audit, std::string writer,
                                 std::function<std::uint64_t()> sequence) {
    audit::FileOptions options;
    options.directory = audit.directory;
    options.writer = std::move(writer);
    options.sync = audit.sync == config::AuditSync::always ? audit::Sync::always : audit::Sync::off;
    options.rotate_bytes = audit.rotate_bytes;
    options.store_sequence = std::move(sequence);
    return options;
}

std::string key_arn(const Settings& settings) {
    return fmt::format("arn:aws:kms:{}", settings.config.service.home_region());
}

// `recovery`: see recovery_key().
cloudhsm::ManagerOptions manager_options(const Settings& settings, const Layout& layout, Bytes recovery) {
    cloudhsm::ManagerOptions options;
    options.host_program = settings.host_program;
    options.hsm_directory = layout.hsms();
    options.vault_directory = layout.vaults();
    options.backup_directory = layout.backups();
    options.regions = settings.config.service.regions;
    options.host_arguments = host_arguments(settings);
    for (const config::Subnet& subnet : settings.config.subnets) {
        options.subnets.push_back({subnet.id, settings.config.service.home_region() + subnet.zone,
                                   subnet.network.substr(0, subnet.network.rfind('.') + 1)});
    }
    options.soft_module = settings.config.cloudhsm.soft_module;
    options.vault_module =
        options.soft_module.empty() ? settings.config.hsms.front().module : options.soft_module;
    for (const config::Hsm& hsm : settings.config.pool) {
        options.places.push_back(
            {hsm.name, settings.config.service.home_region() + hsm.zone, hsm.module, hsm.accept_weak_module});
    }
    options.membership = membership(settings.config.cluster);
    options.recovery_public = std::move(recovery);
    options.unit = kind_name(settings.kind);
    options.key_arn = key_arn(settings);
    return options;
}

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

    Status<> run() {
        using Step = Status<> (Service::*)();
        Status<> status = done;
        watch_signals();
        try {
            for (const Step step :
                 {&Service::open_store, &Service::open_identities, &Service::open_cluster,
                  &Service::start_cluster, &Service::start_http, &Service::seed, &Service::announce}) {
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
        return stopping_ ? Status<>(done)
                         : std::move(status);  // a start that was told to stop has not failed
    }

private:
    Status<> open_store();
    Status<> open_identities();
    Status<> open_cluster();
    Status<> seal_membership();
    Status<> start_cluster();
    Status<> read_attestation_roots();
    Status<> start_http();
    Status<> seed();
    DevSetup dev_setup();
    Status<> announce();
    void watch_signals();
    void serve_until_signal();
    void stop();

    Status<> load_contents();
    http::JsonService& kms_front() {
        return custom_tags_ ? static_cast<http::JsonService&>(*custom_tags_) : *kms_;
    }
    std::unique_ptr<IoThread> make_io_thread(asio::io_context& io, std::string writer);
    asio::awaitable<void> follow_calendar();
    void watch_clock();
    Observed observed() const {
        return {*cluster_, *store_, *server_, *clusters_, *catalogue_, leaps_, clock_};
    }
    asio::awaitable<void> watch_certificate();
    asio::awaitable<Result<std::string>> answer_operator(std::string request);
    Result<std::string> advance_clock(std::string_view by);
    asio::awaitable<Result<std::string>> leftovers();

    // Runs the control io_context until `work` has ended; for start and stop.
    template <class T>
    std::optional<T> run_control(asio::awaitable<T> work);
    void run_control(asio::awaitable<void> work);

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
    std::optional<cloudhsm::KeyBook> key_book_;
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
    FirstKey first_key_ = FirstKey::there_already;
    bool stopping_ = false;  // a signal came
    asio::steady_timer calendar_{control_};
    asio::signal_set signals_{control_, SIGTERM, SIGINT};
};

Status<> Service::open_store() {
    auto directory = DataDirectory::open(layout_.root);
    if (!directory) {
        return std::move(directory).error();
    }
    directory_.emplace(*std::move(directory));

    const std::filesystem::path& key_file = config_.service.sealing_key;
    auto key = std::filesystem::exists(key_file) || std::filesystem::exists(layout_.store())
                   ? store::SealingKey::load(key_file)
                   : store::SealingKey::create(key_file, random_);
    if (!key) {
        return std::move(key).error();
    }
    sealing_key_.emplace(*std::move(key));

    auto outbox = audit::OutboxWriter::open(audit_options(config_.audit, "store", {}), clock_);
    if (!outbox) {
        return std::move(outbox).error();
    }
    outbox_ = *std::move(outbox);
    const auto audited = audit::newest_store_sequence(config_.audit.directory);
    if (!audited) {
        return audited.error();
    }
    store::SqliteOptions options;
    options.path = layout_.store();
    options.kind = settings_.kind == Kind::dev ? store::StoreKind::dev : store::StoreKind::production;
    options.audited_sequence = *audited;
    options.older_store =
        settings_.older_store == OlderStore::accept ? store::OlderStore::accept : store::OlderStore::refuse;
    options.drain = [&outbox = *outbox_](std::span<const store::OutboxRecord> records) {
        for (const store::OutboxRecord& record : records) {
            outbox.add(record.id, record.sequence, record.record);
        }
        return outbox.flush();
    };
    options.sync_drained = [&outbox = *outbox_] { return outbox.sync(); };
    auto store = store::SqliteStore::open(std::move(options), *sealing_key_, random_);
    if (!store) {
        return std::move(store).error();
    }
    store_ = *std::move(store);
    return load_contents();
}

Status<> Service::load_contents() {
    auto contents = store_->load();
    if (!contents) {
        return std::move(contents).error();
    }
    contents_ = *std::move(contents);
    for (const std::string& sentence : contents_.refused) {
        observe::error("store.row_refused", {{"reason", sentence}});
    }
    if (!contents_.refused_foundation.empty()) {
        return Error(Errc::integrity, contents_.refused_foundation.front() +
                                          ": the service does not start without it; restore the store "
                                          "from a backup");
    }
    Status<> clock = life_.load(contents_);
    return clock ? leaps_.load(contents_) : std::move(clock);
}

Status<> Service::open_identities() {
    if (contents_.access_keys.empty() && !contents_.refused.empty()) {
        // A fresh key would hand the service to whoever damaged the rows of the real ones.
        return Error(Errc::integrity, "no access key of the store verifies, the first finding is: " +
                                          contents_.refused.front() + ": restore the store from a backup");
    }
    const std::string user = settings_.kind == Kind::dev ? "dev" : "admin";
    auto first = ensure_first_access_key(*store_, contents_, *sealing_key_, config_.service.account, user,
                                         clock_.wall(), random_);
    if (!first) {
        return std::move(first).error();
    }
    first_key_ = *first;
    if (contents_.access_keys.empty()) {
        if (Status<> loaded = load_contents(); !loaded) {
            return loaded;
        }
    }
    auto arena = auth::SecretArena::create(settings_.kind == Kind::dev ? auth::Locking::preferred
                                                                       : auth::Locking::required);
    if (!arena) {
        return std::move(arena).error();
    }
    arena_ = *std::move(arena);
    std::vector<std::string> refused;
    auto published = std::make_shared<auth::Credentials>();
    for (AccessKey& key : open_access_keys(contents_, *sealing_key_, refused)) {
        auto secret = arena_->store_signing_secret(as_text(key.secret.reveal(SecretAccess{})));
        if (!secret) {
            return std::move(secret).error();
        }
        auth::AccessKey entry;
        entry.signing_secret = *std::move(secret);
        entry.principal = std::make_shared<const policy::Principal>(std::move(key.principal));
        if (Status<> added = published->add(key.id, std::move(entry)); !added) {
            return added;
        }
    }
    for (const std::string& sentence : refused) {
        observe::error("identity.refused", {{"reason", sentence}});
    }
    credentials_.publish(std::move(published));
    return done;
}

Status<> Service::seal_membership() {
    const Result<std::size_t> sealed = seal_clusters(config_.cluster, *store_, contents_);
    if (!sealed) {
        return sealed.error();
    }
    if (*sealed == 0) {
        return done;
    }
    observe::info("cluster.sealed", {{"clusters", *sealed}});
    return load_contents();
}

Status<> Service::open_cluster() {
    if (default_cluster(contents_) == nullptr) {
        Status<> founded =
            found_cluster(settings_, layout_, *store_, *sealing_key_, control_, clock_, random_);
        if (!founded) {
            return founded;
        }
        if (Status<> loaded = load_contents(); !loaded) {
            return loaded;
        }
    }
    Result<Bytes> recovery = recovery_key(config_.cluster);
    if (!recovery) {
        return std::move(recovery).error();
    }
    if (Status<> sealed = seal_membership(); !sealed) {
        return sealed;
    }
    catalogue_.emplace();
    for (const std::string& sentence : catalogue_->load(contents_)) {
        observe::error("catalogue.key_left_out", {{"reason", sentence}});
    }
    inventory_.load(contents_);
    key_book_.emplace(key_arn(settings_));
    key_book_->load(contents_);
    const cloudhsm::ManagerParts parts{control_,      *store_, inventory_, *key_book_,
                                       *sealing_key_, clock_,  life_,      random_};
    clusters_.emplace(manager_options(settings_, layout_, *std::move(recovery)), parts);
    const kms::KeyStoreJobs::Parts jobs{*store_, *catalogue_, *clusters_, *sealing_key_, clock_, random_};
    key_store_jobs_.emplace(jobs);
    store_->observe([this](const store::Change& change) {
        catalogue_->apply(change);
        inventory_.apply(change);
        key_book_->apply(change);
        key_store_jobs_->apply(change);
    });
    auto options = cluster_options(settings_, layout_, contents_);
    if (!options) {
        return std::move(options).error();
    }
    auto cluster = cluster::Cluster::make(control_, *std::move(options), clock_, random_);
    if (!cluster) {
        return std::move(cluster).error();
    }
    cluster_ = *std::move(cluster);
    return done;
}

Status<> Service::start_cluster() {
    cluster_->start();
    clusters_->start();
    key_store_jobs_->start();
    std::optional<Status<>> serving = run_control(cluster_->wait_serving(1, clock_.mono() + kFirstAdmission));
    if (serving && *serving) {
        return done;
    }
    std::string reasons;
    for (const cluster::MemberView& member : cluster_->members()) {
        reasons += fmt::format("\n  {}: {}{}{}", member.hsm_id, member.state,
                               member.last_error.empty() ? "" : ": ", member.last_error);
    }
    return Error(Errc::no_hsm, "no HSM could be admitted:" + reasons);
}

std::unique_ptr<IoThread> Service::make_io_thread(asio::io_context& io, std::string writer) {
    auto audit = audit::FileWriter::open(
        io.get_executor(),
        audit_options(config_.audit, std::move(writer), [&store = *store_] { return store.sequence(); }),
        *syncer_, clock_);
    if (!audit) {
        throw std::runtime_error(audit.error().detail);  // start-up: the directory was writable a moment ago
    }
    if (const audit::TornTail& torn = (*audit)->torn_tail(); torn.bytes != 0) {
        observe::warn("audit.torn_line", {{"bytes", torn.bytes}, {"kept_in", torn.kept_in.string()}});
    }
    return std::make_unique<IoThread>(cluster_->client(io), *std::move(audit),
                                      cloudhsm::thread_clients(*clusters_, io));
}

Status<> Service::read_attestation_roots() {
    const std::filesystem::path& file = config_.attestation.roots;
    if (file.empty()) {
        return done;
    }
    std::ifstream in(file);
    const std::string pem{std::istreambuf_iterator<char>(in), {}};
    Result<attestation::Verifier> verifier = attestation::Verifier::from_pem(pem);
    if (!in || !verifier) {
        return Error(Errc::bad_config,
                     "attestation roots " + file.string() +
                         ": not readable, or no certificate in PEM form; name another file");
    }
    recipients_.emplace(*std::move(verifier));
    return done;
}

Status<> Service::start_http() {
    if (Status<> read = read_attestation_roots(); !read) {
        return read;
    }
    const kms::ServiceParts parts{*store_,
                                  *catalogue_,
                                  life_,
                                  random_,
                                  *clusters_,
                                  *sealing_key_,
                                  recipients_ ? &*recipients_ : nullptr};
    kms::ServiceOptions kms_options;
    kms_options.cluster = default_cluster(contents_)->id;
    kms_options.handle_key = sealing_key_->derive("handles of callers");
    kms_options.custom_ids = settings_.kind == Kind::dev;
    if (settings_.credentials == Credentials::verified) {
        kms_options.regions = config_.service.regions;
    }
    kms_.emplace(std::move(kms_options), parts);
    if (settings_.kind == Kind::dev) {
        custom_tags_.emplace(*kms_);
    }
    cloudhsm::ServiceOptions cloudhsm_options;
    cloudhsm_options.report = [](const http::Call& call, const cloudhsm::Failure& failure) {
        observe::error("cloudhsm.internal_failure",
                       {{"request", call.request_id}, {"reason", failure.detail}});
    };
    cloudhsm_.emplace(std::move(cloudhsm_options), *clusters_);
    syncer_ = std::make_unique<audit::Syncer>();

    http::ServerOptions options;
    options.listen = {{config_.http.listen.address, config_.http.listen.port}};
    options.io_threads = config_.http.threads;
    options.limits.connections = config_.http.max_connections;
    options.limits.idle_time = config_.http.idle_timeout;
    options.limits.call_time = config_.cluster.request_deadline;
    if (!config_.http.tls_certificate.empty()) {
        options.tls = http::TlsFiles{config_.http.tls_certificate, config_.http.tls_key};
    }
    options.mode = settings_.kind == Kind::dev ? http::Mode::dev : http::Mode::production;
    options.verifier.regions = config_.service.regions;
    options.verifier.accept = settings_.credentials == Credentials::any ? auth::Accept::any_credentials
                                                                        : auth::Accept::signed_requests;
    http::ServerParts server_parts{
        {&kms_front(), &*cloudhsm_}, credentials_, *arena_, clock_, random_, [this](asio::io_context& io) {
            return make_io_thread(io, fmt::format("io-{}", io_threads_made_++));
        }};
    auto server = http::Server::start(std::move(options), std::move(server_parts));
    if (!server) {
        return std::move(server).error();
    }
    server_ = *std::move(server);
    control_thread_ = make_io_thread(control_, "control");

    metrics_.emplace();
    const Observed facts = observed();
    register_metrics(*metrics_, facts);
    http::AdminPages pages;
    pages.healthz = [] { return http::HealthReport{http::Health::good, "alive"}; };
    pages.readyz = [facts] { return readiness(facts); };
    pages.metrics = [&metrics = *metrics_] { return metrics.text(); };
    auto admin = http::AdminServer::start({config_.http.admin_listen.address, config_.http.admin_listen.port},
                                          std::move(pages));
    if (!admin) {
        return std::move(admin).error();
    }
    admin_ = *std::move(admin);
    auto socket = AdminSocket::listen(control_, layout_.admin_socket(), [this](std::string request) {
        return answer_operator(std::move(request));
    });
    if (!socket) {
        return std::move(socket).error();
    }
    admin_socket_ = *std::move(socket);
    return done;
}

DevSetup Service::dev_setup() {
    return {settings_, layout_, *store_,    contents_,  *sealing_key_,        clock_,
            random_,   *kms_,   *cloudhsm_, *clusters_, control_thread_->io()};
}

Status<> Service::seed() {
    std::optional<Status<>> seeded = run_control(seed_dev(dev_setup()));
    return seeded ? *std::move(seeded) : Status<>(done);  // empty: stopped by a signal
}

// The lines to source stand in DIR/env. With the secret of the first access key in dev; in production that is
// written once, when the key is made, to a file of its own that the operator takes away.
Status<> Service::announce() {
    std::vector<std::string> refused;
    const auto keys = open_access_keys(contents_, *sealing_key_, refused);
    const auto url = [](const config::Endpoint& endpoint, std::uint16_t port, std::string_view scheme) {
        const bool v6 = endpoint.address.find(':') != std::string::npos;
        return fmt::format("{}://{}{}{}:{}", scheme, v6 ? "[" : "", endpoint.address, v6 ? "]" : "", port);
    };
    const bool dev = settings_.kind == Kind::dev;
    // Reserved once, appended in place: a string that grows would leave the secret in the block it left.
    std::string credentials;
    std::string lines;
    credentials.reserve(1024);
    lines.reserve(4096);
    if (!keys.empty() && (dev || first_key_ == FirstKey::made_now)) {
        credentials.append("export AWS_ACCESS_KEY_ID=").append(keys.front().id);
        credentials.append("\nexport AWS_SECRET_ACCESS_KEY=");
        credentials.append(as_text(keys.front().secret.reveal(SecretAccess{}))).append("\n");
    }
    lines.append("export AWS_ENDPOINT_URL=");
    lines.append(
        url(config_.http.listen, server_->port(), config_.http.tls_certificate.empty() ? "http" : "https"));
    lines.append("\n");
    if (dev) {
        lines.append(credentials);
    }
    lines.append("export AWS_REGION=").append(config_.service.home_region());
    lines.append("\nexport AWS_DEFAULT_REGION=").append(config_.service.home_region());
    lines.append("\nexport CLAVIGER_ADMIN_URL=");
    lines.append(url(config_.http.admin_listen, admin_->port(), "http")).append("\n");
    Status<> written = replace_file(layout_.env(), as_bytes(lines));
    if (written && dev) {
        print_unbuffered(lines);
        fmt::print("# these lines stand in {}; ready\n", layout_.env().string());
    } else if (written && !credentials.empty()) {
        written = replace_file(layout_.first_access_key(), as_bytes(credentials));
        fmt::print("serving; the first access key stands in {}: take it away\n",
                   layout_.first_access_key().string());
    }
    std::fflush(stdout);
    wipe(credentials);
    wipe(lines);
    wipe_vector_registers();
    if (written && !settings_.ready_file.empty()) {
        written = replace_file(settings_.ready_file, as_bytes("ready\n"));
    }
    return written;
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
        leaps_.save(*store_, log_unsaved_mark);
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

asio::awaitable<Result<std::string>> Service::answer_operator(std::string request) {
    constexpr std::string_view kAdvance = "clock advance ";
    if (request == "status") {
        co_return status_page(observed());
    }
    constexpr std::string_view kCloudHsm = "cloudhsm ";
    if (request.starts_with(kCloudHsm)) {
        std::string command = request.substr(kCloudHsm.size());
        wipe(request);
        co_return co_await cloudhsm::answer_command(*clusters_, std::move(command));
    }
    constexpr std::string_view kBackup = "backup ";
    if (request.starts_with(kBackup)) {
        co_return co_await cloudhsm::answer_backup_command(*clusters_, request.substr(kBackup.size()));
    }
    constexpr std::string_view kRecovery = "recovery ";
    if (request.starts_with(kRecovery)) {
        co_return co_await cloudhsm::answer_recovery_command(*clusters_, request.substr(kRecovery.size()));
    }
    if (request == "report leftovers") {
        co_return co_await leftovers();
    }
    if (request == "clock accept") {
        leaps_.accept();
        leaps_.save(*store_, log_unsaved_mark);
        co_return std::string("keys whose time has come are destroyed again\n");
    }
    if (request.starts_with(kAdvance)) {
        co_return advance_clock(std::string_view(request).substr(kAdvance.size()));
    }
    co_return Error(Errc::bad_config,
                    "the service does not know this request; is claviger of another version?");
}

Result<std::string> Service::advance_clock(std::string_view by) {
    if (settings_.kind != Kind::dev) {
        return Error(Errc::bad_config, "the life clock moves in a dev store only");
    }
    const auto duration = parse_duration(by);
    if (!duration) {
        return duration.error();
    }
    if (Status<> advanced = life_.advance(*store_, *duration); !advanced) {
        return std::move(advanced).error();
    }
    calendar_.cancel();
    return fmt::format("the life clock is {} s ahead of wall time\n", (life_.now() - clock_.wall()) / 1s);
}

asio::awaitable<Result<std::string>> Service::leftovers() {
    auto contents = store_->load();
    if (!contents) {
        co_return std::move(contents).error();
    }
    std::vector<std::array<std::byte, 32>> known;
    for (const store::MaterialRecord& material : contents->materials) {
        if (const auto parsed = cluster::KeyMaterial::parse(material.key_token)) {
            known.push_back((*parsed)->name());
        }
    }
    auto found = co_await cluster_->report_leftovers(std::move(known));
    if (!found) {
        co_return std::move(found).error();
    }
    boost::json::array rows;
    for (const cluster::KeyObject& leftover : *found) {
        rows.push_back({{"hsm", leftover.hsm_id}, {"label", leftover.label}, {"id", leftover.id}});
    }
    co_return boost::json::serialize(rows) + "\n";
}

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

void Service::run_control(asio::awaitable<void> work) {
    asio::co_spawn(control_, std::move(work), [this](std::exception_ptr failure) {
        log_lost_task(failure);
        control_.stop();
    });
    control_.restart();
    control_.run();
}

}  // namespace

Status<> serve(const Settings& settings) {
    protect_process();
    observe::info("service.starting", {{"kind", kind_name(settings.kind)}, {"version", CLAVIGER_VERSION}});
    Service service(settings);
    return service.run();
}

}  // namespace claviger::app
