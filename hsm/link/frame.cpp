#include "hsm/link/frame.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace claviger::link {

namespace {

constexpr std::size_t kFirstBuffer = 64 << 10;

template <class T>
T load_le(const std::byte* from) noexcept {
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        value = static_cast<T>(value | (static_cast<T>(std::to_integer<std::uint8_t>(from[i])) << (8 * i)));
    }
    return value;
}

template <class T>
void store_le(std::byte* to, T value) noexcept {
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        to[i] = static_cast<std::byte>((value >> (8 * i)) & 0xff);
    }
}

}  // namespace

MonoTime from_wire(std::uint64_t deadline) noexcept {
    using Rep = std::chrono::nanoseconds::rep;
    const auto latest = static_cast<std::uint64_t>(std::numeric_limits<Rep>::max());
    const std::chrono::nanoseconds since(static_cast<Rep>(std::min(deadline, latest)));
    return MonoTime(std::chrono::duration_cast<MonoTime::duration>(since));
}

FrameReader::~FrameReader() = default;

std::span<std::byte> FrameReader::space() {
    consume();
    if (begin_ > 0) {
        // Only the unread rest moves: after a full batch that is nothing or the head of one frame.
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        const std::size_t rest = end_ - begin_;
        const std::size_t stale = std::max(begin_, rest);
        wipe(std::span(buffer_).subspan(stale, end_ - stale));
        next_ = begin_ = 0;
        end_ = rest;
    }
    std::size_t wanted = std::max(std::min(kFirstBuffer, kFrameHeader + max_payload_), end_ + 1);
    if (end_ >= kFrameHeader) {
        const std::size_t payload = load_le<std::uint32_t>(buffer_.data());
        wanted = std::max(wanted, kFrameHeader + std::min(payload, max_payload_));
    }
    if (buffer_.size() < wanted) {
        buffer_.resize(wanted);
    }
    return std::span(buffer_).subspan(end_);
}

void FrameReader::filled(std::size_t size) noexcept {
    end_ = std::min(end_ + size, buffer_.size());
}

std::optional<FrameView> FrameReader::next() noexcept {
    if (broken_ || end_ - next_ < sizeof(std::uint32_t)) {
        return std::nullopt;
    }
    const std::byte* at = buffer_.data() + next_;
    const std::size_t payload = load_le<std::uint32_t>(at);
    if (payload > max_payload_) {
        broken_ = true;
        return std::nullopt;
    }
    if (end_ - next_ < kFrameHeader + payload) {
        return std::nullopt;
    }
    FrameView frame;
    frame.id = load_le<std::uint64_t>(at + 4);
    frame.code = std::to_integer<std::uint8_t>(at[12]);
    frame.deadline = load_le<std::uint64_t>(at + 13);
    frame.payload = ByteView(at + kFrameHeader, payload);
    next_ += kFrameHeader + payload;
    return frame;
}

void FrameReader::consume() noexcept {
    wipe(std::span(buffer_).subspan(begin_, next_ - begin_));
    begin_ = next_;
    if (begin_ == end_) {
        begin_ = next_ = end_ = 0;
    }
}

std::size_t begin_frame(WipedBuffer& to, std::uint64_t id, std::uint8_t code, std::uint64_t deadline) {
    const std::size_t start = to.size();
    std::array<std::byte, kFrameHeader> header{};
    store_le(header.data() + 4, id);
    header[12] = static_cast<std::byte>(code);
    store_le(header.data() + 13, deadline);
    WireWriter(to).raw_bytes(header);
    return start;
}

void end_frame(WipedBuffer& to, std::size_t start) noexcept {
    store_le(to.data() + start, static_cast<std::uint32_t>(to.size() - start - kFrameHeader));
}

void wipe_and_clear(WipedBuffer& buffer) noexcept {
    wipe(std::span(buffer));
    buffer.clear();
}

void wipe_front(WipedBuffer& buffer, std::size_t size) noexcept {
    const std::size_t rest = buffer.size() - size;
    std::memmove(buffer.data(), buffer.data() + size, rest);
    wipe(std::span(buffer).subspan(rest));
    buffer.resize(rest);
}

void append_error(WipedBuffer& to, std::uint64_t id, const Error& error) {
    const ErrorReply reply{
        .code = error.code,
        .ckr = error.ckr,
        .detail = std::string_view(error.detail).substr(0, kMaxDetail),
    };
    append_frame(to, id, static_cast<std::uint8_t>(ReplyStatus::failed), 0, reply);
}

Error to_error(ByteView payload) {
    const std::optional<ErrorReply> reply = decode<ErrorReply>(payload);
    if (!reply) {
        return Error(Errc::protocol_error, "error reply does not decode");
    }
    return Error(reply->code, std::string(reply->detail), static_cast<unsigned long>(reply->ckr));
}

}  // namespace claviger::link
