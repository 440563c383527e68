// Frames of the HSM link: payload length (u32), id (u64), operation or reply status (u8), deadline (u64),
// payload; all little-endian. Both ends treat what they read as hostile and wipe what held a payload.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>

#include <claviger/base/bytes.hpp>
#include <claviger/base/clock.hpp>

#include "hsm/link/message.hpp"

namespace claviger::link {

inline constexpr std::size_t kFrameHeader = 4 + 8 + 1 + 8;
inline constexpr std::size_t kMaxControlFrame = 1 << 20;  // payload of one frame on the control socket

// The status byte of a reply. Values are wire values: append, never renumber.
enum class ReplyStatus : std::uint8_t {
    success = 0,  // payload: the operation's reply message
    failed = 1,   // payload: ErrorReply
};

// The deadline of a frame: nanoseconds of CLOCK_MONOTONIC, so it means the same in both processes. 0: none
// (replies).
inline std::uint64_t to_wire(MonoTime deadline) noexcept {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(deadline.time_since_epoch()).count());
}
// A value beyond what the clock can hold is the latest time it can.
MonoTime from_wire(std::uint64_t deadline) noexcept;

struct FrameView {
    std::uint64_t id = 0;
    std::uint8_t code = 0;  // Operation, ControlOperation or ReplyStatus
    std::uint64_t deadline = 0;
    ByteView payload;
};

// Cuts a byte stream into frames. Not thread-safe. Use: read into space(), tell filled(), take next() until
// it is empty, then consume(). A frame over the limit makes the reader broken for good: close the connection.
class FrameReader {
public:
    explicit FrameReader(std::size_t max_payload = kMaxFrame) noexcept : max_payload_(max_payload) {}
    ~FrameReader();
    FrameReader(FrameReader&&) noexcept = default;
    FrameReader& operator=(FrameReader&&) noexcept = default;
    FrameReader(const FrameReader&) = delete;  // a copy would be one more place to wipe
    FrameReader& operator=(const FrameReader&) = delete;

    // Free memory to read into, never empty, at least enough for the frame that has begun.
    // Invalidates every view given out.
    std::span<std::byte> space();
    void filled(std::size_t size) noexcept;

    // The next complete frame; nullopt when there is none, or when the stream is broken. Its views stay valid
    // until space(), consume() or destruction.
    std::optional<FrameView> next() noexcept;
    // Wipes the frames given out since the last call.
    void consume() noexcept;

    bool broken() const noexcept { return broken_; }
    // Bytes that wait in the buffer, frames given out excluded.
    std::size_t pending() const noexcept { return end_ - next_; }

private:
    WipedBuffer buffer_;
    std::size_t begin_ = 0;  // first byte not wiped yet
    std::size_t next_ = 0;   // first byte of the next frame
    std::size_t end_ = 0;    // end of what was read
    std::size_t max_payload_;
    bool broken_ = false;
};

// Writes one frame in place: begin_frame(), append the payload, end_frame() with what begin_frame() answered.
std::size_t begin_frame(WipedBuffer& to, std::uint64_t id, std::uint8_t code, std::uint64_t deadline);
void end_frame(WipedBuffer& to, std::size_t start) noexcept;

// Overwrites the content and empties the buffer; its memory is kept for the next turn.
void wipe_and_clear(WipedBuffer& buffer) noexcept;
// Removes the first `size` bytes, wiped; the rest moves to the front and its old place is wiped too.
void wipe_front(WipedBuffer& buffer, std::size_t size) noexcept;

template <class Message>
void append_frame(WipedBuffer& to, std::uint64_t id, std::uint8_t code, std::uint64_t deadline,
                  const Message& message) {
    const std::size_t start = begin_frame(to, id, code, deadline);
    encode(to, message);
    end_frame(to, start);
}
template <class Message>
void append_request(WipedBuffer& to, std::uint64_t id, Operation operation, MonoTime deadline,
                    const Message& message) {
    append_frame(to, id, static_cast<std::uint8_t>(operation), to_wire(deadline), message);
}
template <class Message>
void append_reply(WipedBuffer& to, std::uint64_t id, const Message& message) {
    append_frame(to, id, static_cast<std::uint8_t>(ReplyStatus::success), 0, message);
}
void append_error(WipedBuffer& to, std::uint64_t id, const Error& error);

// The error that a failed reply carries; protocol_error if its payload does not decode.
Error to_error(ByteView payload);

}  // namespace claviger::link
