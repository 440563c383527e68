// The listener for JSON services: N io threads, each with its own io_context, acceptors and connections.
//
// Threads: start() and stop() from one thread; port(), connections() and reload_tls() from any. A connection
// lives and dies on the thread that accepted it. Lifetime: everything in ServerParts outlives the Server.
// Failure: start() returns what the operator must know; afterwards nothing throws.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <claviger/base/clock.hpp>
#include <claviger/base/result.hpp>

#include "src/auth/verifier.hpp"
#include "src/http/api.hpp"

namespace boost::asio {
class io_context;
}

namespace claviger::http {

// What one io thread builds when it starts, uses alone, and destroys there after its last request was
// answered.
class ThreadServices {
public:
    virtual ~ThreadServices() = default;
    virtual IoContext& io() = 0;
};
using ThreadServicesFactory = std::function<std::unique_ptr<ThreadServices>(boost::asio::io_context&)>;

struct TcpEndpoint {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  // 0: any that is free
};

// Whether the service could listen there now; Errc::bad_config says why not. For a start that is to fail
// before it makes anything.
Status<> check_endpoint(TcpEndpoint endpoint);

struct TlsFiles {
    std::filesystem::path certificate;  // PEM, leaf first, then the chain
    std::filesystem::path key;          // PEM, not encrypted
};

// How much a client may send and how long it may take. Checked by a sweep four times a second, so times are
// exact to a quarter of a second.
struct Limits {
    std::size_t header_bytes = 16 << 10;  // request line and fields
    std::size_t header_fields = 100;
    std::size_t body_bytes = 1 << 20;
    std::size_t connections = 4096;                 // of the whole process
    std::chrono::milliseconds header_time{10'000};  // from the first byte, or from accept and TLS handshake
    std::chrono::milliseconds body_time{10'000};    // and as long again as the body takes at body_rate
    std::size_t body_rate = 64 << 10;               // bytes per second
    std::chrono::milliseconds write_time{20'000};   // for one answer
    std::chrono::milliseconds idle_time{75'000};    // between requests
    std::chrono::milliseconds call_time{5'000};     // Call::deadline from arrival
};

enum class Mode { production, dev };  // dev: every answer carries x-claviger-mode: dev

struct ServerOptions {
    std::vector<TcpEndpoint> listen;
    std::filesystem::path unix_socket;  // empty: none; made with mode 0600, replaced if it is a dead socket
    unsigned io_threads = 0;            // 0: one per core
    Limits limits;
    std::optional<TlsFiles> tls;  // for the TCP endpoints
    Mode mode = Mode::production;
    auth::VerifierOptions verifier;
};

struct ServerParts {
    std::vector<JsonService*> services;
    const auth::CredentialSource& credentials;
    auth::SecretArena& arena;
    const Clock& clock;
    Random& random;
    ThreadServicesFactory thread_services;
};

class Server {
public:
    // Binds and serves. Errc::bad_config: an address, certificate or key cannot be used; io_error: the system
    // refused. Detail says which and what to do.
    static Result<std::unique_ptr<Server>> start(ServerOptions options, ServerParts parts);
    // Stops as stop() does, with one second of grace.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    std::uint16_t port(std::size_t endpoint = 0) const;  // of listen[endpoint]
    std::size_t connections() const noexcept;

    // New connections use the new certificate; open ones keep theirs. On error nothing changes.
    Status<> reload_tls(const TlsFiles& files);

    // Accepts no more, closes idle connections, answers what is under way (each answer says that the
    // connection closes), and after `grace` closes what is left. Returns when every io thread has ended.
    void stop(std::chrono::milliseconds grace);

private:
    class Impl;
    explicit Server(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace claviger::http
