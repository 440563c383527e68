// A connection as one coroutine: read a head, read its body, ask the API, send the answer, wipe, again.
// Everything it waits for has a deadline that the thread's sweep enforces; nothing here arms a timer.
#include <algorithm>
#include <cstring>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <claviger/base/registers.hpp>

#include "src/base/json_string.hpp"
#include "src/http/chunked.hpp"
#include "src/http/io_thread.hpp"
#include "src/http/request_head.hpp"

namespace claviger::http {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using boost::system::error_code;
using TlsStream = asio::ssl::stream<Socket>;

constexpr auto kTuple = asio::as_tuple(asio::deferred);
constexpr std::size_t kBuffer = 4 << 10;       // what an idle connection costs
constexpr std::size_t kBodyRoom = 1 << 10;     // at least, behind a head
constexpr std::size_t kMaxLinger = 256 << 10;  // thrown away after a refusal, so that the client reads it
constexpr std::chrono::milliseconds kLinger{1000};

Socket& socket_of(Socket& socket) noexcept {
    return socket;
}
Socket& socket_of(TlsStream& stream) noexcept {
    return stream.next_layer();
}

Peer peer_of(const Socket& socket) {
    Peer peer;
    error_code ec;
    const auto endpoint = socket.remote_endpoint(ec);
    peer.address = "unix";
    if (!ec && (endpoint.protocol().family() == AF_INET || endpoint.protocol().family() == AF_INET6)) {
        asio::ip::tcp::endpoint tcp;
        tcp.resize(endpoint.size());
        std::memcpy(tcp.data(), endpoint.data(), endpoint.size());
        peer.address = tcp.address().to_string();
    }
    return peer;
}

template <class Stream>
class Session final : public Connection {
public:
    Session(IoThread& thread, Stream stream, Place place)
        : thread_(thread),
          limits_(thread.limits()),
          place_(std::move(place)),
          stream_(std::move(stream)),
          in_(kBuffer) {
        peer_ = peer_of(socket_of(stream_));
        thread_.opened(*this);
    }
    ~Session() override { thread_.closed(*this); }

    void abort() noexcept override {
        error_code ignored;
        socket_of(stream_).close(ignored);
    }

    awaitable<void> run() {
        const Clock& clock = thread_.shared().parts.clock;
        now_ = clock.mono();
        if constexpr (std::is_same_v<Stream, TlsStream>) {
            if (!co_await handshake()) {
                co_return;
            }
        }
        enter(Phase::idle, now_ + limits_.header_time);
        for (;;) {
            // The head, in one piece at the front of in_.
            std::size_t head_size = 0;
            while ((head_size = find_head_end()) == 0) {
                if (used_ >= limits_.header_bytes) {
                    co_await finish(head_too_large());
                    co_return;
                }
                if (retired()) {
                    co_return;
                }
                make_tail(kBodyRoom);
                auto read = stream_.async_read_some(tail(), kTuple);
                const auto [ec, size] = co_await std::move(read);
                if (ec) {
                    co_return;
                }
                used_ += size;
                if (phase() == Phase::idle) {
                    now_ = clock.mono();
                    enter(Phase::head, now_ + limits_.header_time);
                }
            }
            if (head_size > limits_.header_bytes) {
                co_await finish(head_too_large());
                co_return;
            }
            make_room_behind(head_size);
            const std::string_view head_text(reinterpret_cast<const char*>(in_.data()), head_size);
            auto refusal = parse_head(head_text, limits_.header_fields, head_);
            if (!refusal && head_.content_length > limits_.body_bytes) {
                refusal = HttpRefusal{413, "The request body is too large"};
            }
            if (refusal) {
                co_await finish(*refusal);
                co_return;
            }

            // The body: in place behind the head if it fits, else in body_.
            std::size_t consumed = head_size + static_cast<std::size_t>(head_.content_length);
            const bool in_place = !head_.chunked && consumed <= in_.size();
            if (head_.chunked || used_ < consumed) {
                if (retired()) {
                    co_return;
                }
                now_ = clock.mono();
                const auto allowance = std::chrono::milliseconds(
                    1000 * (head_.chunked ? limits_.body_bytes : head_.content_length) / limits_.body_rate);
                enter(Phase::body, now_ + limits_.body_time + allowance);
                refusal.reset();
                if (!co_await read_body(head_size, consumed, refusal)) {
                    if (refusal) {
                        co_await finish(*refusal);
                    }
                    co_return;
                }
            }
            const ByteView body =
                in_place ? ByteView(in_).subspan(head_size, consumed - head_size) : ByteView(body_);

            // The answer.
            now_ = clock.mono();
            enter(Phase::calling, {});
            request_id_ = thread_.request_ids().next();
            const Arrival arrival{head_, body, peer_, request_id_, clock.wall(), now_ + limits_.call_time};
            Persistence persistence = head_.persistence;
            Answer answer = co_await thread_.api().answer(arrival, persistence);
            if (thread_.stopping() || retired()) {
                persistence = Persistence::close;
            }
            compose(answer, arrival.wall, persistence);
            wipe(answer.body);
            forget_request(head_size, consumed);
            if (!co_await send()) {
                co_return;
            }
            if (persistence == Persistence::close) {
                co_await linger();
                co_return;
            }
            if (used_ == 0) {
                enter(Phase::idle, now_ + limits_.idle_time);
                thread_.became_idle(*this);
            } else {
                enter(Phase::head, now_ + limits_.header_time);
            }
        }
    }

private:
    void interrupt() noexcept override {
        error_code ignored;
        socket_of(stream_).cancel(ignored);
    }

    awaitable<bool> handshake() {
        if constexpr (std::is_same_v<Stream, TlsStream>) {
            enter(Phase::handshake, now_ + limits_.header_time);
            auto shake = stream_.async_handshake(asio::ssl::stream_base::server, kTuple);
            const auto [ec] = co_await std::move(shake);
            if (ec) {
                co_return false;
            }
            peer_.tls_version = SSL_get_version(stream_.native_handle());
            peer_.tls_cipher = SSL_get_cipher_name(stream_.native_handle());
            now_ = thread_.shared().parts.clock.mono();
        }
        co_return true;
    }

    // The size of the head at the front of in_, or 0 if it is not complete. One empty line before it is
    // ignored (RFC 9112 section 2.2).
    std::size_t find_head_end() noexcept {
        if (scanned_ == 0 && used_ >= 2 && in_[0] == std::byte{'\r'} && in_[1] == std::byte{'\n'}) {
            drop_front(2);
        }
        const std::string_view text(reinterpret_cast<const char*>(in_.data()), used_);
        const std::size_t end = text.find("\r\n\r\n", scanned_ < 3 ? 0 : scanned_ - 3);
        if (end != std::string_view::npos) {
            return end + 4;
        }
        scanned_ = used_;
        return 0;
    }

    HttpRefusal head_too_large() const noexcept {
        const std::string_view text(reinterpret_cast<const char*>(in_.data()), used_);
        return text.find('\n') == std::string_view::npos ? HttpRefusal{414, "The request line is too long"}
                                                         : HttpRefusal{431, "The request head is too large"};
    }

    asio::mutable_buffer tail() noexcept { return {in_.data() + used_, in_.size() - used_}; }

    void make_tail(std::size_t size) {
        if (in_.size() - used_ < size) {
            in_.resize(std::max(in_.size() * 2, used_ + size));
        }
    }

    // Views into the head are taken after this and stay good until the request is forgotten.
    void make_room_behind(std::size_t head_size) {
        if (in_.size() < std::max(head_size, used_) + kBodyRoom) {
            in_.resize(std::max(head_size, used_) + kBodyRoom);
        }
    }

    // `consumed` becomes the number of bytes of in_ that belong to the request. False without a refusal: the
    // peer has gone, and nothing is executed.
    awaitable<bool> read_body(std::size_t head_size, std::size_t& consumed,
                              std::optional<HttpRefusal>& refusal) {
        const bool complete_here = !head_.chunked && consumed <= in_.size();
        if (head_.expectation == Expectation::continue_100 && used_ == head_size) {
            constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
            out_.assign(kContinue.begin(), kContinue.end());
            const MonoTime body_deadline = deadline();
            if (!co_await write_out()) {
                co_return false;
            }
            enter(Phase::body, body_deadline);
        }
        if (head_.chunked) {
            co_return co_await read_chunked(head_size, consumed, refusal);
        }
        if (!complete_here) {
            const auto length = static_cast<std::size_t>(head_.content_length);
            const ByteView start = ByteView(in_).subspan(head_size, used_ - head_size);
            body_.reserve(length);
            body_.assign(start.begin(), start.end());
            wipe(std::span(in_).subspan(head_size, start.size()));
            used_ = consumed = head_size;
            std::size_t have = body_.size();
            body_.resize(length);
            while (have < length) {
                const asio::mutable_buffer rest(body_.data() + have, length - have);
                auto read = stream_.async_read_some(rest, kTuple);
                const auto [ec, size] = co_await std::move(read);
                if (ec) {
                    co_return false;
                }
                have += size;
            }
            co_return true;
        }
        while (used_ < consumed) {
            auto read = stream_.async_read_some(tail(), kTuple);
            const auto [ec, size] = co_await std::move(read);
            if (ec) {
                co_return false;
            }
            used_ += size;
        }
        co_return true;
    }

    awaitable<bool> read_chunked(std::size_t head_size, std::size_t& consumed,
                                 std::optional<HttpRefusal>& refusal) {
        ChunkedDecoder decoder(limits_.body_bytes);
        for (;;) {
            std::size_t taken = 0;
            refusal = decoder.consume(ByteView(in_).subspan(head_size, used_ - head_size), body_, taken);
            if (refusal) {
                co_return false;
            }
            if (decoder.done()) {
                consumed = head_size + taken;
                co_return true;
            }
            wipe(std::span(in_).subspan(head_size, used_ - head_size));
            used_ = head_size;
            auto read = stream_.async_read_some(tail(), kTuple);
            const auto [ec, size] = co_await std::move(read);
            if (ec) {
                co_return false;
            }
            used_ += size;
        }
    }

    void compose(const Answer& answer, WallTime wall, Persistence persistence) {
        ReplyHead head;
        head.status = answer.status;
        head.request_id = request_id_;
        head.date = thread_.dates().at(wall);
        head.mode = thread_.shared().options.mode;
        head.version = head_.version;
        head.persistence = persistence;
        head.body = head_.method == "HEAD" ? BodyIs::left_out : BodyIs::sent;
        out_.clear();
        append_reply(out_, head, answer.body);
    }

    // Request bodies hold plaintexts: nothing of this one stays in memory.
    void forget_request(std::size_t head_size, std::size_t consumed) {
        wipe(body_);
        body_.clear();
        if (body_.capacity() > kBuffer) {
            body_.shrink_to_fit();
        }
        wipe(std::span(in_).subspan(head_size, consumed - head_size));
        drop_front(consumed);
        if (used_ == 0 && in_.size() > 4 * kBuffer) {
            in_.resize(kBuffer);
            in_.shrink_to_fit();
        }
    }

    void drop_front(std::size_t size) noexcept {
        const std::size_t left = used_ - size;
        if (left > 0) {
            std::memmove(in_.data(), in_.data() + size, left);
            wipe(std::span(in_).subspan(left, size));
        }
        used_ = left;
        scanned_ = 0;
    }

    awaitable<bool> send() {
        enter(Phase::writing, now_ + limits_.write_time);
        const bool sent = co_await write_out();
        wipe(std::as_writable_bytes(std::span(out_)));
        wipe_vector_registers();
        out_.clear();
        if (out_.capacity() > 4 * kBuffer) {
            out_.shrink_to_fit();
        }
        co_return sent;
    }

    // Most answers fit the socket's buffer: then there is nothing to wait for.
    awaitable<bool> write_out() {
        std::size_t written = 0;
        if constexpr (std::is_same_v<Stream, Socket>) {
            error_code ec;
            written = stream_.write_some(asio::buffer(out_), ec);
            if (ec && ec != asio::error::would_block && ec != asio::error::try_again) {
                co_return false;
            }
        }
        while (written < out_.size()) {
            auto write = stream_.async_write_some(asio::buffer(out_) + written, kTuple);
            const auto [ec, size] = co_await std::move(write);
            if (ec) {
                co_return false;
            }
            written += size;
        }
        co_return true;
    }

    awaitable<void> finish(HttpRefusal refusal) {
        const Clock& clock = thread_.shared().parts.clock;
        now_ = clock.mono();
        Answer answer;
        answer.status = refusal.status;
        answer.body = error_body(refusal_type(refusal.status), "message", refusal.message);
        request_id_ = thread_.request_ids().next();
        head_.method = {};
        compose(answer, clock.wall(), Persistence::close);
        wipe(std::span(in_).first(used_));
        used_ = 0;
        if (co_await send()) {
            co_await linger();
        }
    }

    // Closing at once would reset the connection while the answer is under way, if the peer still sends.
    awaitable<void> linger() {
        enter(Phase::lingering, now_ + kLinger);
        error_code ignored;
        if constexpr (std::is_same_v<Stream, TlsStream>) {
            auto shutdown = stream_.async_shutdown(kTuple);
            const auto [ec] = co_await std::move(shutdown);
            (void)ec;
        }
        Socket& socket = socket_of(stream_);
        socket.shutdown(Socket::shutdown_send, ignored);
        std::size_t discarded = 0;
        while (discarded < kMaxLinger) {
            auto read = socket.async_read_some(asio::buffer(in_), kTuple);
            const auto [ec, size] = co_await std::move(read);
            wipe(std::span(in_).first(size));
            if (ec) {
                co_return;
            }
            discarded += size;
        }
    }

    IoThread& thread_;
    const Limits& limits_;
    Place place_;
    Stream stream_;
    Peer peer_;
    SecretBytes::Buffer in_;
    std::size_t used_ = 0;     // bytes of in_ that were received
    std::size_t scanned_ = 0;  // of them, known not to end a head
    RequestHead head_;
    SecretBytes::Buffer body_;  // a body that did not fit behind its head, or came in chunks
    WireBuffer out_;
    std::string request_id_;
    MonoTime now_{};
};

}  // namespace

awaitable<void> serve_plain(IoThread& thread, Socket socket, Place place) {
    Session<Socket> session(thread, std::move(socket), std::move(place));
    co_await session.run();
}

awaitable<void> serve_tls(IoThread& thread, Socket socket, Place place,
                          std::shared_ptr<asio::ssl::context> context) {
    Session<TlsStream> session(thread, TlsStream(std::move(socket), *context), std::move(place));
    co_await session.run();
}

}  // namespace claviger::http
