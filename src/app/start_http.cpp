// The steps of a start that open listeners, and what every io thread gets.
#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "src/app/founding.hpp"
#include "src/app/running_service.hpp"
#include "src/observe/log.hpp"

namespace claviger::app {

std::unique_ptr<IoThread> Service::make_io_thread(asio::io_context& io, std::string writer) {
    auto audit = audit::FileWriter::open(
        io.get_executor(), audit_options(std::move(writer), [&store = *store_] { return store.sequence(); }),
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

}  // namespace claviger::app
