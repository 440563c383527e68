// The load generator: keep-alive connections that send a request as soon as the last answer is complete.
// HTTP/1.1 on loopback without pipelining; epoll; nothing else, so that it costs little on the cores it
// shares with what it measures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "tools/claviger-bench/process.hpp"

namespace claviger::bench {

// Makes requests and judges answers. One per thread of the generator; used by that thread only.
class Traffic {
public:
    virtual ~Traffic() = default;
    // The next request of a connection, head and body; valid until the next call.
    virtual std::string_view next(std::size_t connection) = 0;
    // Whether this answers the last request of the connection. Called once for each answer.
    virtual bool check(std::size_t connection, unsigned status, std::string_view head,
                       std::string_view body) = 0;
};

struct LoadOptions {
    std::uint16_t port = 0;  // on 127.0.0.1
    unsigned connections = 1;
    unsigned threads = 1;  // at most one per connection is used
    Seconds warm_up{0.3};
    Seconds duration{3};
};

struct LoadResult {
    std::uint64_t requests = 0;  // answered in the measured time
    std::uint64_t answered = 0;  // warm-up and the last answers included
    std::uint64_t failed = 0;    // refused by check(), or lost with their connection
    Seconds seconds{0};
    double rate = 0;  // requests / seconds
    Seconds p50{0}, p99{0}, slowest{0};
    std::string first_failure;
};

using TrafficFactory = std::function<std::unique_ptr<Traffic>(unsigned thread)>;

// Called at the beginning and the end of the measured time.
using Marker = std::function<void()>;

// Blocks until every request that was sent is answered. Throws if it cannot connect.
LoadResult run_load(const LoadOptions& options, const TrafficFactory& make, const Marker& begin = {},
                    const Marker& end = {});

// Sends one request and waits; for set-up and samples.
struct Reply {
    unsigned status = 0;
    std::string head;
    std::string body;
};
class Client {
public:
    explicit Client(std::uint16_t port);
    ~Client();
    Client(const Client&) = delete;  // a copy would close the socket twice
    Client& operator=(const Client&) = delete;
    Reply send(std::string_view request);

private:
    int socket_;
    std::string buffer_;
};

}  // namespace claviger::bench
