// The chunked transfer coding (RFC 9112 section 7.1), without extensions and trailers: no client of ours
// sends them, and both are where parsers disagree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <claviger/base/secret.hpp>

#include "src/http/request_head.hpp"

namespace claviger::http {

class ChunkedDecoder {
public:
    explicit ChunkedDecoder(std::size_t body_limit) : limit_(body_limit) {}

    // Takes bytes from the front of `in` and appends what they decode to to `body`. `consumed` is all of
    // `in`, or less once done() is true.
    std::optional<HttpRefusal> consume(ByteView in, SecretBytes::Buffer& body, std::size_t& consumed);
    bool done() const noexcept { return state_ == State::done; }

private:
    enum class State { size_first, size, size_lf, data, data_cr, data_lf, end_cr, end_lf, done };
    State state_ = State::size_first;
    std::size_t limit_;
    std::uint64_t left_ = 0;  // of this chunk
    unsigned digits_ = 0;
};

}  // namespace claviger::http
