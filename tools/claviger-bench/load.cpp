#include "tools/claviger-bench/load.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include <claviger/base/thread.hpp>

#include "tools/claviger-bench/latency.hpp"

namespace claviger::bench {
namespace {

using Clock = std::chrono::steady_clock;

int open_connection(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(socket);
        throw std::runtime_error("cannot connect to 127.0.0.1:" + std::to_string(port) + ": " +
                                 std::strerror(errno));
    }
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return socket;
}

struct Answer {
    unsigned status = 0;
    std::string_view head;  // with its blank line
    std::string_view body;
    std::size_t size() const noexcept { return head.size() + body.size(); }
};

bool same_letters(std::string_view text, std::string_view lower) {
    for (std::size_t i = 0; i < lower.size(); ++i) {
        if ((text[i] | 0x20) != lower[i] && text[i] != lower[i]) {
            return false;
        }
    }
    return true;
}

// The value of Content-Length; nullopt if there is none.
std::optional<std::size_t> content_length(std::string_view head) {
    constexpr std::string_view kName = "\r\ncontent-length:";
    for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
        if (head.size() - at < kName.size() || !same_letters(head.substr(at), kName)) {
            continue;
        }
        std::string_view value = head.substr(at + kName.size());
        value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
        std::size_t length = 0;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
        return error == std::errc() ? std::optional(length) : std::nullopt;
    }
    return std::nullopt;
}

// nullopt: not complete yet. Status 0: not HTTP.
std::optional<Answer> parse_answer(std::string_view data) {
    const std::size_t end = data.find("\r\n\r\n");
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    Answer answer;
    answer.head = data.substr(0, end + 4);
    const std::optional<std::size_t> length = content_length(answer.head);
    if (!answer.head.starts_with("HTTP/1.1 ") || answer.head.size() < 16 || !length) {
        answer.body = data.substr(answer.head.size());
        return answer;
    }
    if (data.size() - answer.head.size() < *length) {
        return std::nullopt;
    }
    std::from_chars(data.data() + 9, data.data() + 12, answer.status);
    answer.body = data.substr(answer.head.size(), *length);
    return answer;
}

// One thread of the generator.
class Generator {
public:
    Generator(const LoadOptions& options, unsigned connections, std::unique_ptr<Traffic> traffic)
        : traffic_(std::move(traffic)), epoll_(::epoll_create1(EPOLL_CLOEXEC)), connections_(connections) {
        for (std::size_t i = 0; i < connections_.size(); ++i) {
            connections_[i].socket = open_connection(options.port);
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.u64 = i;
            ::epoll_ctl(epoll_, EPOLL_CTL_ADD, connections_[i].socket, &event);
        }
    }
    ~Generator() {
        for (const Connection& connection : connections_) {
            ::close(connection.socket);
        }
        ::close(epoll_);
    }
    Generator(const Generator&) = delete;  // threads hold a reference
    Generator& operator=(const Generator&) = delete;

    void run(Clock::time_point measure_from, Clock::time_point until) {
        from_ = measure_from;
        until_ = until;
        for (std::size_t i = 0; i < connections_.size(); ++i) {
            start(i);
        }
        std::array<epoll_event, 64> events;
        while (waiting_ > 0) {
            const int ready = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 5000);
            if (ready == 0) {
                fail("no answer for 5 s");
                failed_ += waiting_ - 1;
                return;
            }
            for (int i = 0; i < ready; ++i) {
                receive(events[static_cast<std::size_t>(i)].data.u64);
            }
        }
    }

    LatencyHistogram latencies_;
    std::uint64_t answered_ = 0;
    std::uint64_t failed_ = 0;
    std::string first_failure_;

private:
    struct Connection {
        int socket = -1;
        bool waiting = false;
        Clock::time_point sent;
        std::string partial;
    };

    void fail(std::string why) {
        ++failed_;
        if (first_failure_.empty()) {
            first_failure_ = std::move(why);
        }
    }

    void start(std::size_t index) {
        Connection& connection = connections_[index];
        const std::string_view request = traffic_->next(index);
        connection.sent = Clock::now();
        // The socket's buffer takes a request whole: the last one was answered, so it is empty.
        if (::send(connection.socket, request.data(), request.size(), MSG_NOSIGNAL) !=
            static_cast<ssize_t>(request.size())) {
            fail(std::string("send: ") + std::strerror(errno));
            return;
        }
        connection.waiting = true;
        ++waiting_;
    }

    void receive(std::size_t index) {
        Connection& connection = connections_[index];
        const ssize_t got = ::recv(connection.socket, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        if (got <= 0) {
            lose(connection, index);
            return;
        }
        std::string_view data(buffer_.data(), static_cast<std::size_t>(got));
        if (!connection.partial.empty()) {
            connection.partial.append(data);
            data = connection.partial;
        }
        const std::optional<Answer> answer = parse_answer(data);
        if (!answer) {
            if (connection.partial.empty()) {
                connection.partial = data;
            }
            return;
        }
        finish(connection, index, *answer, data.size());
    }

    void finish(Connection& connection, std::size_t index, const Answer& answer, std::size_t received) {
        const Clock::time_point now = Clock::now();
        --waiting_;
        ++answered_;
        connection.waiting = false;
        if (connection.sent >= from_ && now <= until_) {
            latencies_.add(now - connection.sent);
        }
        const bool whole = answer.size() == received;
        if (!traffic_->check(index, answer.status, answer.head, answer.body) || !whole) {
            fail(std::string(answer.head.substr(0, answer.head.find("\r\n"))) + " " +
                 std::string(answer.body.substr(0, 200)));
        }
        connection.partial.clear();
        if (now < until_) {
            start(index);
        }
    }

    void lose(Connection& connection, std::size_t index) {
        fail("the connection was closed");
        epoll_event event{};
        ::epoll_ctl(epoll_, EPOLL_CTL_DEL, connection.socket, &event);
        if (connection.waiting) {
            connection.waiting = false;
            --waiting_;
        }
        traffic_->check(index, 0, {}, {});
    }

    std::unique_ptr<Traffic> traffic_;
    int epoll_;
    std::vector<Connection> connections_;
    std::array<char, 64 << 10> buffer_;
    std::uint64_t waiting_ = 0;
    Clock::time_point from_, until_;
};

}  // namespace

LoadResult run_load(const LoadOptions& options, const TrafficFactory& make, const Marker& begin,
                    const Marker& end) {
    const unsigned threads = std::max(1U, std::min(options.threads, options.connections));
    std::vector<std::unique_ptr<Generator>> generators;
    for (unsigned i = 0; i < threads; ++i) {
        const unsigned share = options.connections / threads + (i < options.connections % threads ? 1 : 0);
        generators.push_back(std::make_unique<Generator>(options, share, make(i)));
    }
    const auto ticks = [](Seconds value) { return std::chrono::duration_cast<Clock::duration>(value); };
    const Clock::time_point from = Clock::now() + ticks(options.warm_up);
    const Clock::time_point until = from + ticks(options.duration);
    std::vector<std::thread> running;
    running.reserve(generators.size());
    for (const auto& generator : generators) {
        running.emplace_back([&generator, from, until] {
            prefer_batches();  // a server, nginx or ours, sends what it has before we look at it
            generator->run(from, until);
        });
    }
    const auto mark = [](Clock::time_point when, const Marker& marker) {
        std::this_thread::sleep_until(when);
        if (marker) {
            marker();
        }
    };
    mark(from, begin);
    mark(until, end);
    LoadResult result;
    LatencyHistogram latencies;
    for (unsigned i = 0; i < threads; ++i) {
        running[i].join();
        latencies.add(generators[i]->latencies_);
        result.answered += generators[i]->answered_;
        result.failed += generators[i]->failed_;
        if (result.first_failure.empty()) {
            result.first_failure = generators[i]->first_failure_;
        }
    }
    result.requests = latencies.total();
    result.seconds = options.duration;
    result.rate = static_cast<double>(result.requests) / result.seconds.count();
    result.p50 = latencies.quantile(0.50);
    result.p99 = latencies.quantile(0.99);
    result.slowest = latencies.slowest();
    return result;
}

Client::Client(std::uint16_t port) : socket_(open_connection(port)) {}

Client::~Client() {
    ::close(socket_);
}

Reply Client::send(std::string_view request) {
    if (::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size())) {
        throw std::runtime_error(std::string("send: ") + std::strerror(errno));
    }
    buffer_.clear();
    std::array<char, 16 << 10> chunk;
    for (;;) {
        const ssize_t got = ::recv(socket_, chunk.data(), chunk.size(), 0);
        if (got <= 0) {
            throw std::runtime_error("the service closed the connection");
        }
        buffer_.append(chunk.data(), static_cast<std::size_t>(got));
        if (const std::optional<Answer> answer = parse_answer(buffer_)) {
            return {answer->status, std::string(answer->head), std::string(answer->body)};
        }
    }
}

}  // namespace claviger::bench
