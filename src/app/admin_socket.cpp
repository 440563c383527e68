#include "src/app/admin_socket.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <exception>
#include <memory>

#include "hsm/link/peer.hpp"
#include "src/observe/log.hpp"

namespace claviger::app {
namespace {

namespace asio = boost::asio;
using Socket = asio::local::stream_protocol::socket;
constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kMaxRequest = 4096;
constexpr std::chrono::seconds kReadLimit{5};
constexpr std::chrono::milliseconds kAcceptPause{100};

void log_failure(const std::exception_ptr& failure) {
    if (failure) {
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& error) {
            observe::error("admin.failed", {{"reason", error.what()}});
        }
    }
}

}  // namespace

struct AdminSocket::Impl {
    Impl(asio::io_context& io, Handler h) : acceptor(io), handler(std::move(h)) {}

    static asio::awaitable<void> accept(std::shared_ptr<Impl> self) {
        asio::local::stream_protocol::acceptor& acceptor = self->acceptor;
        while (acceptor.is_open()) {  // closed by the destructor
            auto [error, socket] = co_await acceptor.async_accept(kTuple);
            if (error) {
                // Mostly that the process has no file descriptor left: others are giving theirs back.
                asio::steady_timer pause(acceptor.get_executor(), kAcceptPause);
                co_await pause.async_wait(kTuple);
                continue;
            }
            if (const auto peer = link::check_peer(socket.native_handle(), {geteuid(), std::nullopt});
                !peer) {
                observe::warn("admin.peer_refused", {{"reason", peer.error().detail}});
                continue;
            }
            asio::co_spawn(acceptor.get_executor(), serve(std::move(socket), self), log_failure);
        }
    }

    static asio::awaitable<void> serve(Socket given, std::shared_ptr<Impl> self) {
        const auto socket = std::make_shared<Socket>(std::move(given));
        asio::steady_timer limit(socket->get_executor(), kReadLimit);
        limit.async_wait([socket](const boost::system::error_code& cancelled) {
            if (!cancelled) {
                boost::system::error_code ignored;  // it may have gone by itself
                socket->cancel(ignored);
            }
        });
        std::string line;
        line.reserve(kMaxRequest);  // a password in it is not copied as it grows
        auto [read_error, size] =
            co_await asio::async_read_until(*socket, asio::dynamic_buffer(line, kMaxRequest), '\n', kTuple);
        limit.cancel();
        if (read_error || !self->acceptor.is_open()) {
            co_return;  // too late, gone, or the service is stopping
        }
        line.resize(size - 1);
        const Result<std::string> result = co_await self->handler(std::move(line));
        const std::string answer = result ? "ok\n" + *result : "error\n" + result.error().detail + "\n";
        co_await asio::async_write(*socket, asio::buffer(answer), kTuple);
    }

    asio::local::stream_protocol::acceptor acceptor;
    Handler handler;
};

Result<std::unique_ptr<AdminSocket>> AdminSocket::listen(asio::io_context& io,
                                                         const std::filesystem::path& path, Handler handler) {
    auto impl = std::make_shared<Impl>(io, std::move(handler));
    unlink(path.c_str());
    boost::system::error_code error;
    impl->acceptor.open({}, error);
    const mode_t mask = umask(0177);  // the file must never be open to others, not even before a chmod
    if (!error) {
        impl->acceptor.bind(path.string(), error);
    }
    umask(mask);
    if (!error) {
        impl->acceptor.listen(16, error);
    }
    if (error) {
        return Error(Errc::io_error, fmt::format("{}: cannot listen: {}", path.string(), error.message()));
    }
    asio::co_spawn(io, Impl::accept(impl), log_failure);
    return std::unique_ptr<AdminSocket>(new AdminSocket(std::move(impl)));
}

AdminSocket::AdminSocket(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

AdminSocket::~AdminSocket() {
    boost::system::error_code ignored;  // closing twice is no harm
    impl_->acceptor.close(ignored);
}

Result<std::string> ask_service(const std::filesystem::path& path, const std::string& request,
                                std::chrono::milliseconds limit) {
    asio::io_context io;
    Socket socket(io);
    boost::system::error_code error;
    socket.connect(path.string(), error);
    if (error) {
        return Error(Errc::io_error,
                     fmt::format("{}: {}: is the service running on this data directory? Name it with "
                                 "--data",
                                 path.string(), error.message()));
    }
    asio::write(socket, asio::buffer(request + "\n"), error);
    std::string answer;
    if (!error) {
        bool answered = false;
        asio::async_read(socket, asio::dynamic_buffer(answer),
                         [&](const boost::system::error_code& ended, std::size_t) {
                             error = ended;
                             answered = true;
                         });
        io.run_for(limit);
        if (!answered) {
            return Error(
                Errc::deadline_exceeded,
                fmt::format("{}: no answer within {} s; what the service was asked for may happen still",
                            path.string(), std::chrono::ceil<std::chrono::seconds>(limit).count()));
        }
    }
    if (error && error != asio::error::eof) {
        return Error(Errc::io_error, fmt::format("{}: {}", path.string(), error.message()));
    }
    if (answer.starts_with("ok\n")) {
        return answer.substr(3);
    }
    if (!answer.starts_with("error\n")) {
        return Error(Errc::conflict, "the service did not answer");
    }
    return Error(Errc::conflict, answer.substr(6, answer.find_last_not_of('\n') - 5));
}

}  // namespace claviger::app
