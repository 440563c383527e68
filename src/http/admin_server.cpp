#include "src/http/admin_server.hpp"

#include <pthread.h>

#include <chrono>
#include <list>
#include <thread>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "src/observe/log.hpp"

namespace claviger::http {
namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;
using asio::awaitable;
using asio::ip::tcp;
using boost::system::error_code;
using Stream = boost::beast::tcp_stream;
using Request = beast_http::request<beast_http::empty_body>;
using Response = beast_http::response<beast_http::string_body>;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds kRequestTime{10};
constexpr std::size_t kMaxConnections = 64;

Response health_page(const HealthReport& report) {
    Response page;
    page.result(report.health == Health::good ? beast_http::status::ok
                                              : beast_http::status::service_unavailable);
    page.set(beast_http::field::content_type, "text/plain; charset=utf-8");
    page.body() = report.text + "\n";
    return page;
}

Response page_for(const Request& request, const AdminPages& pages) {
    Response page;
    if (request.method() != beast_http::verb::get) {
        page.result(beast_http::status::method_not_allowed);
        page.set(beast_http::field::allow, "GET");
    } else if (request.target() == "/healthz") {
        page = health_page(pages.healthz());
    } else if (request.target() == "/readyz") {
        page = health_page(pages.readyz());
    } else if (request.target() == "/metrics") {
        page.set(beast_http::field::content_type, "text/plain; version=0.0.4; charset=utf-8");
        page.body() = pages.metrics();
    } else {
        page.result(beast_http::status::not_found);
    }
    page.set(beast_http::field::cache_control, "no-store");
    return page;
}

void log_if_failed(const std::exception_ptr& failure) {
    if (!failure) {
        return;
    }
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& bug) {
        observe::error("http.admin_failed", {{"reason", bug.what()}});
    }
}

}  // namespace

class AdminServer::Impl {
public:
    explicit Impl(AdminPages pages) : pages_(std::move(pages)), acceptor_(io_) {}
    ~Impl() {
        io_.stop();
        if (thread_.joinable()) {
            thread_.join();
        }
    }

    Status<> start(const TcpEndpoint& listen) {
        error_code ec;
        const auto address = asio::ip::make_address(listen.address, ec);
        if (ec) {
            return Error(Errc::bad_config, "'" + listen.address + "' is not an IP address to listen on");
        }
        const tcp::endpoint endpoint(address, listen.port);
        acceptor_.open(endpoint.protocol(), ec);
        if (!ec) {
            acceptor_.set_option(asio::socket_base::reuse_address(true), ec);
        }
        if (!ec) {
            acceptor_.bind(endpoint, ec);
        }
        if (!ec) {
            acceptor_.listen(asio::socket_base::max_listen_connections, ec);
        }
        if (ec) {
            return Error(Errc::bad_config, "the admin listener cannot use " + listen.address + ":" +
                                               std::to_string(listen.port) + ": " + ec.message());
        }
        port_ = acceptor_.local_endpoint().port();
        asio::co_spawn(io_, accept_loop(), log_if_failed);
        thread_ = std::thread([this] {
            ::pthread_setname_np(::pthread_self(), "admin");
            io_.run();
        });
        return done;
    }

    std::uint16_t port() const noexcept { return port_; }

private:
    awaitable<void> accept_loop() {
        for (;;) {
            auto [ec, socket] = co_await acceptor_.async_accept(kTuple);
            if (ec) {
                asio::steady_timer pause(io_, std::chrono::milliseconds(100));
                co_await pause.async_wait(kTuple);
                continue;
            }
            if (open_ < kMaxConnections) {
                asio::co_spawn(io_, serve(Stream(std::move(socket))), log_if_failed);
            }
        }
    }

    awaitable<void> serve(Stream stream) {
        struct Count {
            std::size_t& open;
            explicit Count(std::size_t& o) : open(o) { ++open; }
            ~Count() { --open; }
            Count(const Count&) = delete;
            Count& operator=(const Count&) = delete;
        } const count(open_);
        boost::beast::flat_buffer buffer(8 << 10);
        for (bool again = true; again;) {
            beast_http::request_parser<beast_http::empty_body> parser;
            stream.expires_after(kRequestTime);
            const auto [read_error, size] = co_await beast_http::async_read(stream, buffer, parser, kTuple);
            if (read_error) {
                co_return;
            }
            Response page = page_for(parser.get(), pages_);
            page.version(parser.get().version());
            page.keep_alive(parser.get().keep_alive());
            page.prepare_payload();
            again = page.keep_alive();
            stream.expires_after(kRequestTime);
            const auto [write_error, written] = co_await beast_http::async_write(stream, page, kTuple);
            again = again && !write_error;
        }
    }

    AdminPages pages_;
    asio::io_context io_{1};
    tcp::acceptor acceptor_;
    std::uint16_t port_ = 0;
    std::size_t open_ = 0;
    std::thread thread_;
};

Result<std::unique_ptr<AdminServer>> AdminServer::start(const TcpEndpoint& listen, AdminPages pages) {
    auto impl = std::make_unique<Impl>(std::move(pages));
    if (auto started = impl->start(listen); !started) {
        return std::move(started).error();
    }
    return std::unique_ptr<AdminServer>(new AdminServer(std::move(impl)));
}

AdminServer::AdminServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AdminServer::~AdminServer() = default;
std::uint16_t AdminServer::port() const noexcept {
    return impl_->port();
}

}  // namespace claviger::http
