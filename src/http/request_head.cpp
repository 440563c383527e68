#include "src/http/request_head.hpp"

#include <algorithm>
#include <limits>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/field.hpp>

namespace claviger::http {
namespace {

namespace beast_http = boost::beast::http;
using boost::beast::error_code;
using BeastView = boost::beast::string_view;

std::string_view to_view(BeastView text) noexcept {
    return {text.data(), text.size()};
}

constexpr HttpRefusal kBadFraming{400, "The message framing is ambiguous"};
constexpr HttpRefusal kBadHost{400, "The Host field is missing, repeated or malformed"};

// What Beast finds in the head, with the counts that decide about framing. The body is not its business.
class HeadParser final : public beast_http::basic_parser<true> {
public:
    HeadParser(RequestHead& head, std::size_t max_fields) : head_(head), max_fields_(max_fields) {
        eager(false);
        body_limit(boost::none);
        header_limit(std::numeric_limits<std::uint32_t>::max());
    }

    unsigned minor_version = 1;
    std::size_t content_lengths = 0, transfer_encodings = 0, hosts = 0, expects = 0, targets = 0;
    std::string_view content_length_value, transfer_encoding_value, host_value, expect_value;
    bool too_many_fields = false;

private:
    void on_request_impl(beast_http::verb, BeastView method, BeastView target, int version,
                         error_code&) override {
        head_.method = to_view(method);
        head_.target = to_view(target);
        minor_version = static_cast<unsigned>(version % 10);
    }
    void on_response_impl(int, BeastView, int, error_code&) override {}

    void on_field_impl(beast_http::field field, BeastView name, BeastView value, error_code& ec) override {
        if (head_.fields.size() == max_fields_) {
            too_many_fields = true;
            ec = beast_http::error::header_limit;
            return;
        }
        head_.fields.push_back({to_view(name), to_view(value)});
        if (field == beast_http::field::content_length) {
            ++content_lengths;
            content_length_value = to_view(value);
        } else if (field == beast_http::field::transfer_encoding) {
            ++transfer_encodings;
            transfer_encoding_value = to_view(value);
        } else if (field == beast_http::field::host) {
            ++hosts;
            host_value = to_view(value);
        } else if (field == beast_http::field::expect) {
            ++expects;
            expect_value = to_view(value);
        } else if (field == beast_http::field::unknown &&
                   auth::equals_ignoring_case(to_view(name), "x-amz-target")) {
            ++targets;
        }
    }
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
    std::size_t on_body_impl(BeastView, error_code&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, BeastView, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, BeastView, error_code&) override { return 0; }
    void on_finish_impl(error_code&) override {}

    RequestHead& head_;
    const std::size_t max_fields_;
};

// RFC 9112 sections 2.2 and 5.2: no bare LF, no folded line, no NUL. Beast refuses a bare CR and other
// controls itself, and would unfold.
bool lines_are_strict(std::string_view text) noexcept {
    for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
        if (at == 0 || text[at - 1] != '\r') {
            return false;
        }
        if (at + 1 < text.size() && (text[at + 1] == ' ' || text[at + 1] == '\t')) {
            return false;
        }
    }
    return text.find('\0') == std::string_view::npos;
}

bool visible_ascii(std::string_view text) noexcept {
    return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

// RFC 9110 section 7.2: uri-host [":" port]; no userinfo, no blank.
bool host_is_plain(std::string_view host) noexcept {
    return !host.empty() && std::ranges::all_of(host, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("-._~[]:%!$&'()*+;=").find(c) != std::string_view::npos;
    });
}

// RFC 9112 section 3.2: origin form, or absolute form that names the host of the Host field.
bool take_origin_form(RequestHead& head, std::string_view host) noexcept {
    constexpr std::string_view kScheme = "http://";
    constexpr std::string_view kTlsScheme = "https://";
    if (head.target.starts_with('/') || head.target == "*") {
        return true;
    }
    std::string_view rest = head.target;
    if (rest.size() > kScheme.size() && auth::equals_ignoring_case(rest.substr(0, kScheme.size()), kScheme)) {
        rest.remove_prefix(kScheme.size());
    } else if (rest.size() > kTlsScheme.size() &&
               auth::equals_ignoring_case(rest.substr(0, kTlsScheme.size()), kTlsScheme)) {
        rest.remove_prefix(kTlsScheme.size());
    } else {
        return false;
    }
    const std::size_t slash = rest.find('/');
    if (!auth::equals_ignoring_case(rest.substr(0, slash), host)) {
        return false;
    }
    head.target = slash == std::string_view::npos ? std::string_view("/") : rest.substr(slash);
    return true;
}

std::optional<std::uint64_t> parse_content_length(std::string_view text) noexcept {
    if (text.empty() || text.size() > 15) {
        return std::nullopt;
    }
    std::uint64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') {
            return std::nullopt;
        }
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return value;
}

// RFC 9112 section 6: one of the two framings, spelled in the one way that everybody reads alike.
std::optional<HttpRefusal> read_framing(const HeadParser& parser, RequestHead& head) noexcept {
    if (parser.content_lengths + parser.transfer_encodings > 1) {
        return kBadFraming;
    }
    if (parser.transfer_encodings == 1) {
        if (head.version == Version::http_1_0 ||
            !auth::equals_ignoring_case(parser.transfer_encoding_value, "chunked")) {
            return kBadFraming;
        }
        head.chunked = true;
    }
    if (parser.content_lengths == 1) {
        const auto length = parse_content_length(parser.content_length_value);
        if (!length) {
            return kBadFraming;
        }
        head.content_length = *length;
    }
    return std::nullopt;
}

}  // namespace

std::optional<HttpRefusal> parse_head(std::string_view text, std::size_t max_fields, RequestHead& head) {
    head.fields.clear();
    head.chunked = false;
    head.content_length = 0;
    head.expectation = Expectation::none;
    if (!lines_are_strict(text)) {
        return HttpRefusal{400, "A line of the request head is malformed"};
    }
    HeadParser parser(head, max_fields);
    error_code ec;
    const std::size_t used = parser.put(boost::asio::const_buffer(text.data(), text.size()), ec);
    if (parser.too_many_fields) {
        return HttpRefusal{431, "The request has too many header fields"};
    }
    if (ec || !parser.is_header_done() || used != text.size()) {
        return HttpRefusal{400, "The request head is malformed"};
    }
    head.version = parser.minor_version == 0 ? Version::http_1_0 : Version::http_1_1;
    head.persistence = parser.keep_alive() ? Persistence::keep_alive : Persistence::close;
    if (!visible_ascii(head.target)) {
        return HttpRefusal{400, "The request target is malformed"};
    }
    if (parser.hosts > 1 || (parser.hosts == 0 && head.version == Version::http_1_1) ||
        (parser.hosts == 1 && !host_is_plain(parser.host_value)) ||
        !take_origin_form(head, parser.host_value)) {
        return kBadHost;
    }
    if (parser.targets > 1) {
        return HttpRefusal{400, "X-Amz-Target is repeated"};
    }
    if (parser.expects > 1 ||
        (parser.expects == 1 && !auth::equals_ignoring_case(parser.expect_value, "100-continue"))) {
        return HttpRefusal{417, "The expectation is not known"};
    }
    if (parser.expects == 1 && head.version == Version::http_1_1) {
        head.expectation = Expectation::continue_100;
    }
    return read_framing(parser, head);
}

}  // namespace claviger::http
