// Little-endian encoding with length prefixes, for frames, key tokens and sealed rows. Readers treat input as
// hostile.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <limits>

#include <claviger/base/bytes.hpp>

namespace claviger {

// Appends to a buffer owned by the caller (any vector of bytes, so a wiping one works too).
template <class Buffer>
class WireWriter {
public:
    explicit WireWriter(Buffer& out) : out_(out) {}

    template <std::unsigned_integral T>
    WireWriter& number(T value) {
        std::array<std::byte, sizeof(T)> raw;
        for (std::size_t i = 0; i < sizeof(T); ++i) {
            raw[i] = static_cast<std::byte>((value >> (8 * i)) & 0xff);
        }
        return raw_bytes(raw);
    }
    WireWriter& raw_bytes(ByteView bytes) {
        // Not insert(): with an allocator that is not std::allocator it copies byte by byte.
        const std::size_t at = out_.size();
        out_.resize(at + bytes.size());
        if (!bytes.empty()) {
            std::memcpy(out_.data() + at, bytes.data(), bytes.size());
        }
        return *this;
    }
    // 32-bit length, then the bytes.
    WireWriter& bytes(ByteView bytes) {
        number(static_cast<std::uint32_t>(bytes.size()));
        return raw_bytes(bytes);
    }
    WireWriter& text(std::string_view text) { return bytes(as_bytes(text)); }

private:
    Buffer& out_;
};

// Reads from a view that must outlive it. The first short or over-long read makes the reader fail for good:
// later reads return zero or empty, so a decoder checks ok() once at its end.
class WireReader {
public:
    explicit WireReader(ByteView in) noexcept : in_(in) {}

    template <std::unsigned_integral T>
    T number() noexcept {
        const ByteView raw = raw_bytes(sizeof(T));
        T value = 0;
        for (std::size_t i = 0; i < raw.size(); ++i) {
            value =
                static_cast<T>(value | (static_cast<T>(std::to_integer<std::uint8_t>(raw[i])) << (8 * i)));
        }
        return value;
    }
    ByteView raw_bytes(std::size_t size) noexcept {
        if (!ok_ || size > in_.size()) {
            ok_ = false;
            return {};
        }
        const ByteView taken = in_.first(size);
        in_ = in_.subspan(size);
        return taken;
    }
    ByteView bytes(std::size_t limit) noexcept {
        const std::size_t size = number<std::uint32_t>();
        if (size > limit) {
            ok_ = false;
        }
        return raw_bytes(size);
    }
    std::string_view text(std::size_t limit) noexcept { return as_text(bytes(limit)); }
    template <std::size_t N>
    std::array<std::byte, N> array() noexcept {
        std::array<std::byte, N> out{};
        const ByteView raw = raw_bytes(N);
        if (raw.size() == N) {
            std::memcpy(out.data(), raw.data(), N);
        }
        return out;
    }
    bool ok() const noexcept { return ok_; }
    bool at_end() const noexcept { return ok_ && in_.empty(); }
    std::size_t remaining() const noexcept { return in_.size(); }

private:
    ByteView in_;
    bool ok_ = true;
};

}  // namespace claviger
