// One accepted connection of the host: its frames in, its replies out. Threads: the loop only.
#pragma once

#include <cstdint>

#include "hsm/host/files.hpp"
#include "hsm/link/frame.hpp"

namespace claviger::host {

enum class Channel : std::uint8_t { data, control };

enum class IoOutcome : std::uint8_t { open, closed };

class Connection {
public:
    Connection(Descriptor socket, std::uint64_t id, Channel channel)
        : socket_(std::move(socket)),
          id_(id),
          channel_(channel),
          in_(channel == Channel::data ? link::kMaxFrame : link::kMaxControlFrame) {}
    ~Connection() { wipe(std::span(out_)); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    int descriptor() const noexcept { return socket_.get(); }
    std::uint64_t id() const noexcept { return id_; }
    Channel channel() const noexcept { return channel_; }
    link::FrameReader& in() noexcept { return in_; }
    link::WipedBuffer& out() noexcept { return out_; }

    // One read of all that fits; nothing more to read is `open`.
    IoOutcome read_some();
    // One write of all replies; what was written is wiped.
    IoOutcome write_all();
    std::size_t unsent() const noexcept { return out_.size() - sent_; }

    // A peer that does not read its replies does not get to send more.
    static constexpr std::size_t kMaxUnsent = 4UL << 20;

    bool backlog = false;       // complete frames may wait in in()
    bool dirty = false;         // replies wait to be written at the end of this turn
    std::uint32_t watched = 0;  // epoll events asked for

private:
    Descriptor socket_;
    std::uint64_t id_;
    Channel channel_;
    link::FrameReader in_;
    link::WipedBuffer out_;
    std::size_t sent_ = 0;
};

}  // namespace claviger::host
