// One io thread: its loop, its acceptors, its connections, and what they share without locks.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "src/http/connection.hpp"
#include "src/http/json_api.hpp"
#include "src/http/reply.hpp"
#include "src/http/server.hpp"

namespace claviger::http {

using Executor = boost::asio::io_context::executor_type;
using Socket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, Executor>;
using TcpAcceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Executor>;
using LocalAcceptor = boost::asio::basic_socket_acceptor<boost::asio::local::stream_protocol, Executor>;

struct LeavePlace {
    void operator()(std::atomic<std::size_t>* connections) const noexcept {
        connections->fetch_sub(1, std::memory_order_relaxed);
    }
};
// Of one connection among those that Limits::connections allows; given back when it is destroyed.
using Place = std::unique_ptr<std::atomic<std::size_t>, LeavePlace>;

// Shared by the io threads of one server.
struct Shared {
    Shared(const ServerOptions& o, const ServerParts& p) : options(o), parts(p) {}

    const ServerOptions& options;
    const ServerParts& parts;
    std::atomic<std::size_t> connections{0};  // open, of all threads
    std::mutex tls_mutex;
    std::shared_ptr<boost::asio::ssl::context> tls;  // guarded by tls_mutex; null: plain

    // Null if the limit is reached.
    Place free_place() noexcept {
        std::size_t open = connections.load(std::memory_order_relaxed);
        while (open < options.limits.connections) {
            if (connections.compare_exchange_weak(open, open + 1, std::memory_order_relaxed)) {
                return Place(&connections);
            }
        }
        return nullptr;
    }
    // Beyond the limit, for the moment until another connection has ended.
    Place extra_place() noexcept {
        connections.fetch_add(1, std::memory_order_relaxed);
        return Place(&connections);
    }
    std::shared_ptr<boost::asio::ssl::context> current_tls() {
        const std::scoped_lock lock(tls_mutex);
        return tls;
    }
};

// Made, filled with acceptors and destroyed by the server's thread; everything else happens on its own
// thread.
class IoThread {
public:
    explicit IoThread(Shared& shared);
    ~IoThread();
    IoThread(const IoThread&) = delete;
    IoThread& operator=(const IoThread&) = delete;

    boost::asio::io_context& io() noexcept { return *io_; }
    void add(TcpAcceptor acceptor) { tcp_.push_back(std::move(acceptor)); }
    void add(LocalAcceptor acceptor) { local_.push_back(std::move(acceptor)); }

    // On the thread itself: build the services, serve until stopped, destroy the services. `ready` is called
    // once the services exist; an exception of theirs comes out of here before that.
    void run(const std::function<void()>& ready);

    // From any thread.
    void begin_stop();
    void abort_connections();
    void abandon();  // calls that outlived every deadline: leave them, and what they use, behind

    // For the connections, on the thread.
    Shared& shared() noexcept { return shared_; }
    const Limits& limits() const noexcept { return shared_.options.limits; }
    JsonApi& api() noexcept { return *api_; }
    RequestIds& request_ids() noexcept { return request_ids_; }
    DateCache& dates() noexcept { return dates_; }
    bool stopping() const noexcept { return stopping_; }
    void opened(Connection& connection) noexcept;
    void became_idle(Connection& connection) noexcept;  // to the end of the list of candidates for closing
    void closed(Connection& connection) noexcept;

private:
    template <class Acceptor>
    boost::asio::awaitable<void> accept_loop(Acceptor& acceptor, bool tls);
    boost::asio::awaitable<void> sweep_loop();
    void start_connection(Socket socket, bool tls);
    boost::asio::awaitable<void> turn_away(Socket socket);
    bool make_room();
    void finish_if_done();

    Shared& shared_;
    std::unique_ptr<boost::asio::io_context> io_;
    std::vector<TcpAcceptor> tcp_;
    std::vector<LocalAcceptor> local_;
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                      boost::asio::wait_traits<std::chrono::steady_clock>, Executor>
        sweep_timer_;
    ConnectionList connections_;
    std::size_t open_ = 0;
    std::size_t turned_away_ = 0;  // answered 503, not yet closed
    bool sweeping_ = false;
    bool stopping_ = false;
    bool abandoned_ = false;
    std::unique_ptr<ThreadServices> services_;
    std::optional<auth::Verifier> verifier_;
    std::optional<JsonApi> api_;
    RequestIds request_ids_;
    DateCache dates_;
};

// Serves one connection until it closes. Both forms of socket share one coroutine (session.cpp).
boost::asio::awaitable<void> serve_plain(IoThread& thread, Socket socket, Place place);
boost::asio::awaitable<void> serve_tls(IoThread& thread, Socket socket, Place place,
                                       std::shared_ptr<boost::asio::ssl::context> context);

}  // namespace claviger::http
