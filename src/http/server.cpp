#include "src/http/server.hpp"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include <boost/asio/connect.hpp>

#include <claviger/base/thread.hpp>

#include "src/http/io_thread.hpp"
#include "src/http/tls.hpp"
#include "src/observe/log.hpp"

namespace claviger::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

constexpr int kBacklog = 1024;

enum class Sharing { alone, reuse_port };

Error listen_error(const TcpEndpoint& wanted, const error_code& ec) {
    std::string detail =
        "cannot listen on " + wanted.address + ":" + std::to_string(wanted.port) + ": " + ec.message();
    if (ec == asio::error::address_in_use) {
        detail += "; stop the process that uses the port, or choose another";
    }
    return Error(Errc::bad_config, std::move(detail));
}

Result<TcpAcceptor> listen_on(asio::io_context& io, const TcpEndpoint& wanted, Sharing sharing) {
    error_code ec;
    const auto address = asio::ip::make_address(wanted.address, ec);
    if (ec) {
        return Error(Errc::bad_config, "'" + wanted.address + "' is not an IP address to listen on");
    }
    const tcp::endpoint endpoint(address, wanted.port);
    TcpAcceptor acceptor(io.get_executor());
    acceptor.open(endpoint.protocol(), ec);
    if (!ec) {
        acceptor.set_option(asio::socket_base::reuse_address(true), ec);
    }
    if (!ec && sharing == Sharing::reuse_port) {
        acceptor.set_option(ReusePort(true), ec);
    }
    if (!ec) {
        acceptor.bind(endpoint, ec);
    }
    if (!ec) {
        acceptor.listen(kBacklog, ec);
    }
    if (ec) {
        return listen_error(wanted, ec);
    }
    return acceptor;
}

// With SO_REUSEPORT a second service of the same user could take a share of the port unnoticed. So the port
// must first be free for a socket that shares with nobody. Fills in the number of a port 0.
Status<> claim_port(TcpEndpoint& wanted) {
    asio::io_context io;
    auto probe = listen_on(io, wanted, Sharing::alone);
    if (!probe) {
        return std::move(probe).error();
    }
    wanted.port = probe->local_endpoint().port();
    return done;
}

Result<LocalAcceptor> listen_locally(asio::io_context& io, const std::filesystem::path& path) {
    using Local = asio::local::stream_protocol;
    error_code ec;
    const auto failed = [&](const std::string& why) {
        return Error(Errc::bad_config, "cannot listen on " + path.string() + ": " + why);
    };
    if (path.native().size() > 107) {  // unix(7), sun_path
        return failed("the path is longer than 107 bytes");
    }
    const Local::endpoint endpoint(path.native());
    if (std::filesystem::is_socket(path, ec)) {
        asio::basic_stream_socket<Local, Executor> probe(io.get_executor());
        probe.connect(endpoint, ec);
        if (!ec) {
            return failed("another process serves there");
        }
        ::unlink(path.c_str());
    }
    LocalAcceptor acceptor(io.get_executor());
    acceptor.open(Local(), ec);
    if (!ec) {
        acceptor.bind(endpoint, ec);
    }
    if (!ec && ::chmod(path.c_str(), 0600) != 0) {  // nobody can connect before listen()
        ec = error_code(errno, boost::system::system_category());
    }
    if (!ec) {
        acceptor.listen(kBacklog, ec);
    }
    if (ec) {
        return failed(ec.message());
    }
    return acceptor;
}

std::optional<std::string> options_problem(const ServerOptions& options) {
    const Limits& limits = options.limits;
    if (options.listen.empty() && options.unix_socket.empty()) {
        return "no address to listen on";
    }
    if (limits.header_bytes < 256 || limits.header_fields == 0 || limits.connections == 0 ||
        limits.body_rate == 0) {
        return "a limit of the HTTP listener is zero or too small to serve anything";
    }
    return std::nullopt;
}

}  // namespace

Status<> check_endpoint(TcpEndpoint endpoint) {
    return claim_port(endpoint);
}

class Server::Impl {
public:
    Impl(ServerOptions options, ServerParts parts)
        : options_(std::move(options)), parts_(std::move(parts)), shared_(options_, parts_) {}

    Status<> start();
    void stop(std::chrono::milliseconds grace);
    // Suspended calls still point into it: it stays until the process ends, which is soon.
    static void leave_behind(std::unique_ptr<Impl> impl) {
        static std::vector<std::unique_ptr<Impl>>* const left = new std::vector<std::unique_ptr<Impl>>;
        left->push_back(std::move(impl));
    }

    ServerOptions options_;
    ServerParts parts_;
    Shared shared_;
    bool abandoned_ = false;

private:
    Status<> listen();
    bool wait_ended(std::chrono::milliseconds limit);

    std::vector<std::unique_ptr<IoThread>> io_threads_;
    std::vector<std::thread> threads_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t ready_ = 0;  // guarded by mutex_, as the next two
    std::size_t ended_ = 0;
    std::string start_failure_;
    bool stopped_ = false;
};

Status<> Server::Impl::listen() {
    for (TcpEndpoint& endpoint : options_.listen) {
        if (auto claimed = claim_port(endpoint); !claimed) {
            return std::move(claimed).error();
        }
        for (auto& thread : io_threads_) {
            auto acceptor = listen_on(thread->io(), endpoint, Sharing::reuse_port);
            if (!acceptor) {
                return std::move(acceptor).error();
            }
            thread->add(std::move(*acceptor));
        }
    }
    if (options_.unix_socket.empty()) {
        return done;
    }
    auto first = listen_locally(io_threads_.front()->io(), options_.unix_socket);
    if (!first) {
        return std::move(first).error();
    }
    for (std::size_t i = 1; i < io_threads_.size(); ++i) {
        const int fd = ::dup(first->native_handle());
        if (fd < 0) {
            return Error(Errc::io_error, "dup of the Unix socket failed");
        }
        io_threads_[i]->add(
            LocalAcceptor(io_threads_[i]->io().get_executor(), asio::local::stream_protocol(), fd));
    }
    io_threads_.front()->add(std::move(*first));
    return done;
}

Status<> Server::Impl::start() {
    if (auto problem = options_problem(options_)) {
        return Error(Errc::bad_config, std::move(*problem));
    }
    if (options_.tls) {
        auto context = make_tls_context(*options_.tls);
        if (!context) {
            return std::move(context).error();
        }
        shared_.tls = std::move(*context);
    }
    const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
    const unsigned count = options_.io_threads == 0 ? cores : options_.io_threads;
    for (unsigned i = 0; i < count; ++i) {
        io_threads_.push_back(std::make_unique<IoThread>(shared_));
    }
    if (auto listening = listen(); !listening) {
        return listening;
    }
    for (unsigned i = 0; i < count; ++i) {
        threads_.emplace_back([this, i] {
            ::pthread_setname_np(::pthread_self(), ("io-" + std::to_string(i)).c_str());
            prefer_batches();
            std::string failure;
            try {
                io_threads_[i]->run([this] {
                    const std::scoped_lock lock(mutex_);
                    ++ready_;
                    changed_.notify_all();
                });
            } catch (const std::exception& start_failure) {
                failure = start_failure.what();
            }
            const std::scoped_lock lock(mutex_);
            start_failure_ += failure;
            ++ended_;
            changed_.notify_all();
        });
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ready_ + ended_ == count; });
    if (ready_ == count) {
        return done;
    }
    const std::string failure = start_failure_;
    lock.unlock();
    stop(std::chrono::milliseconds(0));
    return Error(Errc::io_error, "an io thread did not start: " + failure);
}

bool Server::Impl::wait_ended(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [this] { return ended_ == threads_.size(); });
}

void Server::Impl::stop(std::chrono::milliseconds grace) {
    if (std::exchange(stopped_, true)) {
        return;
    }
    for (auto& thread : io_threads_) {
        thread->begin_stop();
    }
    if (!wait_ended(grace)) {
        for (auto& thread : io_threads_) {
            thread->abort_connections();
        }
        // What is left waits in a service, which promised to keep Call::deadline.
        if (!wait_ended(options_.limits.call_time + std::chrono::seconds(1))) {
            observe::error("http.calls_abandoned", {{"connections", shared_.connections.load()}});
            abandoned_ = true;
            for (auto& thread : io_threads_) {
                thread->abandon();
            }
        }
    }
    for (std::thread& thread : threads_) {
        thread.join();
    }
    if (!options_.unix_socket.empty()) {
        ::unlink(options_.unix_socket.c_str());
    }
}

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, ServerParts parts) {
    auto impl = std::make_unique<Impl>(std::move(options), std::move(parts));
    if (auto started = impl->start(); !started) {
        return std::move(started).error();
    }
    return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
    stop(std::chrono::seconds(1));
    if (impl_->abandoned_) {
        Impl::leave_behind(std::move(impl_));
    }
}

std::uint16_t Server::port(std::size_t endpoint) const {
    return impl_->options_.listen.at(endpoint).port;
}

std::size_t Server::connections() const noexcept {
    return impl_->shared_.connections.load(std::memory_order_relaxed);
}

Status<> Server::reload_tls(const TlsFiles& files) {
    auto context = make_tls_context(files);
    if (!context) {
        return std::move(context).error();
    }
    const std::scoped_lock lock(impl_->shared_.tls_mutex);
    impl_->shared_.tls = std::move(*context);
    return done;
}

void Server::stop(std::chrono::milliseconds grace) {
    impl_->stop(grace);
}

}  // namespace claviger::http
