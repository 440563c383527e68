#include "tests/unit/http/test_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <claviger/base/digest.hpp>
#include <claviger/base/encoding.hpp>

#include "src/auth/canonical.hpp"
#include "src/auth/sigv4_time.hpp"

namespace claviger::http::test {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

// The echo service needs neither cluster nor audit; the references are never followed.
class NoServices final : public ThreadServices {
public:
    explicit NoServices(std::atomic<std::size_t>& live) : live_(live) { ++live_; }
    ~NoServices() override { --live_; }
    IoContext& io() override { return io_; }

private:
    std::atomic<std::size_t>& live_;
    alignas(16) std::byte nothing_[16]{};
    IoContext io_{reinterpret_cast<cluster::Client&>(nothing_), reinterpret_cast<audit::Writer&>(nothing_)};
};

void must(bool good, const char* what) {
    if (!good) {
        std::perror(what);
        std::abort();
    }
}

}  // namespace

awaitable<Answer> EchoService::call(IoContext&, const Call& call) {
    ++calls_;
    {
        const std::scoped_lock lock(mutex_);
        source_ip_ = call.source_ip;
        tls_version_ = call.tls_version;
    }
    if (call.operation == "Wait") {
        ++waiting_;
        asio::steady_timer timer(co_await asio::this_coro::executor);
        while (!released_) {
            timer.expires_after(std::chrono::milliseconds(2));
            co_await timer.async_wait(asio::use_awaitable);
        }
        --waiting_;
    }
    if (call.operation == "Block") {
        ++waiting_;
        released_.wait(false);
        --waiting_;
    }
    if (call.operation == "Throw") {
        throw std::runtime_error("a bug");
    }
    Answer answer;
    answer.body = call.operation == "Echo" ? std::string(as_text(call.body)) : "{}";
    co_return answer;
}

awaitable<void> EchoService::refused(IoContext&, const Refusal&) {
    ++refusals_;
    co_return;
}

std::string EchoService::last_source_ip() const {
    const std::scoped_lock lock(mutex_);
    return source_ip_;
}
std::string EchoService::last_tls_version() const {
    const std::scoped_lock lock(mutex_);
    return tls_version_;
}

TestServer::TestServer() {
    auto made = auth::SecretArena::create(auth::Locking::preferred, 1 << 20);
    must(made.has_value(), "arena");
    arena = std::move(*made);
    auto keys = std::make_shared<auth::Credentials>();
    auth::AccessKey key;
    key.signing_secret = std::move(*arena->store_signing_secret(kSecret));
    auto principal = std::make_shared<policy::Principal>();
    principal->account = AccountId("111122223333");
    principal->arn = "arn:aws:iam::111122223333:user/alice";
    principal->access_key_id = kAccessKey;
    key.principal = std::move(principal);
    must(keys->add(std::string(kAccessKey), std::move(key)).has_value(), "credentials");
    credentials.publish(std::move(keys));
    options.listen = {TcpEndpoint{}};
    options.io_threads = 2;
}

TestServer::~TestServer() {
    service.release();
}

void TestServer::start() {
    ServerParts parts{
        {&service}, credentials,
        *arena,     clock,
        random,     [this](asio::io_context&) {
                          return std::make_unique<NoServices>(live_services_); }};
    auto started = Server::start(options, std::move(parts));
    if (!started) {
        std::fprintf(stderr, "%s\n", started.error().describe().c_str());
        std::abort();
    }
    server_ = std::move(*started);
}

void TestServer::start_if_not_started() {
    if (!server_) {
        start();
    }
}

std::string signed_request(std::string_view operation, std::string_view body, WallTime now,
                           std::string_view extra_fields) {
    const std::string time = auth::basic_time(std::chrono::floor<std::chrono::seconds>(now));
    const std::string target = "TrentService." + std::string(operation);
    const std::vector<auth::HeaderView> headers = {
        {"host", "kms.local"}, {"x-amz-date", time}, {"x-amz-target", target}};
    const std::string scope = time.substr(0, 8) + "/us-east-1/kms/aws4_request";
    const auth::SignedRequest request{"POST", "/", headers, as_bytes(body)};
    std::string canonical, to_sign;
    auth::append_canonical_request(canonical, request, "host;x-amz-date;x-amz-target",
                                   to_hex(sha256(as_bytes(body))));
    auth::append_string_to_sign(to_sign, time, scope, canonical);
    Sha256Digest key = hmac_sha256(as_bytes("AWS4" + std::string(kSecret)), as_bytes(time.substr(0, 8)));
    for (const std::string_view part : {"us-east-1", "kms", "aws4_request"}) {
        key = hmac_sha256(key, as_bytes(part));
    }
    std::string out =
        "POST / HTTP/1.1\r\nHost: kms.local\r\nX-Amz-Date: " + time + "\r\nX-Amz-Target: " + target +
        "\r\nContent-Type: application/x-amz-json-1.1\r\nAuthorization: AWS4-HMAC-SHA256 Credential=" +
        std::string(kAccessKey) + "/" + scope + ", SignedHeaders=host;x-amz-date;x-amz-target, Signature=" +
        to_hex(hmac_sha256(key, as_bytes(to_sign))) + "\r\n";
    out += extra_fields;
    out += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    out += body;
    return out;
}

std::string Response::field(std::string_view name) const {
    std::string_view rest = head;
    while (!rest.empty()) {
        const std::size_t end = rest.find("\r\n");
        const std::string_view line = rest.substr(0, end);
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos && auth::equals_ignoring_case(line.substr(0, colon), name)) {
            return std::string(line.substr(line.find_first_not_of(' ', colon + 1)));
        }
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 2);
    }
    return {};
}

std::vector<Response> split_responses(std::string_view stream, std::string& rest) {
    std::vector<Response> out;
    for (;;) {
        const std::size_t end = stream.find("\r\n\r\n");
        if (end == std::string_view::npos || !stream.starts_with("HTTP/1.1 ")) {
            break;
        }
        Response response;
        response.head = stream.substr(0, end);
        std::from_chars(stream.data() + 9, stream.data() + 12, response.status);
        if (response.status == 100) {
            stream.remove_prefix(end + 4);
            continue;
        }
        const std::size_t size = std::strtoul(response.field("Content-Length").c_str(), nullptr, 10);
        if (stream.size() < end + 4 + size) {
            break;
        }
        response.body = stream.substr(end + 4, size);
        stream.remove_prefix(end + 4 + size);
        out.push_back(std::move(response));
    }
    rest = stream;
    return out;
}

RawClient::RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0, "connect");
    const int one = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

RawClient::RawClient(const std::string& unix_path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, unix_path.c_str(), sizeof(address.sun_path) - 1);
    must(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0, "connect");
}

RawClient::~RawClient() {
    ::close(fd_);
}

bool RawClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

void RawClient::half_close() {
    ::shutdown(fd_, SHUT_WR);
}

bool RawClient::fill(std::chrono::steady_clock::time_point deadline) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd waiting{fd_, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) {
        return false;
    }
    char piece[16384];
    const ssize_t got = ::recv(fd_, piece, sizeof(piece), 0);
    if (got <= 0) {
        ended_ = true;
        return false;
    }
    buffer_.append(piece, static_cast<std::size_t>(got));
    return true;
}

std::optional<Response> RawClient::receive(std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    for (;;) {
        while (buffer_.starts_with("HTTP/1.1 100")) {
            const std::size_t end = buffer_.find("\r\n\r\n");
            if (end == std::string::npos) {
                break;
            }
            buffer_.erase(0, end + 4);
        }
        std::string rest;
        auto responses = split_responses(buffer_, rest);
        if (!responses.empty()) {
            const Response first = responses.front();
            const std::size_t size = first.head.size() + 4 + first.body.size();
            buffer_.erase(0, size);
            return first;
        }
        if (!fill(deadline)) {
            return std::nullopt;
        }
    }
}

bool RawClient::closed_within(std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (fill(deadline)) {
    }
    return ended_;
}

}  // namespace claviger::http::test
