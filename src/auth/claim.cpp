#include "src/auth/claim.hpp"

#include <algorithm>
#include <utility>

#include "src/auth/sigv4_time.hpp"

namespace claviger::auth {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr std::string_view kTerminator = "aws4_request";
constexpr std::uint32_t kMaxExpires = 604800;

std::string duration_text(seconds duration) {
    const auto count = duration.count();
    return count % 60 == 0 ? std::to_string(count / 60) + " min." : std::to_string(count) + " sec.";
}

}  // namespace

std::string_view trimmed(std::string_view text) noexcept {
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

std::string quoted(std::string_view text) {
    return "'" + std::string(text.substr(0, kEchoed)) + "'";
}

bool is_region(std::string_view text) noexcept {
    return !text.empty() && text.size() <= 32 && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

Result<Claim, AuthError> Claim::from_header(const SignedRequest& request, std::string_view authorization) {
    authorization = trimmed(authorization);
    const std::size_t blank = authorization.find(' ');
    const std::string_view algorithm = authorization.substr(0, blank);
    if (algorithm != kAlgorithm || blank == std::string_view::npos) {
        return refuse(AuthErrc::incomplete_signature,
                      "Unsupported AWS 'algorithm': " + quoted(algorithm) + ".");
    }
    Claim claim;
    bool credential = false, signature = false, signed_headers = false;
    std::string_view rest = authorization.substr(blank + 1);
    for (bool more = true; more;) {
        const std::size_t comma = rest.find(',');
        const std::string_view part = trimmed(rest.substr(0, comma));
        more = comma != std::string_view::npos;
        rest.remove_prefix(more ? comma + 1 : rest.size());
        const std::size_t equal = part.find('=');
        if (equal == std::string_view::npos) {
            return refuse(AuthErrc::incomplete_signature,
                          quoted(part) +
                              " not a valid key=value pair (missing equal-sign) in Authorization " +
                              "header: " + quoted(authorization) + ".");
        }
        const std::string_view name = trimmed(part.substr(0, equal));
        const std::string_view value = trimmed(part.substr(equal + 1));
        if (name == "Credential") {
            claim.credential = value;
            credential = true;
        } else if (name == "Signature") {
            claim.signature = value;
            signature = true;
        } else if (name == "SignedHeaders") {
            claim.signed_headers = value;
            signed_headers = true;
        }
    }
    const HeaderView* date = find_header(request.headers, "x-amz-date");
    if (date == nullptr) {
        date = find_header(request.headers, "date");
    }
    std::string missing;
    const auto require = [&missing](bool present, std::string_view sentence) {
        if (!present) {
            missing += sentence;
            missing += ' ';
        }
    };
    require(credential, "Authorization header requires 'Credential' parameter.");
    require(signature, "Authorization header requires 'Signature' parameter.");
    require(signed_headers, "Authorization header requires 'SignedHeaders' parameter.");
    require(date != nullptr,
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
    if (!missing.empty()) {
        return refuse(AuthErrc::incomplete_signature, missing + "Authorization=AWS4-HMAC-SHA256");
    }
    claim.date = trimmed(date->value);
    if (const HeaderView* token = find_header(request.headers, "x-amz-security-token")) {
        claim.token = trimmed(token->value);
    }
    return claim;
}

Result<Claim, AuthError> Claim::from_query(std::string_view query) {
    constexpr std::array<std::string_view, 4> kRequired = {"X-Amz-Credential", "X-Amz-Signature",
                                                           "X-Amz-SignedHeaders", "X-Amz-Date"};
    Claim claim;
    claim.form = Form::query;
    std::string missing;
    for (std::size_t i = 0; i < kRequired.size(); ++i) {
        if (auto value = query_parameter(query, kRequired[i])) {
            claim.text[i] = std::move(*value);
        } else {
            missing += "AWS query-string parameters must include " + quoted(kRequired[i]) + ". ";
        }
    }
    if (!missing.empty()) {
        return refuse(AuthErrc::incomplete_signature, missing + "Re-examine the query-string parameters.");
    }
    if (const auto expires = query_parameter(query, "X-Amz-Expires")) {
        std::uint32_t value = 0;
        for (const char c : *expires) {
            value = c >= '0' && c <= '9' && value <= kMaxExpires
                        ? value * 10 + static_cast<std::uint32_t>(c - '0')
                        : kMaxExpires + 1;
        }
        if (value == 0 || value > kMaxExpires) {
            return refuse(AuthErrc::incomplete_signature,
                          "X-Amz-Expires must be a number of seconds between 1 and 604800. "
                          "Re-examine the query-string parameters.");
        }
        claim.lifetime = seconds(value);
    }
    if (auto token = query_parameter(query, "X-Amz-Security-Token")) {
        claim.text[4] = std::move(*token);
        claim.token = std::string_view();
    }
    return claim;
}

void Claim::rest_views() noexcept {
    if (form == Form::query) {
        credential = text[0];
        signature = text[1];
        signed_headers = text[2];
        date = text[3];
        if (token) {
            token = text[4];
        }
    }
}

bool Claim::split_credential() {
    std::array<std::string_view, 5> parts;
    std::string_view rest = credential;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::size_t slash = rest.find('/');
        if ((slash == std::string_view::npos) != (i + 1 == parts.size())) {
            return false;
        }
        parts[i] = rest.substr(0, slash);
        rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
    }
    access_key_id = parts[0];
    scope_date = parts[1];
    region = parts[2];
    service = parts[3];
    terminator = parts[4];
    scope = credential.substr(access_key_id.size() + 1);
    return true;
}

bool Claim::signs(std::string_view name) const noexcept {
    std::string_view rest = signed_headers;
    while (!rest.empty()) {
        const std::size_t end = rest.find(';');
        if (equals_ignoring_case(rest.substr(0, end), name)) {
            return true;
        }
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    return false;
}

std::optional<AuthError> Claim::read_date() {
    auto parsed = parse_basic_time(date);
    if (!parsed && form == Form::header) {
        parsed = parse_extended_time(date);
    }
    if (!parsed && form == Form::header) {
        parsed = parse_http_date(date);
    }
    if (!parsed) {
        return refuse(AuthErrc::incomplete_signature, "Date must be in ISO-8601 'basic format'. Got " +
                                                          quoted(date) +
                                                          ". See http://en.wikipedia.org/wiki/ISO_8601");
    }
    time = *parsed;
    timestamp = basic_time(time);
    return std::nullopt;
}

std::optional<AuthError> Claim::check_window(sys_seconds now, seconds skew) const {
    const seconds age = lifetime > seconds(0) ? lifetime : skew;
    if (time < now - age) {
        return refuse(AuthErrc::invalid_signature,
                      "Signature expired: " + timestamp + " is now earlier than " + basic_time(now - age) +
                          " (" + basic_time(now) + " - " + duration_text(age) + ")");
    }
    if (time > now + skew) {
        return refuse(AuthErrc::invalid_signature, "Signature not yet current: " + timestamp +
                                                       " is still later than " + basic_time(now + skew) +
                                                       " (" + basic_time(now) + " + " + duration_text(skew) +
                                                       ")");
    }
    return std::nullopt;
}

std::optional<AuthError> Claim::check_scope(const std::vector<std::string>& regions,
                                            std::string_view expected_service) const {
    std::string message;
    const auto complain = [&message](std::string sentence) {
        message += (message.empty() ? "" : " ") + std::move(sentence);
    };
    if (!is_region(region) || (!regions.empty() && std::ranges::find(regions, region) == regions.end())) {
        complain("Credential should be scoped to a valid region, not " + quoted(region) + ".");
    }
    if (service != expected_service) {
        complain("Credential should be scoped to correct service: " + quoted(expected_service) + ".");
    }
    if (terminator != kTerminator) {
        complain("Credential should be scoped with a valid terminator: 'aws4_request', not " +
                 quoted(terminator) + ".");
    }
    const std::string_view day = std::string_view(timestamp).substr(0, 8);
    if (scope_date != day) {
        complain(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: " +
            quoted(scope_date) + " != " + quoted(day) + ", from " + quoted(timestamp) + ".");
    }
    if (message.empty()) {
        return std::nullopt;
    }
    return refuse(AuthErrc::invalid_signature, std::move(message));
}

}  // namespace claviger::auth
