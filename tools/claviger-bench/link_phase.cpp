// One claviger-hsm over its data socket, without HTTP, policy or audit: what the link costs beside the raw
// token.

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstring>
#include <future>
#include <optional>
#include <stdexcept>
#include <thread>

#include <claviger/base/clock.hpp>
#include <claviger/base/encoding.hpp>
#include <claviger/cluster/cluster.hpp>
#include <claviger/cluster/founding.hpp>
#include <claviger/cluster/trust.hpp>

#include "hsm/link/blob.hpp"
#include "hsm/link/frame.hpp"
#include "hsm/link/message.hpp"
#include "tools/claviger-bench/latency.hpp"
#include "tools/claviger-bench/operations.hpp"
#include "tools/claviger-bench/phases.hpp"

namespace claviger::bench {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kPlaintext = "sixty-four bytes of plaintext, as a client would encrypt them...";
constexpr std::size_t kDataKey = 32;
constexpr auto kPatience = std::chrono::seconds(5);

template <class T>
T must(Result<T> result, std::string_view what) {
    if (!result) {
        throw std::runtime_error(fmt::format("link: {}: {}", what, result.error().describe()));
    }
    return *std::move(result);
}

template <class T>
asio::awaitable<void> keep(asio::awaitable<T> work, std::optional<T>& result) {
    result.emplace(co_await std::move(work));
}

// A thread that runs an io_context; destruction ends it.
class ControlThread {
public:
    ControlThread() : guard_(asio::make_work_guard(context_)), thread_([this] { context_.run(); }) {}
    ~ControlThread() {
        guard_.reset();
        thread_.join();
    }
    ControlThread(const ControlThread&) = delete;  // the thread holds a reference
    ControlThread& operator=(const ControlThread&) = delete;

    asio::io_context& context() noexcept { return context_; }

    template <class T>
    T run(asio::awaitable<T> work) {
        std::optional<T> result;
        std::promise<void> finished;
        asio::co_spawn(context_, keep(std::move(work), result), [&](const std::exception_ptr& error) {
            error ? finished.set_exception(error) : finished.set_value();
        });
        finished.get_future().get();
        return *std::move(result);
    }

private:
    asio::io_context context_{1};
    asio::executor_work_guard<asio::io_context::executor_type> guard_;
    std::thread thread_;
};

// A founded cluster of one HSM that serves, and one key in it. This process is the host's supervisor.
class OneHsm {
public:
    explicit OneHsm(const Options& options) {
        cluster::HsmOptions hsm;
        hsm.hsm_id = "hsm-bench222222";
        hsm.zone = "a";
        hsm.state_dir = scratch_.path() / "hsm";
        hsm.module = options.module;
        cluster::HsmOptions vault = hsm;
        vault.hsm_id = "hsm-vault222222";
        vault.state_dir = scratch_.path() / "vault";

        const cluster::DevAuthority authority =
            must(cluster::DevAuthority::create("dev", clock_.wall()), "certificate authority");
        cluster::FoundingOptions founding;
        founding.cluster_id = kClusterId;
        founding.host_program = options.programs / "claviger-hsm";
        founding.hsms = {hsm};
        founding.recovery.vault = vault;
        founding.organization = "claviger-bench";
        founding.organizational_unit = "dev";
        founding.trust_anchor_pem = authority.certificate_pem();
        founding.sign_request = [&](ByteView request) { return authority.sign(request, clock_.wall()); };
        founding.progress = [](std::string_view, std::chrono::milliseconds) {};
        cluster::Founded founded = must(
            control_.run(cluster::found_cluster(control_.context(), founding, clock_, random_)), "founding");
        hsm.serial = founded.hsms.at(0).serial;
        try {
            serve(options, hsm, authority.certificate_pem(), std::move(founded));
        } catch (const std::runtime_error&) {
            control_.run(stop());
            throw;
        }
    }

    ~OneHsm() { control_.run(stop()); }
    OneHsm(const OneHsm&) = delete;  // a copy would stop the host twice
    OneHsm& operator=(const OneHsm&) = delete;

    std::filesystem::path data_socket() const { return scratch_.path() / "hsm" / "data.sock"; }
    const cluster::KeyMaterial& key() const noexcept { return *key_; }
    pid_t process() const {
        for (const NamedProcess& process : descendants_of(::getpid())) {
            if (process.name == "claviger-hsm") {
                return process.pid;
            }
        }
        throw std::runtime_error("link: claviger-hsm is gone");
    }

private:
    static constexpr const char* kClusterId = "cluster-bench222222";

    void serve(const Options& options, const cluster::HsmOptions& hsm, const std::string& anchor,
               cluster::Founded founded) {
        cluster::ClusterOptions cluster;
        cluster.cluster_id = kClusterId;
        cluster.cwk_generation = founded.facts.cwk_generation;
        cluster.hsms = {hsm};
        cluster.host_program = options.programs / "claviger-hsm";
        cluster.certificate_pem = founded.certificate_pem;
        cluster.trust_anchor_pem = anchor;
        cluster.check_token = std::move(founded.facts.check_token);
        cluster.identity_token = std::move(founded.facts.identity_token);
        cluster.log = [](cluster::Severity, std::string_view, std::string_view) {};
        cluster_ =
            must(cluster::Cluster::make(control_.context(), std::move(cluster), clock_, random_), "cluster");
        cluster_->start();
        must(control_.run(cluster_->wait_serving(1, clock_.mono() + std::chrono::seconds(20))), "admission");
        key_ =
            must(cluster::KeyMaterial::parse(must(control_.run(make_key()), "CreateKey").token), "key token");
    }

    asio::awaitable<Result<cluster::NewKey>> make_key() {
        cluster::NewKeyIdentity identity;
        identity.account = "000000000000";
        identity.key_id = random_.uuid();
        random_.fill(identity.material_id);
        identity.spec = "SYMMETRIC_DEFAULT";
        identity.usage = "ENCRYPT_DECRYPT";
        identity.origin = "AWS_KMS";
        const std::unique_ptr<cluster::Client> client = cluster_->client(control_.context());
        co_return co_await client->create_key(identity, clock_.mono() + std::chrono::seconds(20));
    }

    asio::awaitable<Done> stop() {
        if (cluster_) {
            co_await cluster_->stop();
        }
        co_return done;
    }

    TempDirectory scratch_;
    SystemClock clock_;
    SystemRandom random_;
    ControlThread control_;
    std::unique_ptr<cluster::Cluster> cluster_;
    std::shared_ptr<const cluster::KeyMaterial> key_;
};

// Keeps `depth` requests outstanding on one connection; sends what a turn answered with one write.
class LinkDriver {
public:
    LinkDriver(const std::filesystem::path& socket, const cluster::KeyMaterial& key, std::string operation)
        : operation_(std::move(operation)), socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, socket.c_str(), sizeof address.sun_path - 1);
        if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            throw std::runtime_error(fmt::format("link: {}: {}", socket.string(), std::strerror(errno)));
        }
        std::memcpy(&name_, key.name().data(), sizeof name_);
        const std::array<std::pair<std::string_view, std::string_view>, 2> context{
            {{"purpose", "bench"}, {"request", "1234567"}}};
        link::append_context(context_, context);
        load(key);
    }
    ~LinkDriver() { ::close(socket_); }
    LinkDriver(const LinkDriver&) = delete;  // a copy would close the socket twice
    LinkDriver& operator=(const LinkDriver&) = delete;

    LoadResult run(unsigned depth, Seconds warm_up, Seconds duration, const Marker& begin,
                   const Marker& end) {
        const auto ticks = [](Seconds value) { return std::chrono::duration_cast<Clock::duration>(value); };
        const Clock::time_point from = Clock::now() + ticks(warm_up);
        const Clock::time_point until = from + ticks(duration);
        std::vector<Clock::time_point> sent(depth);
        LatencyHistogram latencies;
        LoadResult result;
        bool begun = false;
        Clock::time_point now = Clock::now();
        for (unsigned slot = 0; slot < depth; ++slot) {
            sent[slot] = now;
            append_request(slot, now);
        }
        for (unsigned outstanding = depth; outstanding > 0;) {
            flush();
            receive();
            now = Clock::now();
            if (!begun && now >= from) {
                begun = true;
                begin();
            }
            while (const std::optional<link::FrameView> frame = reader_.next()) {
                if (frame->id >= depth) {
                    throw std::runtime_error("link: an answer to nothing");
                }
                --outstanding;
                result.failed += good(*frame) ? 0 : 1;
                if (sent[frame->id] >= from && now <= until) {
                    latencies.add(now - sent[frame->id]);
                }
                if (now < until) {
                    sent[frame->id] = now;
                    append_request(frame->id, now);
                    ++outstanding;
                }
            }
            reader_.consume();
        }
        end();
        result.requests = latencies.total();
        result.rate = static_cast<double>(result.requests) / duration.count();
        result.p50 = latencies.quantile(0.5);
        result.p99 = latencies.quantile(0.99);
        result.slowest = latencies.slowest();
        result.first_failure = first_failure_;
        return result;
    }

private:
    // Loads the key and makes the blob that Decrypt opens.
    void load(const cluster::KeyMaterial& key) {
        link::EncryptRequest request;
        request.key = {name_, key.token()};
        request.plaintext = as_bytes(kPlaintext);
        request.context = context_;
        link::append_request(out_, 0, link::Operation::encrypt, Clock::now() + kPatience, request);
        flush();
        std::optional<link::FrameView> frame;
        while (!(frame = reader_.next())) {
            receive();
        }
        const std::optional<link::BlobReply> reply = link::decode<link::BlobReply>(frame->payload);
        if (frame->code != static_cast<std::uint8_t>(link::ReplyStatus::success) || !reply) {
            throw std::runtime_error("link: first encryption: " + link::to_error(frame->payload).describe());
        }
        blob_ = to_bytes(reply->blob);
        reader_.consume();
    }

    void append_request(std::uint64_t id, Clock::time_point now) {
        const MonoTime deadline = now + kPatience;
        if (operation_ == "Encrypt") {
            link::EncryptRequest request;
            request.key = {name_, {}};
            request.plaintext = as_bytes(kPlaintext);
            request.context = context_;
            link::append_request(out_, id, link::Operation::encrypt, deadline, request);
        } else if (operation_ == "Decrypt") {
            link::DecryptRequest request;
            request.key = {name_, {}};
            request.blob = blob_;
            request.context = context_;
            link::append_request(out_, id, link::Operation::decrypt, deadline, request);
        } else {
            link::GenerateDataKeyRequest request;
            request.key = {name_, {}};
            request.size = kDataKey;
            request.context = context_;
            link::append_request(out_, id, link::Operation::generate_data_key, deadline, request);
        }
    }

    bool good(const link::FrameView& frame) {
        if (frame.code != static_cast<std::uint8_t>(link::ReplyStatus::success)) {
            if (first_failure_.empty()) {
                first_failure_ = link::to_error(frame.payload).describe();
            }
            return false;
        }
        if (operation_ == "Encrypt") {
            const auto reply = link::decode<link::BlobReply>(frame.payload);
            return reply && reply->blob.size() == blob_.size();
        }
        if (operation_ == "Decrypt") {
            const auto reply = link::decode<link::PlaintextReply>(frame.payload);
            return reply && as_text(reply->plaintext) == kPlaintext;
        }
        const auto reply = link::decode<link::DataKeyReply>(frame.payload);
        return reply && reply->plaintext.size() == kDataKey && link::parse_blob(reply->blob);
    }

    void flush() {
        for (std::size_t sent = 0; sent < out_.size();) {
            const ssize_t now = ::send(socket_, out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL);
            if (now <= 0) {
                throw std::runtime_error(std::string("link: send: ") + std::strerror(errno));
            }
            sent += static_cast<std::size_t>(now);
        }
        out_.clear();
    }

    // Asks again and again instead of sleeping, as a busy io thread is awake: on a virtual machine to wake a
    // sleeping peer costs the host more than a decryption, and the hypervisor would be what is measured.
    void receive() {
        const std::span<std::byte> space = reader_.space();
        ssize_t got = 0;
        do {
            got = ::recv(socket_, space.data(), space.size(), MSG_DONTWAIT);
        } while (got < 0 && errno == EAGAIN);
        if (got <= 0) {
            throw std::runtime_error("link: the host closed the connection");
        }
        reader_.filled(static_cast<std::size_t>(got));
    }

    std::string operation_;
    int socket_;
    link::KeyName name_;
    Bytes context_;
    Bytes blob_;
    link::FrameReader reader_;
    link::WipedBuffer out_;
    std::string first_failure_;
};

}  // namespace

void run_link(const Options& options, Report& report) {
    const OneHsm hsm(options);
    const pid_t process = hsm.process();
    for (const std::string& operation : options.operations) {
        if (operation == "DescribeKey" || find_key_operation(operation) != nullptr) {
            continue;  // no work of an HSM, or of a key that the link measures nothing new with
        }
        LinkDriver driver(hsm.data_socket(), hsm.key(), operation);
        for (const unsigned depth : options.depths) {
            Seconds host{0};
            Seconds generator{0};
            const auto add = [&](double sign) {
                host += sign * cpu_of(process);
                generator += sign * own_cpu();
            };
            const LoadResult result = driver.run(
                depth, options.warm_up, options.point, [&] { add(-1); }, [&] { add(1); });
            Row row = to_row("link", operation, depth, result);
            const double requests = static_cast<double>(std::max<std::uint64_t>(1, result.requests));
            row.cpu = {{"hsm", host.count() * 1e6 / requests},
                       {"generator", generator.count() * 1e6 / requests}};
            report.rows.push_back(std::move(row));
            if (result.failed > 0) {
                report.failures.push_back(fmt::format("link {} at depth {}: {} failed, the first: {}",
                                                      operation, depth, result.failed, result.first_failure));
            }
        }
    }
}

}  // namespace claviger::bench
