#include "src/attestation/cbor.hpp"

namespace claviger::attestation {
namespace {

constexpr std::uint64_t kNull = 22;  // RFC 8949 section 3.3
constexpr unsigned kOneByte = 24;    // the first of the values that say how many bytes follow

}  // namespace

std::optional<CborReader::Head> CborReader::head() const {
    if (in_.empty()) {
        return std::nullopt;
    }
    const auto initial = std::to_integer<unsigned>(in_[0]);
    const unsigned info = initial & 0x1FU;
    Head head{static_cast<CborType>(initial >> 5U), info, 1};
    if (info < kOneByte) {
        return head;
    }
    const std::size_t more = std::size_t{1} << (info - kOneByte);
    if (more > 8 || in_.size() < 1 + more) {
        return std::nullopt;  // reserved, indefinite, or cut off
    }
    head.value = 0;
    for (const std::byte byte : in_.subspan(1, more)) {
        head.value = head.value << 8U | std::to_integer<std::uint64_t>(byte);
    }
    head.size = 1 + more;
    return head;
}

std::optional<std::uint64_t> CborReader::take(CborType type) {
    const std::optional<Head> found = head();
    if (!found || found->type != type) {
        return std::nullopt;
    }
    in_ = in_.subspan(found->size);
    return found->value;
}

std::optional<ByteView> CborReader::take_string(CborType type) {
    const std::optional<Head> found = head();
    if (!found || found->type != type || found->value > in_.size() - found->size) {
        return std::nullopt;
    }
    const ByteView content = in_.subspan(found->size, found->value);
    in_ = in_.subspan(found->size + found->value);
    return content;
}

std::optional<std::string_view> CborReader::take_text() {
    const std::optional<ByteView> text = take_string(CborType::text);
    return text ? std::optional(as_text(*text)) : std::nullopt;
}

std::optional<std::uint64_t> CborReader::take_count(CborType type, std::size_t least) {
    const std::optional<Head> found = head();
    if (!found || found->type != type || found->value > (in_.size() - found->size) / least) {
        return std::nullopt;
    }
    in_ = in_.subspan(found->size);
    return found->value;
}

bool CborReader::take_null() {
    const std::optional<Head> found = head();
    return found && found->type == CborType::simple && found->value == kNull && take(CborType::simple);
}

bool CborReader::skip(unsigned depth) {
    const std::optional<Head> found = head();
    if (!found || depth == 0) {
        return false;
    }
    std::uint64_t inside = 0;
    switch (found->type) {
        case CborType::bytes:
        case CborType::text: return take_string(found->type).has_value();
        case CborType::array: {
            const auto count = take_array();
            if (!count) {
                return false;
            }
            inside = *count;
            break;
        }
        case CborType::map: {
            const auto count = take_map();
            if (!count) {
                return false;
            }
            inside = *count * 2;
            break;
        }
        case CborType::tag: inside = take_tag() ? 1 : 0; break;
        case CborType::number:
        case CborType::negative:
        case CborType::simple: return take(found->type).has_value();
    }
    for (; inside > 0; --inside) {
        if (!skip(depth - 1)) {
            return false;
        }
    }
    return true;
}

void append_cbor_head(Bytes& out, CborType type, std::uint64_t value) {
    const auto major = static_cast<unsigned>(type) << 5U;
    if (value < kOneByte) {
        out.push_back(static_cast<std::byte>(major | value));
        return;
    }
    unsigned power = 0;  // 2^power bytes follow
    while (power < 3 && value >> (8U << power) != 0) {
        ++power;
    }
    out.push_back(static_cast<std::byte>(major | (kOneByte + power)));
    for (unsigned shift = 8U << power; shift != 0;) {
        shift -= 8;
        out.push_back(static_cast<std::byte>(value >> shift));
    }
}

void append_cbor_text(Bytes& out, std::string_view text) {
    append_cbor_head(out, CborType::text, text.size());
    const ByteView bytes = as_bytes(text);
    out.insert(out.end(), bytes.begin(), bytes.end());
}

void append_cbor_bytes(Bytes& out, ByteView bytes) {
    append_cbor_head(out, CborType::bytes, bytes.size());
    out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace claviger::attestation
