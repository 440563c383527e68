// SigV4 verification: who signed this request, or which of the documented refusals it gets.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <claviger/base/clock.hpp>
#include <claviger/base/result.hpp>

#include "src/auth/canonical.hpp"
#include "src/auth/credentials.hpp"
#include "src/auth/request.hpp"
#include "src/auth/secret_arena.hpp"

namespace claviger::auth {

enum class AuthErrc {
    malformed_target,  // answered below the API: plain 400
    malformed_query,
    missing_token,  // no signature at all
    incomplete_signature,
    invalid_signature,
    unrecognized_client,  // unknown, inactive or foreign credentials
    expired_token,
    internal,  // nothing about the client: we could not look; the message is for our log only
};

// A refusal. What was claimed is for the audit record; it proves nothing.
struct AuthError {
    AuthErrc code;
    std::string message;
    std::string access_key_id = {};
    std::string region = {};
};

std::string_view json_type(AuthErrc code) noexcept;   // "InvalidSignatureException"
std::string_view query_code(AuthErrc code) noexcept;  // "SignatureDoesNotMatch"
unsigned query_status(AuthErrc code) noexcept;        // JSON services answer 400 for every one
// JSON and query services word the missing token differently.
std::string_view query_message(const AuthError& error) noexcept;

struct Verified {
    std::shared_ptr<const policy::Principal> principal;  // never null
    std::string region;
};

enum class Accept {
    signed_requests,  // the signature is verified
    any_credentials,  // nothing is verified; the account is the access key id if that has twelve digits
};

enum class QueryForm { accept, refuse };

struct VerifierOptions {
    std::vector<std::string> regions = {"us-east-1"};  // empty: any that is spelled like a region
    std::chrono::seconds skew{300};                    // each way; STS takes 900
    Accept accept = Accept::signed_requests;
    QueryForm query_form = QueryForm::accept;
};

struct Claim;

// One per io thread, used there only. Keeps the signing keys of the day, dropped when the credentials change.
// `source` and `arena` must outlive it.
class Verifier {
public:
    Verifier(VerifierOptions options, const CredentialSource& source, SecretArena& arena);

    // `service` is the signing name the request must be scoped to. Reads no clock and keeps no view.
    Result<Verified, AuthError> verify(const SignedRequest& request, std::string_view service, WallTime now);

    std::size_t cached_signing_keys() const noexcept { return cache_.size(); }

private:
    struct CachedKey {
        std::shared_ptr<const AccessKey> key;
        ArenaSecret signing_key;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };

    void follow_credentials();
    Result<Verified, AuthError> verify_claim(const SignedRequest& request, const Claim& claim, WallTime now);
    bool signature_matches(const SignedRequest& request, const Claim& claim, ByteView signing_key,
                           CanonicalOptions canonical);

    const VerifierOptions options_;
    const CredentialSource& source_;
    SecretArena& arena_;
    CredentialSource::Current current_;
    // By the whole credential, access key id to terminator: it is what a signing key depends on.
    std::unordered_map<std::string, CachedKey, Hash, std::equal_to<>> cache_;
    std::string canonical_;       // reused between requests
    std::string string_to_sign_;  // reused between requests
};

}  // namespace claviger::auth
