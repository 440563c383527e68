#include "src/http/chunked.hpp"

#include <algorithm>

#include <claviger/base/encoding.hpp>

namespace claviger::http {
namespace {

constexpr HttpRefusal kBadChunk{400, "A chunk of the request body is malformed"};
constexpr unsigned kMaxDigits = 8;

}  // namespace

std::optional<HttpRefusal> ChunkedDecoder::consume(ByteView in, SecretBytes::Buffer& body,
                                                   std::size_t& consumed) {
    std::size_t at = 0;
    while (at < in.size() && state_ != State::done) {
        if (state_ == State::data) {
            const std::size_t piece = std::min<std::size_t>(left_, in.size() - at);
            const ByteView bytes = in.subspan(at, piece);
            body.insert(body.end(), bytes.begin(), bytes.end());
            at += piece;
            left_ -= piece;
            if (left_ == 0) {
                state_ = State::data_cr;
            }
            continue;
        }
        const char c = static_cast<char>(in[at++]);
        const auto expect = [&](char wanted, State next) {
            state_ = c == wanted ? next : state_;
            return c == wanted;
        };
        bool good = true;
        switch (state_) {
            case State::size_first:
                left_ = 0;
                digits_ = 0;
                state_ = State::size;
                [[fallthrough]];
            case State::size:
                if (c == '\r' && digits_ > 0) {
                    state_ = State::size_lf;
                } else {
                    const int digit = hex_value(c);
                    good = digit >= 0 && ++digits_ <= kMaxDigits;
                    left_ = left_ * 16 + static_cast<std::uint64_t>(std::max(digit, 0));
                }
                break;
            case State::size_lf:
                good = expect('\n', left_ == 0 ? State::end_cr : State::data);
                if (good && left_ > limit_ - body.size()) {
                    return HttpRefusal{413, "The request body is too large"};
                }
                break;
            case State::data_cr: good = expect('\r', State::data_lf); break;
            case State::data_lf: good = expect('\n', State::size_first); break;
            case State::end_cr: good = expect('\r', State::end_lf); break;
            case State::end_lf: good = expect('\n', State::done); break;
            case State::data:
            case State::done: break;
        }
        if (!good) {
            return kBadChunk;
        }
    }
    consumed = at;
    return std::nullopt;
}

}  // namespace claviger::http
