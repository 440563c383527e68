#include "src/auth/canonical.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <claviger/base/digest.hpp>
#include <claviger/base/encoding.hpp>

namespace claviger::auth {
namespace {

constexpr std::string_view kSignatureParameter = "X-Amz-Signature";
constexpr std::string_view kTokenParameter = "X-Amz-Security-Token";

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
constexpr bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t';
}

constexpr bool is_unreserved(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void append_encoded(std::string& out, char c) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    if (is_unreserved(c)) {
        out += c;
        return;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
}

// The escapes must be well formed; the verifier has seen to that.
std::string decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

std::string encode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        append_encoded(out, c);
    }
    return out;
}

std::optional<std::string> bad_escape(std::string_view text) {
    for (std::size_t i = text.find('%'); i != std::string_view::npos; i = text.find('%', i + 1)) {
        if (i + 2 >= text.size()) {
            return "Incomplete trailing escape % sequence";
        }
        if (hex_value(text[i + 1]) < 0 || hex_value(text[i + 2]) < 0) {
            return "Illegal hex character in escape % pattern: " + std::string(text.substr(i, 3));
        }
    }
    return std::nullopt;
}

// Calls take(segment) for each part between separators.
template <class F>
void split(std::string_view text, char separator, F&& take) {
    for (;;) {
        const std::size_t end = text.find(separator);
        take(text.substr(0, end));
        if (end == std::string_view::npos) {
            return;
        }
        text.remove_prefix(end + 1);
    }
}

std::pair<std::string_view, std::string_view> name_and_value(std::string_view part) noexcept {
    const std::size_t equal = part.find('=');
    return equal == std::string_view::npos ? std::pair(part, std::string_view())
                                           : std::pair(part.substr(0, equal), part.substr(equal + 1));
}

// What is left of a path after "", "." and ".." are resolved; nullopt if it climbs above the root.
std::optional<std::vector<std::string_view>> resolve(std::string_view path) {
    std::vector<std::string_view> segments;
    bool climbed = false;
    split(path, '/', [&](std::string_view segment) {
        if (segment.empty() || segment == ".") {
            return;
        }
        if (segment != "..") {
            segments.push_back(segment);
        } else if (segments.empty()) {
            climbed = true;
        } else {
            segments.pop_back();
        }
    });
    if (climbed) {
        return std::nullopt;
    }
    return segments;
}

void append_path(std::string& out, std::string_view path, PathStyle style) {
    const auto append_segment = [&out](std::string_view segment) {
        for (const char c : segment) {
            if (c == '/') {
                out += c;
            } else {
                append_encoded(out, c);
            }
        }
    };
    if (path.empty() || path == "/") {
        out += '/';
        return;
    }
    if (style == PathStyle::verbatim) {
        append_segment(path);
        return;
    }
    const auto segments = resolve(path);
    if (!segments || segments->empty()) {
        out += '/';
        return;
    }
    for (const std::string_view segment : *segments) {
        out += '/';
        append_segment(segment);
    }
    if (path.ends_with('/')) {
        out += '/';
    }
}

void append_query(std::string& out, std::string_view query, TokenInQuery token) {
    if (query.empty()) {
        return;
    }
    std::vector<std::pair<std::string, std::string>> parameters;
    split(query, '&', [&](std::string_view part) {
        if (part.empty()) {
            return;
        }
        const auto [raw_name, raw_value] = name_and_value(part);
        const std::string name = decode(raw_name);
        if (name == kSignatureParameter || (name == kTokenParameter && token == TokenInQuery::added_after)) {
            return;
        }
        parameters.emplace_back(encode(name), encode(decode(raw_value)));
    });
    std::ranges::sort(parameters);
    bool first = true;
    for (const auto& [name, value] : parameters) {
        if (!std::exchange(first, false)) {
            out += '&';
        }
        out += name;
        out += '=';
        out += value;
    }
}

// Trimmed, and every run of blanks inside becomes one, also between quotes.
void append_field_value(std::string& out, std::string_view value) {
    while (!value.empty() && is_blank(value.front())) {
        value.remove_prefix(1);
    }
    while (!value.empty() && is_blank(value.back())) {
        value.remove_suffix(1);
    }
    if (value.find(' ') == value.npos && value.find('\t') == value.npos) {  // nearly always
        out += value;
        return;
    }
    while (!value.empty()) {
        const auto end = static_cast<std::size_t>(std::ranges::find_if(value, is_blank) - value.begin());
        out += value.substr(0, end);
        value.remove_prefix(end);
        if (!value.empty()) {  // what follows the blanks is not one: the end was trimmed
            out += ' ';
            value.remove_prefix(
                static_cast<std::size_t>(std::ranges::find_if_not(value, is_blank) - value.begin()));
        }
    }
}

void append_headers(std::string& out, std::span<const HeaderView> headers, std::string_view signed_headers) {
    split(signed_headers, ';', [&](std::string_view name) {
        const std::size_t start = out.size();
        out += name;
        std::transform(out.begin() + static_cast<std::ptrdiff_t>(start), out.end(),
                       out.begin() + static_cast<std::ptrdiff_t>(start), lower);
        out += ':';
        bool first = true;
        for (const HeaderView& header : headers) {
            if (equals_ignoring_case(header.name, name)) {
                if (!std::exchange(first, false)) {
                    out += ',';
                }
                append_field_value(out, header.value);
            }
        }
        out += '\n';
    });
}

}  // namespace

bool same_letters(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(),
                      [](char x, char y) { return x == y || lower(x) == lower(y); });
}

const HeaderView* find_header(std::span<const HeaderView> headers, std::string_view name) noexcept {
    const auto found = std::ranges::find_if(
        headers, [name](const HeaderView& header) { return equals_ignoring_case(header.name, name); });
    return found == headers.end() ? nullptr : &*found;
}

std::string_view path_of(std::string_view target) noexcept {
    return target.substr(0, target.find('?'));
}

std::string_view query_of(std::string_view target) noexcept {
    const std::size_t mark = target.find('?');
    return mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
}

std::optional<TargetProblem> check_target(std::string_view target) {
    if (target == "/") {
        return std::nullopt;
    }
    const std::string_view path = path_of(target);
    if (!path.starts_with('/')) {
        return TargetProblem{TargetProblem::Part::path, "The request target is not absolute"};
    }
    if (auto problem = bad_escape(path)) {
        return TargetProblem{TargetProblem::Part::path, std::move(*problem)};
    }
    if (!resolve(path)) {
        return TargetProblem{TargetProblem::Part::path, "The request target climbs above the root"};
    }
    std::optional<TargetProblem> found;
    split(query_of(target), '&', [&](std::string_view part) {
        const auto [name, value] = name_and_value(part);
        for (const std::string_view text : {name, value}) {
            auto problem = found ? std::nullopt : bad_escape(text);
            if (problem) {
                found = TargetProblem{TargetProblem::Part::query, std::move(*problem)};
            }
        }
    });
    return found;
}

std::optional<std::string> query_parameter(std::string_view query, std::string_view name) {
    std::optional<std::string> found;
    if (!query.empty()) {
        split(query, '&', [&](std::string_view part) {
            const auto [raw_name, raw_value] = name_and_value(part);
            if (!found && decode(raw_name) == name) {
                found = decode(raw_value);
            }
        });
    }
    return found;
}

void append_canonical_request(std::string& out, const SignedRequest& request, std::string_view signed_headers,
                              std::string_view payload_hash, CanonicalOptions options) {
    out += request.method;
    out += '\n';
    append_path(out, path_of(request.target), options.path);
    out += '\n';
    append_query(out, query_of(request.target), options.token);
    out += '\n';
    append_headers(out, request.headers, signed_headers);
    out += '\n';
    out += signed_headers;
    out += '\n';
    out += payload_hash;
}

void append_string_to_sign(std::string& out, std::string_view timestamp, std::string_view scope,
                           std::string_view canonical_request) {
    out += "AWS4-HMAC-SHA256\n";
    out += timestamp;
    out += '\n';
    out += scope;
    out += '\n';
    append_hex(out, sha256(as_bytes(canonical_request)));
}

}  // namespace claviger::auth
