#include "cluster/connection.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <boost/asio/post.hpp>

#include <claviger/base/descriptor.hpp>

namespace claviger::cluster {
namespace {

// A host that leaves this many requests unanswered has lost them; the connection is made anew.
constexpr std::size_t kAbandonedLimit = 4096;

Error socket_error(Errc code, const char* step, int number) {
    return Error(code, std::string(step) + ": " + std::strerror(number));
}

}  // namespace

Result<int> connect_unix(const std::filesystem::path& directory, const char* name,
                         const link::PeerRule& rule) {
    const Descriptor folder(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (folder.get() < 0) {
        return socket_error(Errc::io_error, directory.c_str(), errno);
    }
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    // Through the descriptor of the directory: sun_path holds 108 characters only (unix(7)).
    std::snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", folder.get(), name);
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (socket.get() < 0) {
        return socket_error(Errc::io_error, "socket", errno);
    }
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const int number = errno;
        const bool absent = number == ENOENT || number == ECONNREFUSED || number == EAGAIN;
        return socket_error(absent ? Errc::hsm_gone : Errc::io_error, name, number);
    }
    if (const Status<> peer = link::check_peer(socket.get(), rule); !peer) {
        return peer.error();
    }
    return socket.release();
}

void Connection::adopt(int socket) {
    socket_.assign(socket);
    open_ = true;
    blocked_ = false;
    reader_ = link::FrameReader();
    heard_ = clock_.mono();
    wait_readable();
}

void Connection::close() {
    if (open_) {
        open_ = false;
        boost::system::error_code ignored;
        socket_.close(ignored);
    }
    link::wipe_and_clear(out_);
    fail_waiters();
}

void Connection::fail_waiters() {
    for (Completion& waiter : pending_.take_all()) {
        std::move(waiter)(Reply{});
    }
}

void Connection::lose(const Error& why) {
    if (!open_) {
        return;
    }
    // close() may end what `why` lies in.
    const Error kept = why;  // NOLINT(performance-unnecessary-copy-initialization)
    close();
    lost_(kept);
}

void Connection::begin(Completion waiter, link::Operation operation, link::CostClass cost, MonoTime deadline,
                       Encoder request) {
    const std::uint64_t id = pending_.add(std::move(waiter), clock_.mono(), deadline, cost);
    const std::size_t start =
        link::begin_frame(out_, id, static_cast<std::uint8_t>(operation), link::to_wire(deadline));
    request.encode(out_, request.message);
    link::end_frame(out_, start);
    flush_later();
}

void Connection::flush_later() {
    if (flush_posted_ || blocked_) {
        return;
    }
    flush_posted_ = true;
    boost::asio::post(io_, [self = shared_from_this()] {
        self->flush_posted_ = false;
        self->flush();
    });
}

void Connection::flush() {
    if (!open_) {
        // Requests that were added after the end: nobody will answer them.
        link::wipe_and_clear(out_);
        fail_waiters();
        return;
    }
    while (!out_.empty()) {
        const ssize_t sent =
            ::send(socket_.native_handle(), out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent == static_cast<ssize_t>(out_.size())) {
            link::wipe_and_clear(out_);
        } else if (sent > 0) {
            link::wipe_front(out_, static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            blocked_ = true;
            wait_writable();
            return;
        } else if (errno != EINTR) {
            lose(socket_error(Errc::hsm_gone, "send", errno));
            return;
        }
    }
}

void Connection::wait_writable() {
    socket_.async_wait(boost::asio::posix::stream_descriptor::wait_write,
                       [self = shared_from_this()](const boost::system::error_code& ec) {
                           if (!ec && self->open_) {
                               self->blocked_ = false;
                               self->flush();
                           }
                       });
}

void Connection::wait_readable() {
    socket_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [self = shared_from_this()](const boost::system::error_code& ec) {
                           if (ec || !self->open_) {
                               return;
                           }
                           self->drain();
                           if (self->open_) {
                               self->wait_readable();
                           }
                       });
}

void Connection::drain() {
    while (open_) {
        const std::span<std::byte> space = reader_.space();
        const ssize_t got = ::recv(socket_.native_handle(), space.data(), space.size(), MSG_DONTWAIT);
        if (got < 0) {
            if (errno == EINTR) {
                continue;
            }
            if (errno != EAGAIN && errno != EWOULDBLOCK) {
                lose(socket_error(Errc::hsm_gone, "recv", errno));
            }
            return;
        }
        if (got == 0) {
            lose(Error(Errc::hsm_gone, "the host closed the connection"));
            return;
        }
        heard_ = clock_.mono();
        reader_.filled(static_cast<std::size_t>(got));
        while (open_) {
            const std::optional<link::FrameView> frame = reader_.next();
            if (!frame) {
                break;
            }
            dispatch(*frame);
        }
        if (open_ && reader_.broken()) {
            lose(Error(Errc::protocol_error, "the host sent a frame over the limit"));
            return;
        }
        reader_.consume();
        if (static_cast<std::size_t>(got) < space.size()) {
            return;
        }
    }
}

void Connection::dispatch(const link::FrameView& frame) {
    if (frame.code > static_cast<std::uint8_t>(link::ReplyStatus::failed)) {
        lose(Error(Errc::protocol_error, "the host sent a reply of unknown status"));
        return;
    }
    Completion waiter;
    switch (pending_.take(frame.id, waiter)) {
        case PendingTable::Match::unknown:
            lose(Error(Errc::protocol_error, "the host answered a request that does not wait"));
            return;
        case PendingTable::Match::abandoned: return;
        case PendingTable::Match::waiting: break;
    }
    const bool good = frame.code == static_cast<std::uint8_t>(link::ReplyStatus::success);
    std::move(waiter)(Reply{good ? ReplyKind::answer : ReplyKind::failed, frame.payload});
}

void Connection::sweep(MonoTime now) {
    if (!open_ || now < pending_.earliest()) {
        return;
    }
    drain();
    pending_.take_late(now, late_);
    std::vector<PendingTable::Late> late;
    late.swap(late_);
    for (PendingTable::Late& one : late) {
        const bool silent = one.cost == link::CostClass::fast && heard_ < one.sent;
        std::move(one.waiter)(Reply{silent ? ReplyKind::silent : ReplyKind::late, {}});
    }
    late.clear();
    late.swap(late_);  // its memory serves the next sweep
    if (open_ && pending_.abandoned() > kAbandonedLimit) {
        lose(Error(Errc::hsm_fault, "the host leaves requests unanswered"));
    }
}

}  // namespace claviger::cluster
