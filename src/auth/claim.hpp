// What a request says about its own signature: parsed, not yet believed. Private to auth.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/auth/verifier.hpp"

namespace claviger::auth {

inline constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
inline constexpr std::size_t kEchoed = 2048;  // of the caller's own words in a message

inline AuthError refuse(AuthErrc code, std::string message) {
    return AuthError{code, std::move(message)};
}
std::string_view trimmed(std::string_view text) noexcept;
bool is_region(std::string_view text) noexcept;
std::string quoted(std::string_view text);

// Views point into the request, or into `text` after rest_views().
struct Claim {
    enum class Form { header, query } form = Form::header;
    std::string_view credential, signed_headers, signature, date;
    std::optional<std::string_view> token;
    std::chrono::seconds lifetime{0};  // how old the request may be
    std::array<std::string, 5> text;

    std::string_view access_key_id, scope_date, region, service, terminator;  // once the credential was split
    std::string_view scope;
    std::chrono::sys_seconds time;
    std::string timestamp;

    static Result<Claim, AuthError> from_header(const SignedRequest& request, std::string_view authorization);
    static Result<Claim, AuthError> from_query(std::string_view query);
    void rest_views() noexcept;  // the query form: call when the object will not move any more
    bool split_credential();
    bool signs(std::string_view name) const noexcept;
    std::optional<AuthError> read_date();
    std::optional<AuthError> check_window(std::chrono::sys_seconds now, std::chrono::seconds skew) const;
    std::optional<AuthError> check_scope(const std::vector<std::string>& regions,
                                         std::string_view expected_service) const;
};

}  // namespace claviger::auth
