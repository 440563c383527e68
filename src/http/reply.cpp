#include "src/http/reply.hpp"

#include <algorithm>
#include <charconv>

#include <claviger/base/encoding.hpp>

#include "src/auth/sigv4_time.hpp"

namespace claviger::http {
namespace {

std::string_view status_line(unsigned status) noexcept {
    switch (status) {
        case 200: return "HTTP/1.1 200 OK\r\n";
        case 400: return "HTTP/1.1 400 Bad Request\r\n";
        case 403: return "HTTP/1.1 403 Forbidden\r\n";
        case 404: return "HTTP/1.1 404 Not Found\r\n";
        case 405: return "HTTP/1.1 405 Method Not Allowed\r\nAllow: POST\r\n";
        case 408: return "HTTP/1.1 408 Request Timeout\r\n";
        case 413: return "HTTP/1.1 413 Content Too Large\r\n";
        case 414: return "HTTP/1.1 414 URI Too Long\r\n";
        case 417: return "HTTP/1.1 417 Expectation Failed\r\n";
        case 429: return "HTTP/1.1 429 Too Many Requests\r\n";
        case 431: return "HTTP/1.1 431 Request Header Fields Too Large\r\n";
        case 503: return "HTTP/1.1 503 Service Unavailable\r\n";
        default: return "HTTP/1.1 500 Internal Server Error\r\n";
    }
}

constexpr std::string_view kFields =
    "Content-Type: application/x-amz-json-1.1\r\n"
    "Cache-Control: no-cache, no-store, must-revalidate, private\r\n"
    "Expires: 0\r\n"
    "Pragma: no-cache\r\n"
    "x-amzn-RequestId: ";

// Writes into memory that was made large enough beforehand.
char* put(char* to, std::string_view text) noexcept {
    return std::copy(text.begin(), text.end(), to);  // memcpy may not be given an empty view's null pointer
}

}  // namespace

void append_reply(WireBuffer& out, const ReplyHead& head, std::string_view body) {
    // Sized once and cut once: each insert into a vector costs as much as the bytes it adds.
    constexpr std::size_t kFixed = 512;
    const std::size_t start = out.size();
    out.resize(start + kFixed + head.request_id.size() + head.date.size() + body.size());
    char* to = out.data() + start;
    to = put(to, status_line(head.status));
    to = put(to, kFields);
    to = put(to, head.request_id);
    to = put(to, "\r\nDate: ");
    to = put(to, head.date);
    if (head.mode == Mode::dev) {
        to = put(to, "\r\nx-claviger-mode: dev");
    }
    if (head.persistence == Persistence::close) {
        to = put(to, "\r\nConnection: close");
    } else if (head.version == Version::http_1_0) {
        to = put(to, "\r\nConnection: keep-alive");
    }
    to = put(to, "\r\nContent-Length: ");
    to = std::to_chars(to, to + 20, body.size()).ptr;
    to = put(to, "\r\n\r\n");
    if (head.body == BodyIs::sent) {
        to = put(to, body);
    }
    out.resize(static_cast<std::size_t>(to - out.data()));
}

std::string_view refusal_type(unsigned status) noexcept {
    switch (status) {
        case 404:
        case 405: return "UnknownOperationException";
        case 413: return "RequestEntityTooLargeException";
        case 503: return "ServiceUnavailableException";
        default: return "BadRequestException";
    }
}

std::string_view DateCache::at(WallTime now) {
    const auto second = std::chrono::floor<std::chrono::seconds>(now);
    if (second != second_) {
        second_ = second;
        text_ = auth::http_date(second);
    }
    return text_;
}

std::string RequestIds::next() {
    if (used_ + 16 > pool_.size()) {
        random_.fill(pool_);
        used_ = 0;
    }
    const auto bytes = std::span<const std::byte, 16>(pool_.data() + used_, 16);
    used_ += 16;
    return to_uuid(bytes);
}

}  // namespace claviger::http
