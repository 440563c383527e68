// One thread's connection to the data socket of one host: requests of a turn leave in one write, replies are
// read as far as they are there, and whoever waits is resumed in place.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <claviger/base/clock.hpp>
#include <claviger/base/result.hpp>

#include "cluster/pending.hpp"
#include "hsm/link/frame.hpp"
#include "hsm/link/peer.hpp"

namespace claviger::cluster {

// A connected, non-blocking, close-on-exec socket to `name` in `directory`, whose other end satisfies `rule`.
// Works for paths longer than sun_path. Errc::hsm_gone: nobody listens (yet).
Result<int> connect_unix(const std::filesystem::path& directory, const char* name,
                         const link::PeerRule& rule);

// A request message of any type, by reference: the message must outlive it.
struct Encoder {
    template <class Message>
    explicit Encoder(const Message& m) noexcept
        : message(&m), encode([](link::WipedBuffer& to, const void* from) {
              link::encode(to, *static_cast<const Message*>(from));
          }) {}
    const void* message;
    void (*encode)(link::WipedBuffer& to, const void* message);
};

// Not thread-safe: everything happens in the thread that runs `io`. Keep it in a shared_ptr. What the host
// sends is hostile: a frame over the limits, an id that nobody waits for or bytes that are no reply end the
// connection.
class Connection : public std::enable_shared_from_this<Connection> {
public:
    // Told once per connection, after its waiters were resumed with ReplyKind::gone. protocol_error: the host
    // broke the protocol; hsm_gone: it closed.
    using Lost = std::function<void(const Error& why)>;

    Connection(boost::asio::io_context& io, const Clock& clock, Lost lost)
        : io_(io), socket_(io), clock_(clock), lost_(std::move(lost)) {}

    void adopt(int socket);  // owned from here on
    bool is_open() const noexcept { return open_; }
    // Waiters get ReplyKind::gone; `lost` is not told.
    void close();

    // An asynchronous operation of signature void(Reply). `request` is encoded at once, into the buffer of
    // this turn.
    auto call(link::Operation operation, link::CostClass cost, MonoTime deadline, Encoder request) {
        return boost::asio::async_initiate<const boost::asio::deferred_t, void(Reply)>(
            [this, operation, cost, deadline, request](auto&& handler) {
                begin(Completion(std::forward<decltype(handler)>(handler)), operation, cost, deadline,
                      request);
            },
            boost::asio::deferred);
    }

    // Resumes the waiters whose time is over, after reading what is there: an answer that waited for us is
    // not late.
    void sweep(MonoTime now);

    std::size_t waiting() const noexcept { return pending_.waiting(); }
    std::uint32_t outstanding() const noexcept { return static_cast<std::uint32_t>(pending_.outstanding()); }

private:
    void begin(Completion waiter, link::Operation operation, link::CostClass cost, MonoTime deadline,
               Encoder request);
    void flush_later();
    void flush();
    void wait_readable();
    void wait_writable();
    void drain();
    void dispatch(const link::FrameView& frame);
    void lose(const Error& why);
    void fail_waiters();

    boost::asio::io_context& io_;
    boost::asio::posix::stream_descriptor socket_;
    const Clock& clock_;
    Lost lost_;
    PendingTable pending_;
    std::vector<PendingTable::Late> late_;
    link::FrameReader reader_;
    link::WipedBuffer out_;
    MonoTime heard_;  // when the last bytes came
    bool open_ = false;
    bool flush_posted_ = false;
    bool blocked_ = false;  // the socket's buffer is full
};

}  // namespace claviger::cluster
