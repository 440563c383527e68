// SigV4 vectors of strangers: requests as text, and where they lie.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json.hpp>

#include "src/auth/credentials.hpp"
#include "src/auth/request.hpp"
#include "src/auth/secret_arena.hpp"
#include "src/auth/verifier.hpp"

namespace claviger::auth::test {

boost::json::value load(std::string_view file);  // below tests/data/sigv4

struct TextRequest {
    std::string method, target, body;
    std::vector<std::pair<std::string, std::string>> headers;

    std::vector<HeaderView> views() const;
};

// "GET / HTTP/1.1\nName:value\n…\n\nbody". A folded value is joined with one blank, as RFC 9112 section 5.2
// says.
TextRequest parse_request(std::string_view text);

// One access key, published.
class OneKey {
public:
    OneKey(std::string_view id, std::string_view secret, std::string_view token = {});
    Verifier verifier(VerifierOptions options) { return Verifier(std::move(options), source, *arena); }

    std::unique_ptr<SecretArena> arena;
    CredentialSource source;
};

WallTime wall(std::string_view basic_time);

}  // namespace claviger::auth::test
