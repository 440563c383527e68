#include "src/http/reply.hpp"

#include <charconv>
#include <cstring>

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

void append(WireBuffer& out, std::string_view text) {
    out.insert(out.end(), text.begin(), text.end());
}

void append_json_string(std::string& out, std::string_view text) {
    constexpr std::string_view kHex = "0123456789abcdef";
    out += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte >= 0x7f) {  // bytes from outside need not be UTF-8
            out += "\\u00";
            out += kHex[byte >> 4];
            out += kHex[byte & 15];
        } else {
            out += c;
        }
    }
    out += '"';
}

}  // namespace

void append_reply(WireBuffer& out, const ReplyHead& head, std::string_view body) {
    out.reserve(out.size() + 512 + body.size());
    append(out, status_line(head.status));
    append(out, kFields);
    append(out, head.request_id);
    append(out, "\r\nDate: ");
    append(out, head.date);
    if (head.mode == Mode::dev) {
        append(out, "\r\nx-claviger-mode: dev");
    }
    if (head.persistence == Persistence::close) {
        append(out, "\r\nConnection: close");
    } else if (head.version == Version::http_1_0) {
        append(out, "\r\nConnection: keep-alive");
    }
    append(out, "\r\nContent-Length: ");
    std::array<char, 20> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), body.size());
    append(out, std::string_view(digits.data(), static_cast<std::size_t>(end.ptr - digits.data())));
    append(out, "\r\n\r\n");
    if (head.body == BodyIs::sent) {
        append(out, body);
    }
}

std::string error_body(std::string_view type, std::string_view message) {
    std::string out = "{\"__type\":\"";
    out += type;
    out += '"';
    if (!message.empty()) {
        out += ",\"message\":";
        append_json_string(out, message);
    }
    out += '}';
    return out;
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
