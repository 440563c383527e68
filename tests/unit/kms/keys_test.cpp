// The life of keys and aliases, identifiers, lists.
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/kms/fakes.hpp"
#include "tests/unit/kms/matchers.hpp"

namespace claviger::kms::test {
namespace {

std::string alias_body(std::string_view name, std::string_view target) {
    return R"({"AliasName":")" + std::string(name) + R"(","TargetKeyId":")" + std::string(target) + "\"}";
}

TEST(CreateKey, AnswersTheMetadataOfAPlainKeyAndNothingElse) {
    Harness api;
    const http::Answer answer = api.call("CreateKey", "{}");
    const std::string id = text_at(answer.body, "KeyMetadata.KeyId");
    EXPECT_EQ(
        answer.body,
        R"({"KeyMetadata":{"AWSAccountId":"111122223333","KeyId":")" + id + R"(","Arn":")" + api.arn(id) +
            R"(","CreationDate":1700000000.123,"Enabled":true,"Description":"","KeyUsage":"ENCRYPT_DECRYPT",)"
            R"("KeyState":"Enabled","Origin":"AWS_KMS","KeyManager":"CUSTOMER",)"
            R"("CustomerMasterKeySpec":"SYMMETRIC_DEFAULT","KeySpec":"SYMMETRIC_DEFAULT",)"
            R"("EncryptionAlgorithms":["SYMMETRIC_DEFAULT"],"MultiRegion":false,"CurrentKeyMaterialId":")" +
            text_at(answer.body, "KeyMetadata.CurrentKeyMaterialId") + "\"}}");
    EXPECT_EQ(api.call("DescribeKey", key_body(id)).body, answer.body);
}

TEST(CreateKey, StoresDescriptionTagsAndTheDefaultPolicy) {
    Harness api;
    const http::Answer answer =
        api.call("CreateKey", R"({"Description":"d\u00e9j\u00e0","Tags":[{"TagKey":"k","TagValue":""}]})");
    EXPECT_EQ(text_at(answer.body, "KeyMetadata.Description"), "déjà");
    const KeyPtr key = api.catalogue.key(kAccount, kRegion, text_at(answer.body, "KeyMetadata.KeyId"));
    EXPECT_THAT(key->record.tags, ::testing::ElementsAre(store::Tag{"k", ""}));
    EXPECT_THAT(key->record.policy, ::testing::HasSubstr(R"("AWS" : "arn:aws:iam::111122223333:root")"));
}

struct Refused {
    const char* body;
    const char* type;
    const char* message;
};

class CreateKeyRefusal : public ::testing::TestWithParam<Refused> {};

TEST_P(CreateKeyRefusal, NamesWhatIsWrong) {
    Harness api;
    const http::Answer answer = api.call("CreateKey", GetParam().body);
    EXPECT_THAT(answer, IsError(GetParam().type, GetParam().message));
    EXPECT_EQ(api.client.calls, 0U);
}

INSTANTIATE_TEST_SUITE_P(
    All, CreateKeyRefusal,
    ::testing::Values(
        Refused{R"({"KeySpec":"RSA_2048"})", "ValidationException",
                "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."},
        Refused{R"({"KeySpec":"RSA_2048","KeyUsage":"KEY_AGREEMENT"})", "ValidationException",
                "KeyUsage KEY_AGREEMENT is not compatible with KeySpec RSA_2048"},
        Refused{R"({"KeySpec":"SYMMETRIC_DEFAULT","CustomerMasterKeySpec":"SYMMETRIC_DEFAULT"})",
                "ValidationException",
                "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. "
                "CustomerMasterKeySpec is "
                "deprecated."},
        Refused{R"({"Origin":"EXTERNAL","KeySpec":"ML_DSA_65","KeyUsage":"SIGN_VERIFY"})",
                "ValidationException", "KeySpec ML_DSA_65 is not supported for Origin EXTERNAL"},
        Refused{R"({"Origin":"AWS_CLOUDHSM"})", "ValidationException",
                "CustomKeyStoreId is required with the Origin AWS_CLOUDHSM."},
        Refused{R"({"Origin":"AWS_CLOUDHSM","CustomKeyStoreId":"cks-1"})", "CustomKeyStoreNotFoundException",
                "No custom key store has the ID 'cks-1'."},
        Refused{R"({"Tags":[{"TagKey":"a","TagValue":"1"},{"TagKey":"a","TagValue":"2"}]})", "TagException",
                "Duplicate tag keys"},
        Refused{R"({"Tags":[{"TagKey":"AWS:x","TagValue":"1"}]})", "TagException",
                "Tags beginning with aws: are reserved"},
        Refused{R"({"Policy":"no"})", "MalformedPolicyDocumentException",
                "The policy must be one JSON object without repeated names."}));

TEST(CreateKey, AnRsaPairMayTakeLongerThanOtherKeys) {
    Harness api;
    const std::string key = api.make_key();
    const MonoTime usual = api.client.deadline;
    api.call("CreateKey", R"({"KeySpec":"RSA_4096","KeyUsage":"SIGN_VERIFY"})");
    EXPECT_GT(api.client.deadline, usual + std::chrono::seconds(15));
    api.client.deadline = usual;
    api.call("GenerateDataKeyPair", R"({"KeyPairSpec":"RSA_4096","KeyId":")" + key + "\"}");
    EXPECT_GT(api.client.deadline, usual + std::chrono::seconds(15));
    api.call("GenerateDataKeyPair", R"({"KeyPairSpec":"ECC_NIST_P256","KeyId":")" + key + "\"}");
    EXPECT_LT(api.client.deadline, usual + std::chrono::seconds(15));
}

TEST(CreateKey, FiftyOneTagsAreTooMany) {
    Harness api;
    std::string tags;
    for (int i = 0; i < 51; ++i) {
        tags += (i == 0 ? "" : ",") + (R"({"TagKey":"k)" + std::to_string(i) + R"(","TagValue":"v"})");
    }
    EXPECT_THAT(api.call("CreateKey", R"({"Tags":[)" + tags + "]}"),
                IsError("TagException", "Too many tags"));
}

TEST(CreateKey, PolicyOver32KiBIsALimit) {
    Harness api;
    EXPECT_THAT(api.call("CreateKey", R"({"Policy":")" + std::string(32769, ' ') + "\"}"),
                HasType("LimitExceededException"));
}

TEST(CreateKey, OverlongTagIsNamedByItsPlaceCountedFromOne) {
    Harness api;
    const std::string value(257, 'v');
    EXPECT_THAT(
        api.call("CreateKey", R"({"Tags":[{"TagKey":"k","TagValue":")" + value + "\"}]}"),
        IsError("ValidationException",
                "1 validation error detected: Value '" + value +
                    "' at 'tags.1.member.tagValue' failed to satisfy constraint: Member must have length "
                    "less than or equal to 256"));
}

TEST(CreateKey, OnAFullDiskLeavesNoKeyAndDestroysTheObject) {
    Harness api;
    api.store.fail(true);
    const http::Answer answer = api.call("CreateKey", "{}");
    EXPECT_EQ(answer.status, 500U);
    EXPECT_THAT(answer, HasType("KMSInternalException"));
    EXPECT_EQ(api.client.destroyed.size(), 1U);
    EXPECT_EQ(text_at(api.audit.records.back(), "errorCode"), "KMSInternalException");
    EXPECT_EQ(json_at(api.call("ListKeys", "{}").body, "Keys"), "[]");
}

TEST(KeyState, DisableAndEnableAreIdempotentAndAnswerNothing) {
    Harness api;
    const std::string key = api.make_key();
    EXPECT_THAT(api.call("DisableKey", key_body(key)), IsEmptySuccess());
    EXPECT_THAT(api.call("DisableKey", key_body(key)), IsEmptySuccess());
    EXPECT_EQ(json_at(api.call("DescribeKey", key_body(key)).body, "KeyMetadata.Enabled"), "false");
    EXPECT_THAT(api.call("EnableKey", key_body(key)), IsEmptySuccess());
    EXPECT_THAT(api.call("EnableKey", key_body(key)), IsEmptySuccess());
    EXPECT_EQ(text_at(api.call("DescribeKey", key_body(key)).body, "KeyMetadata.KeyState"), "Enabled");
}

TEST(KeyState, DeletionIsScheduledDescribedAndCancelled) {
    Harness api;
    const std::string key = api.make_key();
    const http::Answer scheduled =
        api.call("ScheduleKeyDeletion", key_body(key, R"(,"PendingWindowInDays":7)"));
    EXPECT_EQ(scheduled.body, R"({"KeyId":")" + api.arn(key) +
                                  R"(","DeletionDate":1700604800.123,"KeyState":"PendingDeletion",)"
                                  R"("PendingWindowInDays":7})");
    EXPECT_EQ(json_at(api.call("DescribeKey", key_body(key)).body, "KeyMetadata.DeletionDate"),
              "1.700604800123E9");
    for (const char* operation : {"ScheduleKeyDeletion", "EnableKey", "DisableKey", "UpdateKeyDescription"}) {
        EXPECT_THAT(api.call(operation, key_body(key, R"(,"Description":"x")")),
                    IsError("KMSInvalidStateException", api.arn(key) + " is pending deletion."));
    }
    EXPECT_EQ(api.call("CancelKeyDeletion", key_body(key)).body, R"({"KeyId":")" + api.arn(key) + "\"}");
    EXPECT_EQ(text_at(api.call("DescribeKey", key_body(key)).body, "KeyMetadata.KeyState"), "Disabled");
    EXPECT_THAT(api.call("CancelKeyDeletion", key_body(key)),
                IsError("KMSInvalidStateException", api.arn(key) + " is not pending deletion."));
}

TEST(KeyState, WindowOutside7To30DaysIsRefused) {
    Harness api;
    const std::string key = api.make_key();
    for (const char* days : {"1", "6", "31", "365"}) {
        EXPECT_THAT(
            api.call("ScheduleKeyDeletion", key_body(key, R"(,"PendingWindowInDays":)" + std::string(days))),
            IsError("ValidationException", "PendingWindowInDays must be between 7 and 30"));
    }
    EXPECT_THAT(api.call("ScheduleKeyDeletion", key_body(key, R"(,"PendingWindowInDays":366)")),
                IsError("ValidationException",
                        "1 validation error detected: Value '366' at 'pendingWindowInDays' failed to satisfy "
                        "constraint: Member must have value less than or equal to 365"));
}

TEST(KeyState, ARequestThatCameFirstIsSeenInsideTheTransaction) {
    Harness api;
    const std::string key = api.make_key();
    api.store.before_next([&](store::Txn& txn) {
        auto row = txn.key(AccountId(kAccount), kRegion, KeyId(key));
        (**row).state = store::KeyState::pending_deletion;
        return txn.put(**std::move(row)).has_value();
    });
    EXPECT_THAT(api.call("DisableKey", key_body(key)),
                IsError("KMSInvalidStateException", api.arn(key) + " is pending deletion."));
}

TEST(KeyState, DescriptionIsUpdated) {
    Harness api;
    const std::string key = api.make_key();
    EXPECT_THAT(api.call("UpdateKeyDescription", key_body(key, R"(,"Description":"new")")), IsEmptySuccess());
    EXPECT_EQ(text_at(api.call("DescribeKey", key_body(key)).body, "KeyMetadata.Description"), "new");
    EXPECT_THAT(
        api.call("UpdateKeyDescription", key_body(key)),
        IsError("ValidationException",
                "1 validation error detected: Value null at 'description' failed to satisfy constraint: "
                "Member must not be null"));
}

TEST(Reaper, EndsAKeyWhenItsWindowIsOverWithItsAliases) {
    Harness api;
    const std::string key = api.make_key();
    api.call("CreateAlias", alias_body("alias/a", key));
    api.call("ScheduleKeyDeletion", key_body(key));
    api.life.time += std::chrono::days(30) - std::chrono::milliseconds(1);
    EXPECT_EQ(api.reap(), 0U);
    api.life.time += std::chrono::milliseconds(1);
    EXPECT_EQ(api.reap(), 1U);
    EXPECT_THAT(api.client.destroyed, ::testing::ElementsAre(key));
    EXPECT_THAT(api.call("DescribeKey", key_body(key)),
                IsError("NotFoundException", "Key '" + api.arn(key) + "' does not exist"));
    EXPECT_THAT(api.call("ListAliases", "{}").body, ::testing::Not(::testing::HasSubstr("\"alias/a\"")));
    EXPECT_EQ(text_at(api.store.outbox().back(), "eventName"), "DeleteKey");
}

TEST(Reaper, KeepsAKeyThatNoHsmCanDestroyNow) {
    Harness api;
    const std::string key = api.make_key();
    api.call("ScheduleKeyDeletion", key_body(key));
    api.life.time += std::chrono::days(31);
    api.client.failure = Errc::no_hsm;
    EXPECT_EQ(api.reap(), 0U);
    EXPECT_EQ(api.call("DescribeKey", key_body(key)).status, 200U);
}

TEST(Alias, IsCreatedUsedMovedListedAndDeleted) {
    Harness api;
    const std::string key = api.make_key();
    const std::string other = api.make_key();
    EXPECT_THAT(api.call("CreateAlias", alias_body("alias/a/b", key)), IsEmptySuccess());
    EXPECT_EQ(text_at(api.call("DescribeKey", key_body("alias/a/b")).body, "KeyMetadata.KeyId"), key);
    EXPECT_EQ(text_at(api.call("DescribeKey", key_body("arn:aws:kms:eu-west-1:111122223333:alias/a/b")).body,
                      "KeyMetadata.KeyId"),
              key);
    api.life.time += std::chrono::seconds(1);
    EXPECT_THAT(api.call("UpdateAlias", alias_body("alias/a/b", api.arn(other))), IsEmptySuccess());
    EXPECT_EQ(
        api.call("ListAliases", key_body(other)).body,
        R"({"Aliases":[{"AliasName":"alias/a/b","AliasArn":"arn:aws:kms:eu-west-1:111122223333:alias/a/b",)"
        R"("TargetKeyId":")" +
            other +
            R"(","CreationDate":1700000000.123,"LastUpdatedDate":1700000001.123}],"Truncated":false})");
    EXPECT_EQ(json_at(api.call("ListAliases", key_body(key)).body, "Aliases"), "[]");
    EXPECT_THAT(api.call("DeleteAlias", R"({"AliasName":"alias/a/b"})"), IsEmptySuccess());
    EXPECT_THAT(
        api.call("DeleteAlias", R"({"AliasName":"alias/a/b"})"),
        IsError("NotFoundException", "Alias arn:aws:kms:eu-west-1:111122223333:alias/a/b is not found."));
}

TEST(Alias, BadNamesAndTargetsAreRefused) {
    Harness api;
    const std::string key = api.make_key();
    api.call("CreateAlias", alias_body("alias/a", key));
    EXPECT_THAT(api.call("CreateAlias", alias_body("a", key)),
                IsError("ValidationException",
                        "Alias must start with the prefix \"alias/\". Please see "
                        "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"));
    EXPECT_THAT(api.call("CreateAlias", alias_body("alias/a b", key)),
                IsError("ValidationException",
                        "1 validation error detected: Value 'alias/a b' at 'aliasName' failed to satisfy "
                        "constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$"));
    for (const std::string name : {"alias/", "alias/a:b"}) {
        EXPECT_THAT(api.call("CreateAlias", alias_body(name, key)),
                    IsError("ValidationException", name + " contains invalid characters for an alias"));
    }
    EXPECT_THAT(api.call("CreateAlias", alias_body("alias/aws/x", key)),
                IsBareError("NotAuthorizedException"));
    EXPECT_THAT(api.call("CreateAlias", alias_body("alias/b", "alias/a")),
                IsError("ValidationException", "Aliases must refer to keys. Not aliases"));
    EXPECT_THAT(api.call("CreateAlias", alias_body("alias/a", key)),
                IsError("AlreadyExistsException",
                        "An alias with the name arn:aws:kms:eu-west-1:111122223333:alias/a already exists"));
    api.call("ScheduleKeyDeletion", key_body(key));
    EXPECT_THAT(api.call("CreateAlias", alias_body("alias/b", key)),
                IsError("KMSInvalidStateException", api.arn(key) + " is pending deletion."));
}

TEST(Alias, TheFiftyFirstOfAKeyIsALimit) {
    Harness api;
    const std::string key = api.make_key();
    for (int i = 0; i < 50; ++i) {
        ASSERT_THAT(api.call("CreateAlias", alias_body("alias/" + std::to_string(i), key)), IsEmptySuccess());
    }
    EXPECT_THAT(api.call("CreateAlias", alias_body("alias/50", key)), HasType("LimitExceededException"));
}

TEST(Alias, CannotMoveToAKeyOfAnotherUse) {
    Harness api;
    const std::string key = api.make_key();
    const std::string other = api.make_key();
    api.change_key(other, [](store::KeyRecord& row) { row.usage = "SIGN_VERIFY", row.spec = "RSA_2048"; });
    api.call("CreateAlias", alias_body("alias/a", key));
    EXPECT_THAT(
        api.call("UpdateAlias", alias_body("alias/a", other)),
        IsError("ValidationException",
                "Alias alias/a cannot be changed from a CMK with key usage ENCRYPT_DECRYPT to a CMK with "
                "key usage SIGN_VERIFY. The key usage of the current CMK and the new CMK must be the same."));
}

struct Identifier {
    const char* operation;
    const char* key_id;
    const char* type;
    const char* message;
};

class KeyIdentifier : public ::testing::TestWithParam<Identifier> {};

TEST_P(KeyIdentifier, IsRefusedWithItsText) {
    Harness api;
    EXPECT_THAT(api.call(GetParam().operation, key_body(GetParam().key_id)),
                IsError(GetParam().type, GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, KeyIdentifier,
    ::testing::Values(
        Identifier{
            "DescribeKey", "", "ValidationException",
            "1 validation error detected: Value '' at 'keyId' failed to satisfy constraint: Member must have "
            "length greater than or equal to 1"},
        Identifier{"DescribeKey", "arn:aws:kms:us-west-2:111122223333:key/x", "NotFoundException",
                   "Invalid arn us-west-2"},
        Identifier{"DescribeKey", "arn:aws:kms:eu-west-1:111122223333:key/x", "InvalidArnException",
                   "Invalid arn 'arn:aws:kms:eu-west-1:111122223333:key/x'"},
        Identifier{"DescribeKey", "arn:aws:iam::111122223333:user/x", "InvalidArnException",
                   "Invalid arn 'arn:aws:iam::111122223333:user/x'"},
        Identifier{"DescribeKey", "arn:aws:kms::111122223333:alias/a", "InvalidArnException",
                   "Invalid arn 'arn:aws:kms::111122223333:alias/a'"},
        Identifier{"DescribeKey", "alias/none", "NotFoundException",
                   "Alias arn:aws:kms:eu-west-1:111122223333:alias/none is not found."},
        Identifier{"EnableKey", "alias/none", "NotFoundException", "Invalid keyId alias/none"},
        Identifier{"DescribeKey", "mrk-fake-key-id", "NotFoundException", "Invalid keyId 'mrk-fake-key-id'"},
        Identifier{"DescribeKey", "1234abcd12ab34cd56ef1234567890ab", "NotFoundException",
                   "Invalid keyId '1234abcd12ab34cd56ef1234567890ab'"},
        Identifier{
            "DescribeKey", "1234abcd-12ab-34cd-56ef-1234567890ab", "NotFoundException",
            "Key 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab' does not "
            "exist"}));

TEST(Lists, PagesCoverEveryKeyOnceAndTheLastHasNoMarker) {
    Harness api;
    std::set<std::string> made;
    for (int i = 0; i < 7; ++i) {
        made.insert(api.make_key());
    }
    api.make_key(kOtherAccount);
    api.make_key(kAccount, "us-east-1");
    std::set<std::string> seen;
    std::string body = R"({"Limit":3})";
    for (int page = 0; page < 3; ++page) {
        const http::Answer answer = api.call("ListKeys", body);
        for (int i = 0; i < (page < 2 ? 3 : 1); ++i) {
            const std::string id = text_at(answer.body, "Keys." + std::to_string(i) + ".KeyId");
            EXPECT_TRUE(seen.insert(id).second);
            EXPECT_EQ(text_at(answer.body, "Keys." + std::to_string(i) + ".KeyArn"), api.arn(id));
        }
        EXPECT_EQ(json_at(answer.body, "Truncated"), page < 2 ? "true" : "false");
        const std::string marker = text_at(answer.body, "NextMarker");
        EXPECT_EQ(marker.empty(), page == 2);
        body = R"({"Limit":3,"Marker":")" + marker + "\"}";
    }
    EXPECT_EQ(seen, made);
}

TEST(Lists, AMarkerWorksOnlyInItsOwnList) {
    Harness api;
    const std::string key = api.make_key();
    api.make_key();
    const std::string marker = text_at(api.call("ListKeys", R"({"Limit":1})").body, "NextMarker");
    const std::string body = R"({"Marker":")" + marker + "\"}";
    EXPECT_EQ(api.call("ListKeys", body).status, 200U);
    EXPECT_THAT(api.call("ListAliases", body), IsBareError("InvalidMarkerException"));
    EXPECT_THAT(api.call("ListKeys", body, kOtherAccount), IsBareError("InvalidMarkerException"));
    EXPECT_THAT(api.call("ListKeys", body, kAccount, "us-east-1"), IsBareError("InvalidMarkerException"));
    EXPECT_THAT(api.call("ListKeys", R"({"Marker":"x"})"), IsBareError("InvalidMarkerException"));
}

TEST(Catalogue, IsTheSameWhenBuiltFromTheStore) {
    Harness api;
    const std::string key = api.make_key();
    api.call("CreateAlias", alias_body("alias/a", key));
    api.call("ScheduleKeyDeletion", key_body(key));
    Catalogue again;
    const Result<store::Contents> contents = api.store.load();
    EXPECT_TRUE(again.load(*contents).empty());
    const KeyPtr loaded = again.key(kAccount, kRegion, key);
    ASSERT_NE(loaded, nullptr);
    EXPECT_EQ(loaded->arn, api.arn(key));
    EXPECT_EQ(again.key_by_tag(kRegion, loaded->tag), loaded);
    EXPECT_EQ(again.alias(kAccount, kRegion, "alias/a")->target.value(), key);
    EXPECT_EQ(again.due_for_deletion(api.life.time + std::chrono::days(30)).size(), 1U);
}

TEST(Catalogue, LeavesOutAKeyWhoseTokenBelongsToAnotherAndSaysSo) {
    Harness api;
    const std::string key = api.make_key();
    const std::string other = api.make_key();
    Result<store::Contents> contents = api.store.load();
    std::swap(contents->materials[0].key_token, contents->materials[1].key_token);
    Catalogue again;
    EXPECT_EQ(again.load(*contents).size(), 2U);
    EXPECT_EQ(again.key(kAccount, kRegion, key), nullptr);
    EXPECT_EQ(again.key(kAccount, kRegion, other), nullptr);
}

}  // namespace
}  // namespace claviger::kms::test
