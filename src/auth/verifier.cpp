#include "src/auth/verifier.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <claviger/base/digest.hpp>
#include <claviger/base/encoding.hpp>

#include "src/auth/claim.hpp"

namespace claviger::auth {
namespace {

using std::chrono::seconds;

constexpr std::size_t kMaxCached = 4096;

constexpr const char* kBadToken = "The security token included in the request is invalid.";
constexpr const char* kMismatch =
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
    "Access Key and signing method. Consult the service documentation for details.";

std::array<char, 64> hex(const Sha256Digest& digest) noexcept {
    std::array<char, 64> out;
    put_hex(out.data(), digest);
    return out;
}

std::string_view view(const std::array<char, 64>& text) noexcept {
    return {text.data(), text.size()};
}

// The signing key: HMAC over date, region, service and terminator. Intermediate keys are wiped.
void derive(ByteView secret, std::array<std::string_view, 4> parts, std::span<std::byte> out) noexcept {
    Sha256Digest key = hmac_sha256(secret, as_bytes(parts[0]));
    for (std::size_t i = 1; i < parts.size(); ++i) {
        key = hmac_sha256(key, as_bytes(parts[i]));
    }
    std::ranges::copy(key, out.begin());
    wipe(key);
}

// Unknown access keys cost what known ones do.
void derive_for_nobody(std::array<std::string_view, 4> parts, std::string_view string_to_sign) noexcept {
    Sha256Digest key;
    derive(as_bytes("AWS4no-such-secret-no-such-secret-no-such-s"), parts, key);
    key = hmac_sha256(key, as_bytes(string_to_sign));
    wipe(key);
}

policy::Principal root_of(std::string_view access_key_id) {
    const bool is_account = access_key_id.size() == 12 &&
                            std::ranges::all_of(access_key_id, [](char c) { return c >= '0' && c <= '9'; });
    policy::Principal root;
    root.account = AccountId(is_account ? std::string(access_key_id) : "000000000000");
    root.arn = "arn:aws:iam::" + root.account.value() + ":root";
    root.kind = policy::PrincipalKind::root;
    root.principal_id = root.account.value();
    root.access_key_id = std::string(access_key_id);
    return root;
}

}  // namespace

Verifier::Verifier(VerifierOptions options, const CredentialSource& source, SecretArena& arena)
    : options_(std::move(options)), source_(source), arena_(arena), current_(source.current()) {}

void Verifier::follow_credentials() {
    if (source_.generation() != current_.generation) {
        cache_.clear();
        current_ = source_.current();
    }
}

Result<Verified, AuthError> Verifier::verify(const SignedRequest& request, std::string_view service,
                                             WallTime now) {
    if (auto problem = check_target(request.target)) {
        switch (problem->part) {
            case TargetProblem::Part::path:
                return refuse(AuthErrc::malformed_target, std::move(problem->message));
            case TargetProblem::Part::query:
                return refuse(AuthErrc::malformed_query, std::move(problem->message));
        }
    }
    const HeaderView* const authorization = find_header(request.headers, "authorization");
    const std::string_view query = query_of(request.target);
    auto algorithm = query_parameter(query, "X-Amz-Algorithm");
    if (authorization == nullptr && (!algorithm || options_.query_form == QueryForm::refuse)) {
        return refuse(AuthErrc::missing_token, "Missing Authentication Token");
    }
    if (authorization != nullptr && algorithm) {
        return refuse(AuthErrc::invalid_signature, "");
    }
    if (algorithm && *algorithm != kAlgorithm) {
        return refuse(AuthErrc::missing_token, "Missing Authentication Token");
    }
    auto read = authorization != nullptr ? Claim::from_header(request, authorization->value)
                                         : Claim::from_query(query);
    if (!read) {
        return std::move(read).error();
    }
    Claim& claim = *read;
    claim.rest_views();
    const bool five_parts = claim.split_credential();
    auto outcome = [&]() -> Result<Verified, AuthError> {
        if (options_.accept == Accept::any_credentials && five_parts) {
            std::string region = options_.regions.empty() ? "us-east-1" : options_.regions[0];
            if (is_region(claim.region)) {
                region = claim.region;
            }
            return Verified{std::make_shared<const policy::Principal>(root_of(claim.access_key_id)), region};
        }
        if (!claim.signs("host") && !claim.signs(":authority")) {
            return refuse(AuthErrc::invalid_signature,
                          "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
        }
        // The target chooses the operation: unsigned, it could be exchanged on the way.
        if (!claim.signs("x-amz-target") && find_header(request.headers, "x-amz-target") != nullptr) {
            return refuse(AuthErrc::invalid_signature,
                          "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.");
        }
        if (auto problem = claim.read_date()) {
            return std::move(*problem);
        }
        const auto second = std::chrono::floor<seconds>(now);
        if (auto problem = claim.check_window(second, options_.skew)) {
            return std::move(*problem);
        }
        if (!five_parts) {
            return refuse(AuthErrc::incomplete_signature,
                          "Credential must have exactly 5 slash-delimited elements, e.g. "
                          "keyid/date/region/service/term, got " +
                              quoted(claim.credential));
        }
        if (auto problem = claim.check_scope(options_.regions, service)) {
            return std::move(*problem);
        }
        return verify_claim(request, claim, now);
    }();
    if (!outcome) {
        outcome.error().access_key_id = claim.access_key_id.substr(0, kEchoed);
        outcome.error().region = claim.region.substr(0, kEchoed);
    }
    return outcome;
}

Result<Verified, AuthError> Verifier::verify_claim(const SignedRequest& request, const Claim& claim,
                                                   WallTime now) {
    follow_credentials();
    const std::array<std::string_view, 4> parts = {claim.scope_date, claim.region, claim.service,
                                                   claim.terminator};
    auto cached = cache_.find(claim.credential);
    const std::shared_ptr<const AccessKey> key =
        cached != cache_.end() ? cached->second.key : current_.credentials->find(claim.access_key_id);
    if (key == nullptr || key->status != KeyStatus::active) {
        derive_for_nobody(parts, claim.timestamp);
        return refuse(AuthErrc::unrecognized_client, kBadToken);
    }
    if (key->session.has_value() != claim.token.has_value() ||
        (claim.token &&
         !equal_constant_time(key->session->token.reveal(SecretAccess{}), as_bytes(*claim.token)))) {
        return refuse(AuthErrc::unrecognized_client, kBadToken);
    }
    if (key->session && key->session->expires <= now) {
        return refuse(AuthErrc::expired_token, "The security token included in the request is expired");
    }
    if (cached == cache_.end()) {
        auto signing_key = arena_.allocate(sizeof(Sha256Digest));
        if (!signing_key && !cache_.empty()) {
            cache_.clear();
            signing_key = arena_.allocate(sizeof(Sha256Digest));
        }
        if (!signing_key) {
            return refuse(AuthErrc::internal,
                          "no place for a signing key: " + signing_key.error().describe());
        }
        derive(key->signing_secret.reveal(SecretAccess{}), parts,
               signing_key->reveal_mutable(SecretAccess{}));
        if (cache_.size() >= kMaxCached) {
            cache_.clear();
        }
        cached = cache_.emplace(std::string(claim.credential), CachedKey{key, std::move(*signing_key)}).first;
    }
    const ByteView signing_key = cached->second.signing_key.reveal(SecretAccess{});
    bool matches = signature_matches(request, claim, signing_key, {});
    if (!matches && claim.form == Claim::Form::query && claim.token) {
        CanonicalOptions without_token;
        without_token.token = TokenInQuery::added_after;
        matches = signature_matches(request, claim, signing_key, without_token);
    }
    if (!matches) {
        return refuse(AuthErrc::invalid_signature, kMismatch);
    }
    return Verified{key->principal, std::string(claim.region)};
}

bool Verifier::signature_matches(const SignedRequest& request, const Claim& claim, ByteView signing_key,
                                 CanonicalOptions canonical) {
    const auto payload_hash = hex(sha256(request.body));
    const HeaderView* const claimed_hash = find_header(request.headers, "x-amz-content-sha256");
    if (claimed_hash != nullptr && trimmed(claimed_hash->value) != view(payload_hash)) {
        return false;
    }
    canonical_.clear();
    append_canonical_request(canonical_, request, claim.signed_headers, view(payload_hash), canonical);
    string_to_sign_.clear();
    append_string_to_sign(string_to_sign_, claim.timestamp, claim.scope, canonical_);
    const auto expected = hex(hmac_sha256(signing_key, as_bytes(string_to_sign_)));
    return equal_constant_time(as_bytes(view(expected)), as_bytes(claim.signature));
}

std::string_view json_type(AuthErrc code) noexcept {
    switch (code) {
        case AuthErrc::malformed_target: return "BadRequestException";
        case AuthErrc::malformed_query: return "MalformedQueryString";
        case AuthErrc::missing_token: return "MissingAuthenticationTokenException";
        case AuthErrc::incomplete_signature: return "IncompleteSignatureException";
        case AuthErrc::invalid_signature: return "InvalidSignatureException";
        case AuthErrc::unrecognized_client: return "UnrecognizedClientException";
        case AuthErrc::expired_token: return "ExpiredTokenException";
        case AuthErrc::internal: return "InternalFailure";
    }
    return "InternalFailure";
}

std::string_view query_code(AuthErrc code) noexcept {
    switch (code) {
        case AuthErrc::malformed_target: return "BadRequest";
        case AuthErrc::malformed_query: return "MalformedQueryString";
        case AuthErrc::missing_token: return "MissingAuthenticationToken";
        case AuthErrc::incomplete_signature: return "IncompleteSignature";
        case AuthErrc::invalid_signature: return "SignatureDoesNotMatch";
        case AuthErrc::unrecognized_client: return "InvalidClientTokenId";
        case AuthErrc::expired_token: return "ExpiredToken";
        case AuthErrc::internal: return "InternalFailure";
    }
    return "InternalFailure";
}

unsigned query_status(AuthErrc code) noexcept {
    switch (code) {
        case AuthErrc::malformed_target:
        case AuthErrc::malformed_query:
        case AuthErrc::incomplete_signature: return 400;
        case AuthErrc::missing_token:
        case AuthErrc::invalid_signature:
        case AuthErrc::unrecognized_client:
        case AuthErrc::expired_token: return 403;
        case AuthErrc::internal: return 500;
    }
    return 500;
}

std::string_view query_message(const AuthError& error) noexcept {
    return error.code == AuthErrc::missing_token ? "Request is missing Authentication Token"
                                                 : std::string_view(error.message);
}

}  // namespace claviger::auth
