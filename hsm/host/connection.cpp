#include "hsm/host/connection.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace claviger::host {

IoOutcome Connection::read_some() {
    const std::span<std::byte> space = in_.space();
    const ssize_t got = read(socket_.get(), space.data(), space.size());
    if (got > 0) {
        in_.filled(static_cast<std::size_t>(got));
        return IoOutcome::open;
    }
    return got < 0 && (errno == EAGAIN || errno == EINTR) ? IoOutcome::open : IoOutcome::closed;
}

IoOutcome Connection::write_all() {
    while (sent_ < out_.size()) {
        const ssize_t put = send(socket_.get(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return errno == EAGAIN ? IoOutcome::open : IoOutcome::closed;
        }
        wipe(std::span(out_).subspan(sent_, static_cast<std::size_t>(put)));
        sent_ += static_cast<std::size_t>(put);
    }
    out_.clear();
    sent_ = 0;
    return IoOutcome::open;
}

}  // namespace claviger::host
