#include "tools/claviger-bench/noop_server.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <thread>
#include <vector>

namespace claviger::bench {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

http::response<http::string_body> make_response(const FixedAnswer& answer) {
    http::response<http::string_body> response(http::status::ok, 11);
    response.set(http::field::content_type, answer.content_type);
    response.set("x-amzn-RequestId", answer.request_id);
    response.set(http::field::date, "Thu, 01 Jan 2026 00:00:00 GMT");
    response.set(http::field::cache_control, "no-cache, no-store, must-revalidate, private");
    response.body() = answer.body;
    response.keep_alive(true);
    response.prepare_payload();
    return response;
}

// Ends with the connection: an error code thrown by the read.
asio::awaitable<void> serve(tcp::socket socket, const FixedAnswer& answer) {
    boost::beast::flat_buffer buffer;
    try {
        for (;;) {
            http::request<http::string_body> request;
            co_await http::async_read(socket, buffer, request, asio::use_awaitable);
            http::response<http::string_body> response = make_response(answer);
            co_await http::async_write(socket, response, asio::use_awaitable);
        }
    } catch (const boost::system::system_error&) {
        co_return;
    }
}

asio::awaitable<void> accept(tcp::acceptor& acceptor, const FixedAnswer& answer) {
    for (;;) {
        tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
        socket.set_option(tcp::no_delay(true));
        asio::co_spawn(acceptor.get_executor(), serve(std::move(socket), answer), asio::detached);
    }
}

void serve_on_one_thread(std::uint16_t port, const FixedAnswer& answer) {
    asio::io_context context(1);
    const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
    tcp::acceptor acceptor(context);
    acceptor.open(endpoint.protocol());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    const int on = 1;
    ::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    acceptor.bind(endpoint);
    acceptor.listen();
    asio::co_spawn(context, accept(acceptor, answer), asio::detached);
    context.run();
}

}  // namespace

Child start_beast(std::uint16_t port, unsigned threads, const FixedAnswer& answer) {
    Child child = Child::run([&] {
        std::vector<std::jthread> running;
        for (unsigned i = 0; i < threads; ++i) {
            running.emplace_back([&] { serve_on_one_thread(port, answer); });
        }
    });
    wait_for_port(port, std::chrono::seconds(5));
    return child;
}

std::optional<Child> start_nginx(std::uint16_t port, unsigned workers, const FixedAnswer& answer,
                                 const std::filesystem::path& scratch) {
    const std::filesystem::path program = "/usr/sbin/nginx";
    if (!std::filesystem::exists(program)) {
        return std::nullopt;
    }
    const std::filesystem::path configuration = scratch / "nginx.conf";
    write_file(configuration,
               fmt::format("daemon off;\nmaster_process on;\nworker_processes {};\npid {}/nginx.pid;\n"
                           "error_log {}/nginx.log;\nevents {{ worker_connections 1024; }}\n"
                           "http {{\n  access_log off;\n  keepalive_requests 1000000000;\n"
                           "  client_body_temp_path {}/body;\n  proxy_temp_path {}/proxy;\n"
                           "  fastcgi_temp_path {}/fastcgi;\n  uwsgi_temp_path {}/uwsgi;\n"
                           "  scgi_temp_path {}/scgi;\n  default_type {};\n"
                           "  server {{\n    listen 127.0.0.1:{} reuseport;\n    location / {{\n"
                           "      add_header x-amzn-RequestId {};\n"
                           "      add_header Cache-Control 'no-cache, no-store, must-revalidate, private';\n"
                           "      return 200 '{}';\n    }}\n  }}\n}}\n",
                           workers, scratch.string(), scratch.string(), scratch.string(), scratch.string(),
                           scratch.string(), scratch.string(), scratch.string(), answer.content_type, port,
                           answer.request_id, answer.body));
    Child child = Child::start({program.string(), "-e", (scratch / "nginx.log").string(), "-c",
                                configuration.string(), "-p", scratch.string()},
                               scratch / "nginx.out");
    wait_for_port(port, std::chrono::seconds(5));
    return child;
}

}  // namespace claviger::bench
