// The canonical request and the string to sign of AWS Signature Version 4.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "src/auth/request.hpp"

namespace claviger::auth {

enum class PathStyle {
    normalized,  // dot segments and empty segments removed, every byte encoded once more: all services but S3
    verbatim,    // the path as it is, encoded once more
};

enum class TokenInQuery {
    signed_with_it,  // X-Amz-Security-Token is part of the canonical query
    added_after,     // it was appended to a URL that was signed without it
};

struct CanonicalOptions {
    PathStyle path = PathStyle::normalized;
    TokenInQuery token = TokenInQuery::signed_with_it;
};

// What is wrong with a target, if anything; the verifier's rows 1 and 4.
struct TargetProblem {
    enum class Part { path, query } part;
    std::string message;
};
std::optional<TargetProblem> check_target(std::string_view target);

// The value of the first query parameter of that (decoded) name, decoded; the query must be well formed.
std::optional<std::string> query_parameter(std::string_view query, std::string_view name);

std::string_view path_of(std::string_view target) noexcept;
std::string_view query_of(std::string_view target) noexcept;

// Appends the canonical request. `signed_headers` is the list as received; `payload_hash` 64 hexadecimal
// digits. The target must have passed check_target(). A listed header that is absent counts as empty.
void append_canonical_request(std::string& out, const SignedRequest& request, std::string_view signed_headers,
                              std::string_view payload_hash, CanonicalOptions options = {});

// `timestamp` is basic ISO-8601, `scope` date/region/service/aws4_request.
void append_string_to_sign(std::string& out, std::string_view timestamp, std::string_view scope,
                           std::string_view canonical_request);

}  // namespace claviger::auth
