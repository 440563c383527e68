// A server in this process with one small service behind it, and the raw socket to talk to it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <claviger/base/clock.hpp>

#include "src/auth/credentials.hpp"
#include "src/auth/secret_arena.hpp"
#include "src/http/server.hpp"

namespace claviger::http::test {

inline constexpr std::string_view kAccessKey = "AKIAIOSFODNN7EXAMPLE";
inline constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

// Answers by operation: Echo (its body), Wait (after release()), Block (the same, and its thread does nothing
// else meanwhile), Throw (never), anything else {}.
class EchoService final : public JsonService {
public:
    std::string_view target_prefix() const override { return "TrentService"; }
    std::string_view signing_name() const override { return "kms"; }
    boost::asio::awaitable<Answer> call(IoContext& io, const Call& call) override;
    boost::asio::awaitable<void> refused(IoContext& io, const Refusal& refusal) override;

    void release() {
        released_ = true;
        released_.notify_all();
    }
    std::size_t calls() const { return calls_; }
    std::size_t refusals() const { return refusals_; }
    std::size_t waiting() const { return waiting_; }
    std::string last_source_ip() const;
    std::string last_tls_version() const;

private:
    std::atomic<bool> released_{false};
    std::atomic<std::size_t> calls_{0}, refusals_{0}, waiting_{0};
    mutable std::mutex mutex_;
    std::string source_ip_, tls_version_;
};

// Everything a server needs. Change `options` before start().
class TestServer {
public:
    TestServer();
    ~TestServer();
    void start();  // aborts the test program if it fails
    void start_if_not_started();
    Server& server() { return *server_; }
    std::uint16_t port() const { return server_->port(); }
    std::size_t live_services() const { return live_services_; }

    ServerOptions options;
    EchoService service;
    SystemClock clock;
    SystemRandom random;
    std::unique_ptr<auth::SecretArena> arena;
    auth::CredentialSource credentials;

private:
    std::atomic<std::size_t> live_services_{0};
    std::unique_ptr<Server> server_;
};

// A signed POST / for TrentService.<operation>, as bytes.
std::string signed_request(std::string_view operation, std::string_view body, WallTime now,
                           std::string_view extra_fields = {});

struct Response {
    unsigned status = 0;
    std::string head;  // status line and fields
    std::string body;
    std::string field(std::string_view name) const;  // "" if absent
};

// A blocking TCP or Unix connection with a deadline on everything.
class RawClient {
public:
    explicit RawClient(std::uint16_t port);
    explicit RawClient(const std::string& unix_path);
    ~RawClient();
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    bool send(std::string_view bytes);  // false: the peer has closed
    void half_close();
    // One whole response; nullopt when the connection ended before it.
    std::optional<Response> receive(std::chrono::milliseconds limit = std::chrono::seconds(10));
    // True when the peer has closed (or reset) within the limit; what arrives before is kept in rest().
    bool closed_within(std::chrono::milliseconds limit);
    const std::string& rest() const { return buffer_; }
    int fd() const { return fd_; }

private:
    bool fill(std::chrono::steady_clock::time_point deadline);
    int fd_ = -1;
    bool ended_ = false;
    std::string buffer_;
};

// Splits a byte stream into whole final responses; `rest` is what is left.
std::vector<Response> split_responses(std::string_view stream, std::string& rest);

}  // namespace claviger::http::test
