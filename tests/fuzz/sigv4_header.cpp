// Authorization, dates, target and body of a stranger -> verifier: nothing may crash, and nothing verifies,
// because the fuzzer does not know the secret.
#include <cstdlib>

#include "src/auth/canonical.hpp"
#include "src/auth/sigv4_time.hpp"
#include "src/auth/verifier.hpp"

namespace {

using namespace claviger;

struct Harness {
    Harness() {
        auth::AccessKey key;
        key.signing_secret =
            std::move(*arena->store_signing_secret("known to nobody, not even to the fuzzer"));
        key.principal = std::make_shared<policy::Principal>();
        auto made = std::make_shared<auth::Credentials>();
        if (!made->add("AKIAIOSFODNN7EXAMPLE", std::move(key))) {
            std::abort();
        }
        credentials.publish(std::move(made));
    }

    std::unique_ptr<auth::SecretArena> arena =
        std::move(*auth::SecretArena::create(auth::Locking::preferred));
    auth::CredentialSource credentials;
    auth::Verifier verifier{{}, credentials, *arena};
};

std::string_view take_line(std::string_view& input) {
    const std::size_t end = input.find('\n');
    const std::string_view line = input.substr(0, end);
    input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
    return line;
}

}  // namespace

// Lines: target, Authorization, date, then name:value fields up to an empty line, then the body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Harness harness;
    std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::string_view target = take_line(input);
    std::vector<auth::HeaderView> headers;
    if (const std::string_view authorization = take_line(input); !authorization.empty()) {
        headers.push_back({"Authorization", authorization});
    }
    headers.push_back({"X-Amz-Date", take_line(input)});
    while (!input.empty()) {
        const std::string_view line = take_line(input);
        if (line.empty()) {
            break;
        }
        const std::size_t colon = line.find(':');
        headers.push_back(
            {line.substr(0, colon), colon == std::string_view::npos ? "" : line.substr(colon + 1)});
    }
    const auth::SignedRequest request{"POST", target, headers, as_bytes(input)};
    const auto now = auth::parse_basic_time("20260102T030405Z");
    if (harness.verifier.verify(request, "kms", *now)) {
        std::abort();
    }
    if (!auth::check_target(target)) {
        std::string canonical;
        auth::append_canonical_request(canonical, request, "host;x-amz-date", "");
    }
    return 0;
}
