#include "src/http/io_thread.hpp"

#include <array>
#include <chrono>
#include <exception>
#include <memory>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "src/base/json_string.hpp"
#include "src/observe/log.hpp"

namespace claviger::http {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using boost::system::error_code;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds kSweepEvery{250};
constexpr std::chrono::milliseconds kTurnAwayTime{1000};
constexpr std::size_t kMaxTurnedAway = 64;              // at a time on one thread; the others are only closed
constexpr std::chrono::milliseconds kAcceptPause{100};  // when the process has no file descriptor left

void log_if_failed(const std::exception_ptr& failure) {
    if (!failure) {
        return;
    }
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& bug) {
        observe::error("http.connection_failed", {{"reason", bug.what()}});
    }
}

}  // namespace

IoThread::IoThread(Shared& shared)
    : shared_(shared),
      io_(std::make_unique<asio::io_context>(1)),
      sweep_timer_(*io_),
      request_ids_(shared.parts.random) {}

IoThread::~IoThread() = default;

void IoThread::run(const std::function<void()>& ready) {
    services_ = shared_.parts.thread_services(*io_);
    verifier_.emplace(shared_.options.verifier, shared_.parts.credentials, shared_.parts.arena);
    api_.emplace(shared_.parts.services, *verifier_, services_->io());
    for (TcpAcceptor& acceptor : tcp_) {
        asio::co_spawn(*io_, accept_loop(acceptor, true), log_if_failed);
    }
    for (LocalAcceptor& acceptor : local_) {
        asio::co_spawn(*io_, accept_loop(acceptor, false), log_if_failed);
    }
    ready();
    for (;;) {
        try {
            io_->run();
            break;
        } catch (const std::exception& bug) {
            observe::error("http.io_thread_failed", {{"reason", bug.what()}});
        }
    }
    if (abandoned_) {
        return;  // with everything alive that suspended calls point to
    }
    api_.reset();
    verifier_.reset();
    services_.reset();
    io_->restart();
    io_->poll();  // what the services cancelled comes to its end
}

template <class Acceptor>
awaitable<void> IoThread::accept_loop(Acceptor& acceptor, bool tls) {
    bool out_of_files = false;
    while (acceptor.is_open()) {
        Socket socket(io_->get_executor());
        const auto [ec] = co_await acceptor.async_accept(socket, kTuple);
        if (!ec) {
            out_of_files = false;
            start_connection(std::move(socket), tls);
            continue;
        }
        if (ec == asio::error::operation_aborted || !acceptor.is_open()) {
            co_return;
        }
        if (!std::exchange(out_of_files, true)) {
            observe::warn("http.accept_failed", {{"reason", ec.message()}});
        }
        asio::steady_timer pause(*io_, kAcceptPause);
        co_await pause.async_wait(kTuple);
    }
}

void IoThread::start_connection(Socket socket, bool tls) {
    error_code ec;
    socket.non_blocking(true, ec);
    if (tls) {  // a TCP endpoint
        socket.set_option(asio::ip::tcp::no_delay(true), ec);
    }
    auto context = tls ? shared_.current_tls() : nullptr;
    Place place = shared_.free_place();
    if (!place && make_room()) {
        place = shared_.extra_place();
    }
    if (!place) {
        if (!context && turned_away_ < kMaxTurnedAway) {
            asio::co_spawn(*io_, turn_away(std::move(socket)), log_if_failed);
        }
        return;
    }
    if (context) {
        asio::co_spawn(*io_, serve_tls(*this, std::move(socket), std::move(place), std::move(context)),
                       log_if_failed);
    } else {
        asio::co_spawn(*io_, serve_plain(*this, std::move(socket), std::move(place)), log_if_failed);
    }
}

// Answers 503 and reads on for a moment: to close at once would reset the connection and take the answer
// back.
awaitable<void> IoThread::turn_away(Socket accepted) {
    const auto socket = std::make_shared<Socket>(std::move(accepted));
    ++turned_away_;
    WireBuffer answer;
    const std::string request_id = request_ids_.next();
    ReplyHead head;
    head.status = 503;
    head.mode = shared_.options.mode;
    head.request_id = request_id;
    head.date = dates_.at(shared_.parts.clock.wall());
    head.persistence = Persistence::close;
    append_reply(answer, head, error_body(refusal_type(503), "message", "Too many connections"));
    error_code ec;
    socket->write_some(asio::buffer(answer), ec);
    socket->shutdown(Socket::shutdown_send, ec);
    asio::steady_timer limit(*io_, kTurnAwayTime);
    limit.async_wait([socket](const error_code& cancelled) {
        if (!cancelled) {
            error_code ignored;
            socket->close(ignored);
        }
    });
    std::array<std::byte, 4096> unread;
    while (!ec) {
        auto read = socket->async_read_some(asio::buffer(unread), kTuple);
        const auto [failed, size] = co_await std::move(read);
        ec = failed;
    }
    wipe(unread);
    --turned_away_;
}

// Closes the connection of this thread that has been idle for longest. One that ends already makes room for
// another one: several can be accepted before its coroutine runs again.
bool IoThread::make_room() {
    for (Connection& connection : connections_) {
        if (connection.phase() == Phase::idle && !connection.retired()) {
            connection.retire();
            return true;
        }
    }
    return false;
}

void IoThread::opened(Connection& connection) noexcept {
    connections_.push_back(connection);
    ++open_;
    if (!std::exchange(sweeping_, true)) {
        asio::co_spawn(*io_, sweep_loop(), log_if_failed);
    }
}

void IoThread::became_idle(Connection& connection) noexcept {
    connection.unlink();
    connections_.push_back(connection);
}

void IoThread::closed(Connection& connection) noexcept {
    connection.unlink();
    --open_;
    finish_if_done();
}

awaitable<void> IoThread::sweep_loop() {
    while (open_ > 0) {
        sweep_timer_.expires_after(kSweepEvery);
        co_await sweep_timer_.async_wait(kTuple);
        const MonoTime now = shared_.parts.clock.mono();
        for (Connection& connection : connections_) {
            if (connection.overdue(now)) {
                connection.retire();
            }
        }
    }
    sweeping_ = false;
}

void IoThread::begin_stop() {
    asio::post(*io_, [this] {
        stopping_ = true;
        error_code ignored;
        for (TcpAcceptor& acceptor : tcp_) {
            acceptor.close(ignored);
        }
        for (LocalAcceptor& acceptor : local_) {
            acceptor.close(ignored);
        }
        for (Connection& connection : connections_) {
            if (connection.phase() == Phase::idle) {
                connection.retire();
            }
        }
        finish_if_done();
    });
}

void IoThread::abort_connections() {
    asio::post(*io_, [this] {
        for (Connection& connection : connections_) {
            connection.abort();
        }
    });
}

void IoThread::abandon() {
    asio::post(*io_, [this] {
        abandoned_ = true;
        io_->stop();
    });
}

void IoThread::finish_if_done() {
    if (stopping_ && open_ == 0) {
        io_->stop();
    }
}

}  // namespace claviger::http
