// The supervisor's end of a host's control socket, or of an officer's inherited one: one request at a time.
#pragma once

#include <filesystem>
#include <memory>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <claviger/base/result.hpp>

#include "hsm/link/control.hpp"
#include "hsm/link/frame.hpp"

namespace claviger::cluster {

// Not thread-safe: everything happens in the thread that runs `io`. Keep it in a shared_ptr. After an error
// that is not the host's answer (hsm_gone, deadline_exceeded, protocol_error) the connection is closed.
class ControlLink : public std::enable_shared_from_this<ControlLink> {
public:
    ControlLink(boost::asio::io_context& io, int socket) : socket_(io, socket), limit_(io) {}

    template <class Answer, class Request>
    boost::asio::awaitable<Result<Answer>> ask(link::control::Operation operation, const Request& request,
                                               MonoTime deadline) {
        link::control::append_request(out_, ++id_, operation, deadline, request);
        const Result<ByteView> payload = co_await exchange(deadline);
        if (!payload) {
            co_return payload.error();
        }
        std::optional<Answer> answer = link::control::decode<Answer>(*payload);
        reader_.consume();
        if (!answer) {
            close();
            co_return Error(Errc::protocol_error, "the host's answer to a control request does not decode");
        }
        co_return *std::move(answer);
    }
    // For operations that answer nothing.
    template <class Request>
    boost::asio::awaitable<Status<>> tell(link::control::Operation operation, const Request& request,
                                          MonoTime deadline) {
        const auto answer = co_await ask<link::control::Empty>(operation, request, deadline);
        if (!answer) {
            co_return answer.error();
        }
        co_return done;
    }
    bool is_open() const noexcept { return socket_.is_open(); }
    void close();

private:
    boost::asio::awaitable<Result<ByteView>> exchange(MonoTime deadline);  // out_ -> payload of a good reply
    boost::asio::awaitable<Status<>> write_out();
    boost::asio::awaitable<Result<link::FrameView>> read_frame();

    boost::asio::posix::stream_descriptor socket_;
    boost::asio::steady_timer limit_;
    link::FrameReader reader_{link::kMaxControlFrame};
    link::WipedBuffer out_;
    std::uint64_t id_ = 0;
    bool late_ = false;
};

}  // namespace claviger::cluster
