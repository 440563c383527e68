// Tags and key policies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/kms/fakes.hpp"
#include "tests/unit/kms/matchers.hpp"

namespace claviger::kms::test {
namespace {

std::string tags(int first, int count) {
    std::string out = R"(,"Tags":[)";
    for (int i = first; i < first + count; ++i) {
        out += (i == first ? "" : ",") + (R"({"TagKey":"k)" + std::to_string(i) + R"(","TagValue":"v"})");
    }
    return out + "]";
}

TEST(Tags, AreAddedReplacedListedAndRemoved) {
    Harness api;
    const std::string key = api.make_key();
    EXPECT_THAT(
        api.call("TagResource",
                 key_body(key, R"(,"Tags":[{"TagKey":"b","TagValue":"1"},{"TagKey":"a","TagValue":""}])")),
        IsEmptySuccess());
    EXPECT_THAT(api.call("TagResource", key_body(key, R"(,"Tags":[{"TagKey":"b","TagValue":"2"}])")),
                IsEmptySuccess());
    EXPECT_EQ(api.call("ListResourceTags", key_body(key)).body,
              R"({"Tags":[{"TagKey":"a","TagValue":""},{"TagKey":"b","TagValue":"2"}],"Truncated":false})");
    EXPECT_THAT(api.call("UntagResource", key_body(key, R"(,"TagKeys":["a","unknown"])")), IsEmptySuccess());
    EXPECT_EQ(json_at(api.call("ListResourceTags", key_body(key)).body, "Tags"),
              R"([{"TagKey":"b","TagValue":"2"}])");
    EXPECT_EQ(text_at(api.store.outbox().back(), "eventName"), "UntagResource");
    EXPECT_EQ(json_at(api.store.outbox().back(), "requestParameters.tagKeys"), R"(["a","unknown"])");
}

TEST(Tags, RefusalsHaveTheTextsOfAws) {
    Harness api;
    const std::string key = api.make_key();
    EXPECT_THAT(api.call("TagResource", key_body(key, R"(,"Tags":[{"TagKey":"aWs:x","TagValue":""}])")),
                IsError("TagException", "Tags beginning with aws: are reserved"));
    EXPECT_THAT(api.call("TagResource", key_body(key, R"(,"Tags":[{"TagKey":"x","TagValue":""},)"
                                                      R"({"TagKey":"x","TagValue":""}])")),
                IsError("TagException", "Duplicate tag keys"));
    EXPECT_THAT(api.call("TagResource", key_body(key, tags(0, 51))),
                IsError("TagException", "Too many tags"));
    EXPECT_THAT(api.call("TagResource", key_body(key, tags(0, 50))), IsEmptySuccess());
    EXPECT_THAT(api.call("TagResource", key_body(key, tags(50, 1))),
                IsError("TagException", "Too many tags"));
    EXPECT_THAT(api.call("TagResource", key_body(key, tags(0, 50))), IsEmptySuccess());
    api.call("ScheduleKeyDeletion", key_body(key));
    for (const char* operation : {"TagResource", "UntagResource"}) {
        EXPECT_THAT(api.call(operation, key_body(key, tags(0, 1) + R"(,"TagKeys":["k1"])")),
                    IsError("KMSInvalidStateException", api.arn(key) + " is pending deletion."));
    }
}

TEST(Tags, PagesCoverEveryTagOnce) {
    Harness api;
    const std::string key = api.make_key();
    api.call("TagResource", key_body(key, tags(10, 45)));
    std::string marker;
    int seen = 10;
    for (int page = 0; page < 3; ++page) {
        const http::Answer answer = api.call("ListResourceTags", key_body(key, R"(,"Limit":20)" + marker));
        for (int i = 0; !text_at(answer.body, "Tags." + std::to_string(i) + ".TagKey").empty(); ++i) {
            EXPECT_EQ(text_at(answer.body, "Tags." + std::to_string(i) + ".TagKey"),
                      "k" + std::to_string(seen++));
        }
        EXPECT_EQ(json_at(answer.body, "Truncated"), page < 2 ? "true" : "false");
        marker = R"(,"Marker":")" + text_at(answer.body, "NextMarker") + "\"";
    }
    EXPECT_EQ(seen, 55);
    const std::string other = api.make_key();
    const http::Answer first = api.call("ListResourceTags", key_body(key, R"(,"Limit":1)"));
    EXPECT_THAT(api.call("ListResourceTags",
                         key_body(other, R"(,"Marker":")" + text_at(first.body, "NextMarker") + "\"")),
                IsBareError("InvalidMarkerException"));
    EXPECT_EQ(json_at(api.call("ListResourceTags", key_body(key, R"(,"Limit":1000)")).body, "Truncated"),
              "false");
}

std::string policy_body(std::string_view id, std::string_view principal, std::string_view more = {}) {
    return key_body(id, R"(,"Policy":"{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\")" +
                            std::string(principal) + R"(\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}}")" +
                            std::string(more));
}

TEST(Policy, IsPutGotAndListed) {
    Harness api;
    const std::string key = api.make_key();
    const http::Answer first = api.call("GetKeyPolicy", key_body(key));
    EXPECT_EQ(text_at(first.body, "PolicyName"), "default");
    EXPECT_THAT(text_at(first.body, "Policy"), ::testing::HasSubstr(R"("Id" : "key-default-1")"));
    EXPECT_THAT(api.call("PutKeyPolicy", policy_body(key, "arn:aws:iam::111122223333:root")),
                IsEmptySuccess());
    EXPECT_EQ(text_at(api.call("GetKeyPolicy", key_body(key, R"(,"PolicyName":"default")")).body, "Policy"),
              R"({"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},)"
              R"("Action":"kms:*","Resource":"*"}})");
    EXPECT_EQ(api.call("ListKeyPolicies", key_body(key)).body,
              R"({"PolicyNames":["default"],"Truncated":false})");
    api.call("ScheduleKeyDeletion", key_body(key));
    EXPECT_THAT(api.call("PutKeyPolicy", policy_body(key, "111122223333")), IsEmptySuccess());
}

TEST(Policy, RefusalsHaveTheTextsOfAws) {
    Harness api;
    const std::string key = api.make_key();
    EXPECT_THAT(api.call("PutKeyPolicy", policy_body(key, "arn:aws:iam::111122223333:user/bob")),
                IsError("MalformedPolicyDocumentException",
                        "The new key policy will not allow you to update the key policy in the future."));
    EXPECT_THAT(api.call("PutKeyPolicy", policy_body(key, "arn:aws:iam::111122223333:user/bob",
                                                     R"(,"BypassPolicyLockoutSafetyCheck":true)")),
                IsEmptySuccess());
    EXPECT_THAT(api.call("PutKeyPolicy", policy_body(key, "bob")),
                IsError("MalformedPolicyDocumentException",
                        "Policy contains a statement with one or more invalid principals."));
    EXPECT_THAT(api.call("PutKeyPolicy", policy_body(key, "*", R"(,"PolicyName":"other")")),
                IsBareError("UnsupportedOperationException"));
    EXPECT_THAT(api.call("GetKeyPolicy", key_body(key, R"(,"PolicyName":"other")")),
                IsError("NotFoundException", "No such policy exists"));
    EXPECT_THAT(api.call("PutKeyPolicy", key_body(key, R"(,"Policy":")" + std::string(32769, ' ') + "\"")),
                HasType("LimitExceededException"));
    EXPECT_THAT(api.call("CreateKey", policy_body("x", "arn:aws:iam::111122223333:user/bob")),
                IsError("MalformedPolicyDocumentException",
                        "The new key policy will not allow you to update the key policy in the future."));
    EXPECT_EQ(api.call("CreateKey", policy_body("x", "arn:aws:iam::111122223333:user/alice")).status, 200U);
}

}  // namespace
}  // namespace claviger::kms::test
