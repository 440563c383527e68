// What the suites do not say: the cache, credential changes, sessions, and the order of checks.
#include "src/auth/verifier.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/auth/sigv4_time.hpp"
#include "tests/unit/auth/vectors.hpp"

namespace claviger::auth {
namespace {

using test::OneKey;
using test::TextRequest;
using test::wall;
using testing::HasSubstr;

constexpr std::string_view kId = "AKIAIOSFODNN7EXAMPLE";
constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
constexpr std::string_view kNow = "20260102T030405Z";

// The worked example of the signing documentation of this project: kms-positive, list-keys.
TextRequest good() {
    return {"POST",
            "/",
            "{}",
            {{"Host", "kms.us-east-1.amazonaws.com"},
             {"X-Amz-Target", "TrentService.ListKeys"},
             {"Content-Type", "application/x-amz-json-1.1"},
             {"X-Amz-Date", std::string(kNow)},
             {"Authorization",
              "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-east-1/kms/aws4_request, "
              "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
              "Signature=a782aae1db24698bc490d5916f43ef1806adb450dc7362f504296198d5b184fb"}}};
}

Result<Verified, AuthError> verify(Verifier& verifier, const TextRequest& request,
                                   std::string_view now = kNow) {
    const auto headers = request.views();
    return verifier.verify({request.method, request.target, headers, as_bytes(request.body)}, "kms",
                           wall(now));
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

TEST(Verifier, SigningKeyIsCachedUntilTheCredentialsChange) {
    OneKey key(kId, kSecret);
    auto verifier = key.verifier({});
    ASSERT_TRUE(verify(verifier, good()));
    ASSERT_TRUE(verify(verifier, good()));
    EXPECT_EQ(verifier.cached_signing_keys(), 1u);
    key.source.publish(std::make_shared<Credentials>());
    const auto gone = verify(verifier, good());
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().code, AuthErrc::unrecognized_client);
    EXPECT_EQ(verifier.cached_signing_keys(), 0u);
}

TEST(Verifier, ChangedSecretIsUsedAtOnce) {
    OneKey key(kId, kSecret);
    auto verifier = key.verifier({});
    ASSERT_TRUE(verify(verifier, good()));
    AccessKey changed;
    changed.signing_secret = std::move(key.arena->store_signing_secret("another secret")).value();
    auto credentials = std::make_shared<Credentials>();
    ASSERT_TRUE(credentials->add(std::string(kId), std::move(changed)));
    key.source.publish(std::move(credentials));
    const auto refused = verify(verifier, good());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, AuthErrc::invalid_signature);
}

TEST(Verifier, InactiveKeyIsUnrecognized) {
    OneKey key(kId, kSecret);
    auto credentials = std::make_shared<Credentials>();
    AccessKey inactive;
    inactive.signing_secret = std::move(key.arena->store_signing_secret(kSecret)).value();
    inactive.status = KeyStatus::inactive;
    ASSERT_TRUE(credentials->add(std::string(kId), std::move(inactive)));
    key.source.publish(std::move(credentials));
    auto verifier = key.verifier({});
    EXPECT_EQ(verify(verifier, good()).error().code, AuthErrc::unrecognized_client);
}

TEST(Verifier, FullArenaIsOurFailureAndNotTheClients) {
    OneKey key(kId, kSecret);
    auto verifier = key.verifier({});
    std::vector<ArenaSecret> held;
    for (auto made = key.arena->allocate(32); made; made = key.arena->allocate(32)) {
        held.push_back(std::move(*made));
    }
    const auto refused = verify(verifier, good());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, AuthErrc::internal);
    EXPECT_EQ(json_type(refused.error().code), "InternalFailure");
    held.clear();
    EXPECT_TRUE(verify(verifier, good()));
}

TEST(Verifier, RefusalCarriesWhatWasClaimed) {
    OneKey key("AKIDOTHER", kSecret);
    auto verifier = key.verifier({});
    const auto refused = verify(verifier, good());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().access_key_id, kId);
    EXPECT_EQ(refused.error().region, "us-east-1");
}

TEST(Verifier, WindowIsClosedAtItsEdges) {
    OneKey key(kId, kSecret);
    auto verifier = key.verifier({});
    EXPECT_TRUE(verify(verifier, good(), "20260102T030905Z"));
    EXPECT_FALSE(verify(verifier, good(), "20260102T030906Z"));
    EXPECT_TRUE(verify(verifier, good(), "20260102T025905Z"));
    EXPECT_FALSE(verify(verifier, good(), "20260102T025904Z"));
}

TEST(Verifier, SkewOfOddSecondsIsSaidInSeconds) {
    OneKey key(kId, kSecret);
    VerifierOptions options;
    options.skew = std::chrono::seconds(90);
    auto verifier = key.verifier(options);
    EXPECT_THAT(verify(verifier, good(), "20260102T031000Z").error().message,
                HasSubstr("(20260102T031000Z - 90 sec.)"));
}

TEST(Verifier, UnsignedTargetIsRefused) {
    OneKey key(kId, kSecret);
    auto verifier = key.verifier({});
    TextRequest request = good();
    request.headers[4].second = replaced(request.headers[4].second, ";x-amz-target", "");
    const auto refused = verify(verifier, request);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, AuthErrc::invalid_signature);
    EXPECT_THAT(refused.error().message, HasSubstr("X-Amz-Target"));
}

TEST(Verifier, EveryScopeMismatchIsReportedInOneMessage) {
    OneKey key(kId, kSecret);
    auto verifier = key.verifier({});
    TextRequest request = good();
    request.headers[4].second =
        replaced(request.headers[4].second, "20260102/us-east-1/kms/aws4_request", "20260103/mars-1/s3/aws5");
    EXPECT_EQ(
        verify(verifier, request).error().message,
        "Credential should be scoped to a valid region, not 'mars-1'. Credential should be scoped to correct "
        "service: 'kms'. Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5'. "
        "Date in "
        "Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260103' != "
        "'20260102', from '20260102T030405Z'.");
}

TEST(Verifier, MissingPartsAreListedInOrder) {
    OneKey key(kId, kSecret);
    auto verifier = key.verifier({});
    TextRequest request = good();
    request.headers[3].first = "X-Other";
    request.headers[4].second = "AWS4-HMAC-SHA256 Other=1";
    EXPECT_EQ(
        verify(verifier, request).error().message,
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' "
        "parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires "
        "existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256");
}

TEST(Verifier, HttpDateAndExtendedDateAreUnderstood) {
    EXPECT_EQ(parse_http_date("Fri, 02 Jan 2026 03:04:05 GMT"), parse_basic_time(kNow));
    EXPECT_EQ(parse_extended_time("2026-01-02T03:04:05Z"), parse_basic_time(kNow));
    EXPECT_EQ(parse_extended_time("2026-01-02T03:04:05.678Z"), parse_basic_time(kNow));
    EXPECT_EQ(http_date(*parse_basic_time(kNow)), "Fri, 02 Jan 2026 03:04:05 GMT");
    for (const std::string_view bad :
         {"", "20260102T030405", "20260102T030405z", "20261302T030405Z", "20260230T030405Z",
          "20260102T250405Z", "2026-1-2T3:4:5Z", "20260102T030405Z "}) {
        EXPECT_FALSE(parse_basic_time(bad)) << bad;
        EXPECT_FALSE(parse_extended_time(bad)) << bad;
        EXPECT_FALSE(parse_http_date(bad)) << bad;
    }
}

TEST(Verifier, BadQueryIsMalformed) {
    OneKey key(kId, kSecret);
    auto verifier = key.verifier({});
    TextRequest request = good();
    request.target = "/?a=%zz";
    EXPECT_EQ(verify(verifier, request).error().message, "Illegal hex character in escape % pattern: %zz");
    request.target = "/?a=%2";
    EXPECT_EQ(verify(verifier, request).error().message, "Incomplete trailing escape % sequence");
    EXPECT_EQ(verify(verifier, request).error().code, AuthErrc::malformed_query);
    request.target = "/a/../..";
    EXPECT_EQ(verify(verifier, request).error().code, AuthErrc::malformed_target);
}

TEST(Verifier, QueryFormCanBeSwitchedOff) {
    OneKey key(kId, kSecret);
    VerifierOptions options;
    options.query_form = QueryForm::refuse;
    auto verifier = key.verifier(options);
    TextRequest request = good();
    request.headers.pop_back();
    request.target = "/?X-Amz-Algorithm=AWS4-HMAC-SHA256";
    EXPECT_EQ(verify(verifier, request).error().code, AuthErrc::missing_token);
}

TEST(Verifier, ExpiryOfAUrlMustBeANumberInRange) {
    OneKey key(kId, kSecret);
    auto verifier = key.verifier({});
    TextRequest request = good();
    request.headers.pop_back();
    for (const std::string expires : {"", "0", "-1", "604801", "4294967597", "12h"}) {
        request.target =
            "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a&X-Amz-Signature=b&X-Amz-SignedHeaders="
            "host&"
            "X-Amz-Date=c&X-Amz-Expires=" +
            expires;
        EXPECT_THAT(verify(verifier, request).error().message, HasSubstr("X-Amz-Expires")) << expires;
    }
}

TEST(Verifier, ExpiredSessionIsSaid) {
    OneKey key(kId, kSecret);
    auto credentials = std::make_shared<Credentials>();
    AccessKey session;
    session.signing_secret = std::move(key.arena->store_signing_secret(kSecret)).value();
    session.session = SessionBinding{std::move(key.arena->store(as_bytes("token"))).value(), wall(kNow)};
    ASSERT_TRUE(credentials->add(std::string(kId), std::move(session)));
    key.source.publish(std::move(credentials));
    auto verifier = key.verifier({});
    TextRequest request = good();
    request.headers.emplace_back("X-Amz-Security-Token", "token");
    EXPECT_EQ(verify(verifier, request).error().code, AuthErrc::expired_token);
}

TEST(Verifier, AnyCredentialsTakesTheAccountFromTheAccessKeyId) {
    OneKey key(kId, kSecret);
    VerifierOptions options;
    options.accept = Accept::any_credentials;
    auto verifier = key.verifier(options);
    const auto fallback = verify(verifier, good(), "20300101T000000Z");
    ASSERT_TRUE(fallback);
    EXPECT_EQ(fallback->principal->account.value(), "000000000000");
    EXPECT_EQ(fallback->principal->kind, policy::PrincipalKind::root);
    TextRequest request = good();
    request.headers[4].second = replaced(request.headers[4].second, kId, "444455556666");
    EXPECT_EQ(verify(verifier, request)->principal->arn, "arn:aws:iam::444455556666:root");
    request.headers.pop_back();
    EXPECT_EQ(verify(verifier, request).error().code, AuthErrc::missing_token);
}

TEST(Verifier, EveryFlippedBitOfTheAuthorizationIsRefused) {
    OneKey key(kId, kSecret);
    auto verifier = key.verifier({});
    const std::string authorization = good().headers[4].second;
    for (std::size_t i = 0; i < authorization.size(); ++i) {
        for (int bit = 0; bit < 8; ++bit) {
            TextRequest request = good();
            char& c = request.headers[4].second[i];
            c = static_cast<char>(c ^ (1 << bit));
            const auto verdict = verify(verifier, request);
            if (verdict) {
                // Only blanks between parts may be something else: a blank where a tab was read.
                EXPECT_TRUE(authorization[i] == ' ' && (c == '\t')) << i << " " << bit;
            }
        }
    }
}

}  // namespace
}  // namespace claviger::auth
