#include "cluster/control_link.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace claviger::cluster {
namespace {

constexpr auto kAwait = boost::asio::as_tuple(boost::asio::use_awaitable);

Error gone(const char* step) {
    return Error(Errc::hsm_gone, std::string("control socket, ") + step + ": " + std::strerror(errno));
}

}  // namespace

void ControlLink::close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
    link::wipe_and_clear(out_);
}

boost::asio::awaitable<Result<ByteView>> ControlLink::exchange(MonoTime deadline) {
    const std::shared_ptr<ControlLink> self = shared_from_this();
    if (!socket_.is_open()) {
        link::wipe_and_clear(out_);
        co_return Error(Errc::hsm_gone, "the control connection is closed");
    }
    late_ = false;
    limit_.expires_at(deadline);
    limit_.async_wait([self, id = id_](const boost::system::error_code& ec) {
        if (!ec && self->id_ == id && self->socket_.is_open()) {
            self->late_ = true;
            self->socket_.cancel();
        }
    });
    const Status<> sent = co_await write_out();
    std::optional<Error> failure;
    std::optional<link::FrameView> reply;
    if (sent) {
        const Result<link::FrameView> frame = co_await read_frame();
        if (frame) {
            reply = *frame;
        } else {
            failure = frame.error();
        }
    } else {
        failure = sent.error();
    }
    limit_.cancel();
    if (reply && reply->id != id_) {
        failure = Error(Errc::protocol_error, "the host answered another control request");
    }
    if (failure) {
        close();
        if (late_) {
            co_return Error(Errc::deadline_exceeded, "a control request was not answered in time");
        }
        co_return *failure;
    }
    if (reply->code != static_cast<std::uint8_t>(link::ReplyStatus::success)) {
        const Error error = link::to_error(reply->payload);
        reader_.consume();
        co_return error;
    }
    co_return reply->payload;
}

boost::asio::awaitable<Status<>> ControlLink::write_out() {
    while (!out_.empty()) {
        const ssize_t sent =
            ::send(socket_.native_handle(), out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            link::wipe_front(out_, static_cast<std::size_t>(sent));
            continue;
        }
        if (errno != EAGAIN && errno != EINTR) {
            co_return gone("send");
        }
        const auto [ec] =
            co_await socket_.async_wait(boost::asio::posix::stream_descriptor::wait_write, kAwait);
        if (ec) {
            co_return Error(Errc::hsm_gone, "control socket: " + ec.message());
        }
    }
    co_return done;
}

boost::asio::awaitable<Result<link::FrameView>> ControlLink::read_frame() {
    for (;;) {
        if (const std::optional<link::FrameView> frame = reader_.next()) {
            co_return *frame;
        }
        if (reader_.broken()) {
            co_return Error(Errc::protocol_error, "the host sent a control frame over the limit");
        }
        const std::span<std::byte> space = reader_.space();
        const ssize_t got = ::recv(socket_.native_handle(), space.data(), space.size(), MSG_DONTWAIT);
        if (got > 0) {
            reader_.filled(static_cast<std::size_t>(got));
            continue;
        }
        if (got == 0) {
            co_return Error(Errc::hsm_gone, "the host closed the control connection");
        }
        if (errno != EAGAIN && errno != EINTR) {
            co_return gone("recv");
        }
        const auto [ec] =
            co_await socket_.async_wait(boost::asio::posix::stream_descriptor::wait_read, kAwait);
        if (ec) {
            co_return Error(Errc::hsm_gone, "control socket: " + ec.message());
        }
    }
}

}  // namespace claviger::cluster
