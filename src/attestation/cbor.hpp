// CBOR (RFC 8949) as attestation documents use it: definite lengths, no floating point. A reader over hostile
// bytes that copies and allocates nothing: every length is held against the bytes that are left.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <claviger/base/bytes.hpp>

namespace claviger::attestation {

// The major types of section 3.1.
enum class CborType : std::uint8_t { number, negative, bytes, text, array, map, tag, simple };

// Each take reads one item or head of that type. nullopt: it is of another type, or cut off, or of an
// indefinite length; the reader then stands where it stood.
class CborReader {
public:
    explicit CborReader(ByteView in) noexcept : in_(in) {}

    bool at_end() const noexcept { return in_.empty(); }
    std::optional<std::uint64_t> take_number() { return take(CborType::number); }
    std::optional<std::uint64_t> take_negative() { return take(CborType::negative); }  // n of -1 - n
    std::optional<ByteView> take_bytes() { return take_string(CborType::bytes); }
    std::optional<std::string_view> take_text();
    // How many elements follow, or pairs. Never more than there are bytes left.
    std::optional<std::uint64_t> take_array() { return take_count(CborType::array, 1); }
    std::optional<std::uint64_t> take_map() { return take_count(CborType::map, 2); }
    std::optional<std::uint64_t> take_tag() { return take(CborType::tag); }
    bool take_null();
    // One item with everything in it, at most eight levels deep.
    bool skip(unsigned depth = 8);

private:
    struct Head {
        CborType type;
        std::uint64_t value;
        std::size_t size;
    };
    std::optional<Head> head() const;
    std::optional<std::uint64_t> take(CborType type);
    std::optional<ByteView> take_string(CborType type);
    std::optional<std::uint64_t> take_count(CborType type, std::size_t least);

    ByteView in_;
};

// Appends the head of an item in its shortest form, and for strings the content.
void append_cbor_head(Bytes& out, CborType type, std::uint64_t value);
void append_cbor_text(Bytes& out, std::string_view text);
void append_cbor_bytes(Bytes& out, ByteView bytes);

}  // namespace claviger::attestation
