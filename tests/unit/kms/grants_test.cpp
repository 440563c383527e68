// Grants: made, listed, retired, revoked; and their tokens.
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/kms/fakes.hpp"
#include "tests/unit/kms/matchers.hpp"

namespace claviger::kms::test {
namespace {

constexpr char kRole[] = "arn:aws:iam::111122223333:role/app";
constexpr char kForeign[] = "arn:aws:iam::444455556666:user/alice";

std::string key_body(std::string_view id, std::string_view more = {}) {
    return R"({"KeyId":")" + std::string(id) + "\"" + std::string(more) + "}";
}

std::string grant_body(std::string_view key, std::string_view more = {}, std::string_view grantee = kRole) {
    return key_body(key, R"(,"Operations":["Encrypt","Decrypt"],"GranteePrincipal":")" +
                             std::string(grantee) + "\"" + std::string(more));
}

std::string make_grant(Harness& api, std::string_view key, std::string_view more = {}) {
    return text_at(api.call("CreateGrant", grant_body(key, more)).body, "GrantId");
}

TEST(Grant, IsMadeAndListedWithEveryFact) {
    Harness api;
    const std::string key = api.make_key();
    const http::Answer made =
        api.call("CreateGrant",
                 grant_body(key, R"(,"Name":"n","RetiringPrincipal":"arn:aws:iam::111122223333:user/bob",)"
                                 R"("Constraints":{"EncryptionContextSubset":{"b":"2","a":"1"}})"));
    const std::string id = text_at(made.body, "GrantId");
    EXPECT_EQ(id.size(), 64U);
    EXPECT_FALSE(text_at(made.body, "GrantToken").empty());
    EXPECT_EQ(
        api.call("ListGrants", key_body(key)).body,
        R"({"Grants":[{"KeyId":")" + api.arn(key) + R"(","GrantId":")" + id +
            R"(","Name":"n","CreationDate":1700000000.123,"GranteePrincipal":"arn:aws:iam::111122223333:role/app",)"
            R"("RetiringPrincipal":"arn:aws:iam::111122223333:user/bob",)"
            R"("IssuingAccount":"arn:aws:iam::111122223333:root","Operations":["Encrypt","Decrypt"],)"
            R"("Constraints":{"EncryptionContextSubset":{"a":"1","b":"2"}}}],"Truncated":false})");
    const std::string record = api.store.outbox().back();
    EXPECT_EQ(json_at(record, "responseElements"), R"({"grantId":")" + id + "\"}");
    EXPECT_EQ(json_at(record, "requestParameters.constraints.encryptionContextSubset"),
              R"({"b":"2","a":"1"})");
    EXPECT_THAT(record, ::testing::Not(::testing::HasSubstr("oken")));
}

TEST(Grant, SameNameAndParametersAreTheSameGrantWithAnotherToken) {
    Harness api;
    const std::string key = api.make_key();
    const http::Answer first = api.call("CreateGrant", grant_body(key, R"(,"Name":"n")"));
    const http::Answer again = api.call("CreateGrant", grant_body(key, R"(,"Name":"n")"));
    EXPECT_EQ(text_at(first.body, "GrantId"), text_at(again.body, "GrantId"));
    EXPECT_NE(text_at(first.body, "GrantToken"), text_at(again.body, "GrantToken"));
    EXPECT_NE(make_grant(api, key, R"(,"Name":"n","Constraints":{"EncryptionContextEquals":{"a":"b"}})"),
              text_at(first.body, "GrantId"));
    EXPECT_NE(make_grant(api, key), make_grant(api, key));
    EXPECT_NE(make_grant(api, api.make_key(), R"(,"Name":"n")"), text_at(first.body, "GrantId"));
}

struct BadGrant {
    const char* more;
    const char* type;
};

class GrantRefusal : public ::testing::TestWithParam<BadGrant> {};

TEST_P(GrantRefusal, NamesItsError) {
    Harness api;
    const std::string key = api.make_key();
    EXPECT_THAT(api.call("CreateGrant", key_body(key, GetParam().more)), HasType(GetParam().type));
    EXPECT_EQ(json_at(api.call("ListGrants", key_body(key)).body, "Grants"), "[]");
}

INSTANTIATE_TEST_SUITE_P(
    All, GrantRefusal,
    ::testing::Values(
        BadGrant{R"(,"Operations":["Encrypt"])", "ValidationException"},
        BadGrant{R"(,"Operations":[],"GranteePrincipal":"arn:aws:iam::111122223333:root")",
                 "ValidationException"},
        BadGrant{R"(,"Operations":["Sign"],"GranteePrincipal":"arn:aws:iam::111122223333:root")",
                 "ValidationException"},
        BadGrant{R"(,"Operations":["Encrypt"],"GranteePrincipal":"alice")", "InvalidArnException"},
        BadGrant{R"(,"Operations":["Encrypt"],"GranteePrincipal":"arn:aws:iam::111122223333:group/g")",
                 "InvalidArnException"},
        BadGrant{R"(,"Operations":["Encrypt"],"GranteeServicePrincipal":"logs.amazonaws.com")",
                 "ValidationException"},
        BadGrant{
            R"(,"Operations":["Encrypt"],"GranteePrincipal":"arn:aws:iam::111122223333:root","Constraints":)"
            R"({"EncryptionContextEquals":{"1":"","2":"","3":"","4":"","5":"","6":"","7":"","8":"","9":""}})",
            "ValidationException"},
        BadGrant{
            R"(,"Operations":["Encrypt"],"GranteePrincipal":"arn:aws:iam::111122223333:root","GrantTokens":["x"])",
            "InvalidGrantTokenException"},
        BadGrant{
            R"(,"Operations":["Encrypt"],"GranteePrincipal":"arn:aws:iam::111122223333:root","DryRun":true)",
            "DryRunOperationException"}));

TEST(Grant, OperationsSuitTheKindOfKey) {
    Harness api;
    const std::string key = api.make_key();
    api.change_key(key, [](store::KeyRecord& row) { row.usage = "SIGN_VERIFY", row.spec = "RSA_2048"; });
    EXPECT_THAT(api.call("CreateGrant", grant_body(key)), HasType("ValidationException"));
    EXPECT_THAT(
        api.call("CreateGrant", key_body(key, R"(,"Operations":["Sign","GetPublicKey","DescribeKey"],)"
                                              R"("GranteePrincipal":"arn:aws:iam::111122223333:root",)"
                                              R"("Constraints":{"EncryptionContextEquals":{}})")),
        HasType("ValidationException"));
    EXPECT_EQ(api.call("CreateGrant", key_body(key, R"(,"Operations":["Sign","GetPublicKey","DescribeKey"],)"
                                                    R"("GranteePrincipal":"arn:aws:iam::111122223333:root")"))
                  .status,
              200U);
}

TEST(Grant, StateOfTheKeyIsChecked) {
    Harness api;
    const std::string key = api.make_key();
    const std::string grant = make_grant(api, key);
    api.call("DisableKey", key_body(key));
    EXPECT_THAT(api.call("CreateGrant", grant_body(key)),
                IsError("DisabledException", api.arn(key) + " is disabled."));
    EXPECT_THAT(api.call("RevokeGrant", key_body(key, R"(,"GrantId":")" + grant + "\"")), IsEmptySuccess());
}

TEST(Grant, PagesAndFiltersCoverEveryGrantOnce) {
    Harness api;
    const std::string key = api.make_key();
    std::set<std::string> made;
    for (int i = 0; i < 7; ++i) {
        made.insert(make_grant(api, key));
    }
    make_grant(api, api.make_key());
    std::set<std::string> seen;
    std::string marker;
    for (int page = 0; page < 3; ++page) {
        const http::Answer answer = api.call("ListGrants", key_body(key, R"(,"Limit":3)" + marker));
        for (int i = 0; i < (page < 2 ? 3 : 1); ++i) {
            EXPECT_TRUE(seen.insert(text_at(answer.body, "Grants." + std::to_string(i) + ".GrantId")).second);
        }
        EXPECT_EQ(json_at(answer.body, "Truncated"), page < 2 ? "true" : "false");
        marker = R"(,"Marker":")" + text_at(answer.body, "NextMarker") + "\"";
    }
    EXPECT_EQ(seen, made);
    const std::string one = *made.begin();
    EXPECT_EQ(text_at(api.call("ListGrants", key_body(key, R"(,"GrantId":")" + one + "\"")).body,
                      "Grants.0.GrantId"),
              one);
    EXPECT_EQ(json_at(api.call("ListGrants",
                               key_body(key, R"(,"GranteePrincipal":"arn:aws:iam::111122223333:root")"))
                          .body,
                      "Grants"),
              "[]");
    EXPECT_THAT(api.call("ListGrants", key_body(key, R"(,"GrantId":"x")")),
                IsBareError("InvalidGrantIdException"));
}

TEST(Grant, RevokeEndsItOnce) {
    Harness api;
    const std::string key = api.make_key();
    const std::string grant = make_grant(api, key);
    const std::string body = key_body(key, R"(,"GrantId":")" + grant + "\"");
    EXPECT_THAT(api.call("RevokeGrant", key_body(key, R"(,"DryRun":true,"GrantId":")" + grant + "\"")),
                HasType("DryRunOperationException"));
    EXPECT_THAT(api.call("RevokeGrant", body), IsEmptySuccess());
    EXPECT_EQ(json_at(api.call("ListGrants", key_body(key)).body, "Grants"), "[]");
    EXPECT_THAT(api.call("RevokeGrant", body),
                IsError("NotFoundException", "Grant ID " + grant + " not found"));
    EXPECT_THAT(api.call("RevokeGrant", key_body(key, R"(,"GrantId":"x")")),
                IsBareError("InvalidGrantIdException"));
}

TEST(Grant, IsRetiredByTokenOrByKeyAndId) {
    Harness api;
    const std::string key = api.make_key();
    const http::Answer made = api.call("CreateGrant", grant_body(key));
    const std::string token = R"({"GrantToken":")" + text_at(made.body, "GrantToken") + "\"}";
    EXPECT_THAT(api.call("RetireGrant", token), IsEmptySuccess());
    EXPECT_EQ(text_at(api.store.outbox().back(), "additionalEventData.grantId"),
              text_at(made.body, "GrantId"));
    EXPECT_EQ(json_at(api.store.outbox().back(), "requestParameters"), "null");
    EXPECT_THAT(api.call("RetireGrant", token),
                IsError("NotFoundException", "Grant ID " + text_at(made.body, "GrantId") + " not found"));
    const std::string other = make_grant(api, key);
    const std::string named = R"(,"GrantId":")" + other + "\"";
    EXPECT_THAT(api.call("RetireGrant", key_body(key)), HasType("ValidationException"));
    EXPECT_THAT(api.call("RetireGrant", "{}"), HasType("ValidationException"));
    EXPECT_THAT(api.call("RetireGrant", key_body(key, named + R"(,"GrantToken":"x")")),
                HasType("ValidationException"));
    EXPECT_THAT(api.call("RetireGrant", R"({"GrantToken":"x"})"), IsBareError("InvalidGrantTokenException"));
    EXPECT_THAT(api.call("RetireGrant", key_body(key, named + R"(,"DryRun":true)")),
                HasType("DryRunOperationException"));
    EXPECT_THAT(api.call("RetireGrant", key_body(api.arn(key), named)), IsEmptySuccess());
}

TEST(Grant, AForeignRetiringPrincipalMayRetireAndSeeIt) {
    Harness api;
    const std::string key = api.make_key();
    const std::string plain = make_grant(api, key);
    const std::string retirable =
        make_grant(api, key, R"(,"RetiringPrincipal":")" + std::string(kForeign) + "\"");
    const auto retire = [&](const std::string& grant) {
        return api.call("RetireGrant", key_body(api.arn(key), R"(,"GrantId":")" + grant + "\""),
                        kOtherAccount);
    };
    const std::string of_foreign = R"({"RetiringPrincipal":")" + std::string(kForeign) + "\"}";
    EXPECT_EQ(text_at(api.call("ListRetirableGrants", of_foreign, kOtherAccount).body, "Grants.0.GrantId"),
              retirable);
    EXPECT_THAT(api.call("ListRetirableGrants", of_foreign), HasType("AccessDeniedException"));
    EXPECT_THAT(api.call("ListRetirableGrants", "{}"), HasType("ValidationException"));
    EXPECT_THAT(retire(plain), HasType("AccessDeniedException"));
    EXPECT_THAT(retire(retirable), IsEmptySuccess());
    EXPECT_EQ(json_at(api.call("ListRetirableGrants", of_foreign, kOtherAccount).body, "Grants"), "[]");
}

TEST(Grant, TokensAreAcceptedWhereTheModelHasThemAndOnlyIfOurs) {
    Harness api;
    const std::string key = api.make_key();
    const std::string token = text_at(api.call("CreateGrant", grant_body(key)).body, "GrantToken");
    const auto use = [&](const std::string& text) {
        return api.call("Encrypt", key_body(key, R"(,"Plaintext":"YQ==","GrantTokens":[")" + text + "\"]"));
    };
    EXPECT_EQ(use(token).status, 200U);
    std::string forged = token;
    forged[4] = forged[4] == 'A' ? 'B' : 'A';
    EXPECT_THAT(use(forged), IsBareError("InvalidGrantTokenException"));
    EXPECT_THAT(use("abc"), IsBareError("InvalidGrantTokenException"));
    EXPECT_EQ(api.call("EnableKey", key_body(key, R"(,"GrantTokens":["abc"])")).status, 200U)
        << "an unknown member is ignored";
    EXPECT_EQ(api.call("DescribeKey", key_body(key, R"(,"GrantTokens":["abc"])")).status, 200U)
        << "DescribeKey has no error for them";
}

TEST(Grant, GoesWithItsKey) {
    Harness api;
    const std::string key = api.make_key();
    make_grant(api, key, R"(,"RetiringPrincipal":"arn:aws:iam::111122223333:user/bob")");
    api.call("ScheduleKeyDeletion", key_body(key));
    api.life.time += std::chrono::days(31);
    EXPECT_EQ(api.reap(), 1U);
    EXPECT_EQ(json_at(api.call("ListRetirableGrants",
                               R"({"RetiringPrincipal":"arn:aws:iam::111122223333:user/bob"})")
                          .body,
                      "Grants"),
              "[]");
}

}  // namespace
}  // namespace claviger::kms::test
