// Multi-Region keys: what related keys share, what each has for itself, and what only the primary key may.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/kms/fakes.hpp"
#include "tests/unit/kms/matchers.hpp"

namespace claviger::kms::test {
namespace {

using std::chrono::days;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

class MultiRegionTest : public ::testing::Test {
protected:
    static constexpr std::string_view kReplicaRegion = "us-west-2";

    static std::string body(const std::string& key, std::string_view more = {}) {
        return R"({"KeyId":")" + key + "\"" + std::string(more) + "}";
    }
    http::Answer here(std::string_view operation, const std::string& request) {
        return api_.call(operation, request);
    }
    http::Answer there(std::string_view operation, const std::string& request,
                       std::string_view region = kReplicaRegion) {
        return api_.call(operation, request, kAccount, region);
    }
    std::string new_primary(std::string_view more = {}) {
        return text_at(here("CreateKey", R"({"MultiRegion":true)" + std::string(more) + "}").body,
                       "KeyMetadata.KeyId");
    }
    http::Answer replicate(const std::string& key, std::string_view region = kReplicaRegion,
                           std::string_view more = {}) {
        return here("ReplicateKey",
                    body(key, R"(,"ReplicaRegion":")" + std::string(region) + "\"" + std::string(more)));
    }
    // A primary key with one replica.
    std::string new_pair() {
        const std::string key = new_primary();
        EXPECT_EQ(replicate(key).status, 200U);
        return key;
    }
    std::string arn_there(const std::string& key, std::string_view region = kReplicaRegion) {
        return key_arn("aws", region, kAccount, key);
    }
    std::string described(const http::Answer& answer, std::string_view member) {
        return json_at(answer.body, "KeyMetadata." + std::string(member));
    }
    std::string here_now(const std::string& key, std::string_view member) {
        return described(here("DescribeKey", body(key)), member);
    }
    std::string there_now(const std::string& key, std::string_view member,
                          std::string_view region = kReplicaRegion) {
        return described(there("DescribeKey", body(key), region), member);
    }
    std::string configuration(const std::string& key, std::string_view type, std::string_view primary,
                              const std::vector<std::string>& replicas) {
        const auto one = [&](std::string_view region) {
            return R"({"Arn":")" + arn_there(key, region) + R"(","Region":")" + std::string(region) + "\"}";
        };
        std::string list;
        for (const std::string& region : replicas) {
            list += (list.empty() ? "" : ",") + one(region);
        }
        return R"({"MultiRegionKeyType":")" + std::string(type) + R"(","PrimaryKey":)" + one(primary) +
               R"(,"ReplicaKeys":[)" + list + "]}";
    }

    Harness api_;
};

TEST_F(MultiRegionTest, APrimaryKeyHasAnIdOfItsOwnKindAndNoReplicas) {
    const std::string key = new_primary();
    EXPECT_THAT(key, MatchesRegex("mrk-[0-9a-f]{32}"));
    EXPECT_EQ(here_now(key, "MultiRegion"), "true");
    EXPECT_EQ(here_now(key, "MultiRegionConfiguration"), configuration(key, "PRIMARY", kRegion, {}));
    EXPECT_EQ(here_now(api_.make_key(), "MultiRegionConfiguration"), "");
}

TEST_F(MultiRegionTest, AReplicaSharesIdAndMaterialAndHasItsOwnOfTheRest) {
    const std::string key = new_primary(R"(,"Description":"first","Tags":[{"TagKey":"a","TagValue":"b"}])");
    here("CreateAlias", R"({"AliasName":"alias/one","TargetKeyId":")" + key + "\"}");
    const http::Answer answer = replicate(key, kReplicaRegion, R"(,"Tags":[{"TagKey":"c","TagValue":"d"}])");
    ASSERT_EQ(answer.status, 200U) << answer.body;
    const auto shown = [&](std::string_view member) {
        return json_at(answer.body, "ReplicaKeyMetadata." + std::string(member));
    };
    EXPECT_EQ(shown("Arn"), "\"" + arn_there(key) + "\"");
    EXPECT_EQ(shown("KeyState"), "\"Creating\"");
    EXPECT_EQ(shown("Enabled"), "false");
    EXPECT_EQ(shown("CurrentKeyMaterialId"), "");
    EXPECT_EQ(shown("Description"), "\"\"");
    EXPECT_EQ(shown("MultiRegionConfiguration"),
              configuration(key, "REPLICA", kRegion, {std::string(kReplicaRegion)}));
    EXPECT_THAT(text_at(answer.body, "ReplicaPolicy"), HasSubstr("key-default-1"));
    EXPECT_EQ(json_at(answer.body, "ReplicaTags"), R"([{"TagKey":"c","TagValue":"d"}])");
    EXPECT_EQ(json_at(replicate(key, "ap-south-1").body, "ReplicaTags"), "");

    EXPECT_EQ(there_now(key, "KeyState"), "\"Enabled\"");
    EXPECT_EQ(there_now(key, "CurrentKeyMaterialId"), here_now(key, "CurrentKeyMaterialId"));
    EXPECT_EQ(here_now(key, "MultiRegionConfiguration"),
              configuration(key, "PRIMARY", kRegion, {"ap-south-1", "us-west-2"}));
    EXPECT_THAT(there("ListAliases", "{}").body, Not(HasSubstr("alias/one")));
    EXPECT_EQ(json_at(there("ListResourceTags", body(key)).body, "Tags"),
              R"([{"TagKey":"c","TagValue":"d"}])");
    EXPECT_EQ(json_at(there("ListKeys", "{}").body, "Keys"),
              R"([{"KeyId":")" + key + R"(","KeyArn":")" + arn_there(key) + "\"}]");
}

TEST_F(MultiRegionTest, WhatOneOfThemEncryptsTheOtherDecrypts) {
    const std::string key = new_pair();
    const std::string blob =
        text_at(here("Encrypt", body(key, R"(,"Plaintext":"aGVsbG8=")")).body, "CiphertextBlob");
    const std::string decrypt = R"({"CiphertextBlob":")" + blob + "\"}";
    EXPECT_EQ(text_at(there("Decrypt", decrypt).body, "Plaintext"), "aGVsbG8=");
    EXPECT_EQ(text_at(there("Decrypt", decrypt).body, "KeyId"), arn_there(key));
    EXPECT_THAT(there("Decrypt", body(api_.arn(key), R"(,"CiphertextBlob":")" + blob + "\"")),
                IsError("NotFoundException", "Invalid arn " + std::string(kRegion)));
    EXPECT_THAT(there("Decrypt", decrypt, "ap-south-1"), HasType("AccessDeniedException"));
    const std::string single = api_.make_key();
    EXPECT_THAT(there("DescribeKey", body(single)),
                IsError("NotFoundException", "Key '" + arn_there(single) + "' does not exist"));
}

TEST_F(MultiRegionTest, OnlyAPrimaryKeyIsReplicatedAndOnlyOnceIntoARegion) {
    const std::string key = new_pair(), single = api_.make_key();
    const auto refusal = [&](const std::string& arn) {
        return IsError("UnsupportedOperationException", arn + " is not a multi-region primary key.");
    };
    EXPECT_THAT(there("ReplicateKey", body(key, R"(,"ReplicaRegion":"ap-south-1")")),
                refusal(arn_there(key)));
    EXPECT_THAT(replicate(single), refusal(api_.arn(single)));
    EXPECT_THAT(replicate(key), HasType("AlreadyExistsException"));
    EXPECT_THAT(replicate(key, kRegion), HasType("AlreadyExistsException"));
    there("ScheduleKeyDeletion", body(key));
    EXPECT_THAT(replicate(key), HasType("AlreadyExistsException"));
    EXPECT_THAT(here("UpdatePrimaryRegion", body(single, R"(,"PrimaryRegion":"us-west-2")")),
                refusal(api_.arn(single)));
}

TEST_F(MultiRegionTest, AFailingStoreMakesNoReplica) {
    const std::string key = new_primary();
    api_.store.fail(true);
    EXPECT_EQ(replicate(key).status, 500U);
    api_.store.fail(false);
    EXPECT_EQ(here_now(key, "MultiRegionConfiguration"), configuration(key, "PRIMARY", kRegion, {}));
    EXPECT_EQ(replicate(key).status, 200U);
}

TEST_F(MultiRegionTest, OfTwoReplicationsIntoOneRegionTheSecondIsRefused) {
    const std::string key = new_primary();
    api_.store.before_next([&](store::Txn& txn) {
        auto row = **txn.key(AccountId(kAccount), kRegion, KeyId(key));
        row.region = kReplicaRegion;
        row.version = 0;
        return txn.put(row).has_value();
    });
    EXPECT_THAT(replicate(key), HasType("AlreadyExistsException"));
}

TEST_F(MultiRegionTest, RecordsSayWhatHappenedInEachRegion) {
    const std::string key = new_pair();
    const auto records = api_.store.outbox();
    ASSERT_GE(records.size(), 2U);
    const std::string &made = records[records.size() - 2], &asked = records.back();
    EXPECT_EQ(text_at(made, "eventName"), "CreateKey");
    EXPECT_EQ(text_at(made, "awsRegion"), kReplicaRegion);
    EXPECT_EQ(text_at(asked, "eventName"), "ReplicateKey");
    EXPECT_EQ(text_at(asked, "awsRegion"), kRegion);
    EXPECT_EQ(text_at(asked, "requestParameters.replicaRegion"), kReplicaRegion);
    EXPECT_EQ(text_at(asked, "responseElements.replicaKeyMetadata.arn"), arn_there(key));
}

TEST_F(MultiRegionTest, ThePrimaryKeyMovesWithAllItMay) {
    const std::string key = new_pair();
    ASSERT_EQ(replicate(key, "ap-south-1").status, 200U);
    const std::string to_replica = R"(,"PrimaryRegion":"us-west-2")";
    EXPECT_THAT(
        there("UpdatePrimaryRegion", body(key, to_replica)),
        IsError("UnsupportedOperationException", arn_there(key) + " is not a multi-region primary key."));
    EXPECT_THAT(here("UpdatePrimaryRegion", body(key, R"(,"PrimaryRegion":"eu-north-1")")),
                IsError("NotFoundException", "Key '" + arn_there(key, "eu-north-1") + "' does not exist"));
    EXPECT_THAT(here("UpdatePrimaryRegion", body(key, R"(,"PrimaryRegion":"eu-west-1")")),
                HasType("NotFoundException"));
    there("DisableKey", body(key));
    EXPECT_THAT(here("UpdatePrimaryRegion", body(key, to_replica)),
                IsError("DisabledException", arn_there(key) + " is disabled."));
    there("EnableKey", body(key));
    EXPECT_THAT(here("UpdatePrimaryRegion", body(key, to_replica)), IsEmptySuccess());
    for (const auto& [region, type] : {std::pair("eu-west-1", "REPLICA"), std::pair("us-west-2", "PRIMARY"),
                                       std::pair("ap-south-1", "REPLICA")}) {
        EXPECT_EQ(there_now(key, "MultiRegionConfiguration", region),
                  configuration(key, type, "us-west-2", {"ap-south-1", "eu-west-1"}));
    }
    EXPECT_THAT(replicate(key, "eu-north-1"), HasType("UnsupportedOperationException"));
    EXPECT_EQ(there("ReplicateKey", body(key, R"(,"ReplicaRegion":"eu-north-1")")).status, 200U);
}

TEST_F(MultiRegionTest, RotationIsThePrimaryKeysBusinessAndReachesAll) {
    const std::string key = new_pair();
    const std::string before = here_now(key, "CurrentKeyMaterialId");
    for (const char* const operation : {"EnableKeyRotation", "DisableKeyRotation", "RotateKeyOnDemand"}) {
        EXPECT_THAT(
            there(operation, body(key)),
            IsError("UnsupportedOperationException", arn_there(key) + " is not a multi-region primary key."))
            << operation;
    }
    EXPECT_THAT(here("EnableKeyRotation", body(key, R"(,"RotationPeriodInDays":90)")), IsEmptySuccess());
    const auto status = [&](const http::Answer& answer) {
        return json_at(answer.body, "RotationPeriodInDays") + json_at(answer.body, "NextRotationDate");
    };
    EXPECT_THAT(status(there("GetKeyRotationStatus", body(key))), ::testing::StartsWith("90"));
    const std::string blob =
        text_at(here("Encrypt", body(key, R"(,"Plaintext":"aGVsbG8=")")).body, "CiphertextBlob");
    api_.life.time += days(91);
    EXPECT_EQ(api_.rotate_due(), 1U);
    EXPECT_EQ(api_.rotate_due(), 0U);
    const std::string automatic = here_now(key, "CurrentKeyMaterialId");
    EXPECT_NE(automatic, before);
    EXPECT_EQ(there_now(key, "CurrentKeyMaterialId"), automatic);
    EXPECT_EQ(status(there("GetKeyRotationStatus", body(key))),
              status(here("GetKeyRotationStatus", body(key))));
    EXPECT_EQ(here("RotateKeyOnDemand", body(key)).status, 200U);
    EXPECT_NE(here_now(key, "CurrentKeyMaterialId"), automatic);
    EXPECT_EQ(there_now(key, "CurrentKeyMaterialId"), here_now(key, "CurrentKeyMaterialId"));
    EXPECT_EQ(there("ListKeyRotations", body(key)).body, here("ListKeyRotations", body(key)).body);
    EXPECT_THAT(there("ListKeyRotations", body(key)).body, HasSubstr("ON_DEMAND"));
    EXPECT_EQ(text_at(there("Decrypt", R"({"CiphertextBlob":")" + blob + "\"}").body, "Plaintext"),
              "aGVsbG8=");
    // A replica that is made now has the old materials, too.
    ASSERT_EQ(replicate(key, "ap-south-1").status, 200U);
    EXPECT_EQ(
        text_at(there("Decrypt", R"({"CiphertextBlob":")" + blob + "\"}", "ap-south-1").body, "Plaintext"),
        "aGVsbG8=");
    EXPECT_THAT(status(there("GetKeyRotationStatus", body(key), "ap-south-1")), ::testing::StartsWith("90"));
    EXPECT_THAT(here("DisableKeyRotation", body(key)), IsEmptySuccess());
    EXPECT_EQ(status(there("GetKeyRotationStatus", body(key))), "");
    std::vector<std::string> regions;
    for (const std::string& record : api_.store.outbox()) {
        if (text_at(record, "eventName") == "SynchronizeMultiRegionKey") {
            regions.push_back(text_at(record, "awsRegion"));
        }
    }
    EXPECT_THAT(regions, ::testing::ElementsAre(kReplicaRegion, kReplicaRegion));
}

TEST_F(MultiRegionTest, AfterTheMoveTheNewPrimaryKeyIsTheOneThatRotates) {
    const std::string key = new_pair();
    here("EnableKeyRotation", body(key));
    here("UpdatePrimaryRegion", body(key, R"(,"PrimaryRegion":"us-west-2")"));
    here("DisableKey", body(key));
    api_.life.time += days(366);
    EXPECT_EQ(api_.rotate_due(), 1U);
    EXPECT_EQ(there_now(key, "CurrentKeyMaterialId"), here_now(key, "CurrentKeyMaterialId"));
}

TEST_F(MultiRegionTest, APrimaryKeyWaitsForItsLastReplicaToGo) {
    const std::string key = new_pair();
    const http::Answer scheduled = here("ScheduleKeyDeletion", body(key, R"(,"PendingWindowInDays":10)"));
    EXPECT_EQ(scheduled.body, R"({"KeyId":")" + api_.arn(key) +
                                  R"(","KeyState":"PendingReplicaDeletion","PendingWindowInDays":10})");
    EXPECT_EQ(here_now(key, "KeyState"), "\"PendingReplicaDeletion\"");
    EXPECT_EQ(here_now(key, "PendingDeletionWindowInDays"), "10");
    EXPECT_EQ(here_now(key, "DeletionDate"), "");
    EXPECT_THAT(here("ScheduleKeyDeletion", body(key)),
                IsError("KMSInvalidStateException", api_.arn(key) + " is pending replica deletion."));
    api_.life.time += days(40);
    EXPECT_EQ(api_.reap(), 0U);
    EXPECT_EQ(there("Encrypt", body(key, R"(,"Plaintext":"YQ==")")).status, 200U);

    EXPECT_EQ(
        text_at(there("ScheduleKeyDeletion", body(key, R"(,"PendingWindowInDays":7)")).body, "KeyState"),
        "PendingDeletion");
    api_.life.time += days(8);
    EXPECT_EQ(api_.reap(), 1U);
    EXPECT_TRUE(api_.client.destroyed.empty()) << "the primary key's material is the same";
    EXPECT_THAT(there("DescribeKey", body(key)), HasType("NotFoundException"));
    EXPECT_EQ(here_now(key, "KeyState"), "\"PendingDeletion\"");
    EXPECT_EQ(here_now(key, "MultiRegionConfiguration"), configuration(key, "PRIMARY", kRegion, {}));
    api_.life.time += days(9);
    EXPECT_EQ(api_.reap(), 0U);
    api_.life.time += days(2);
    EXPECT_EQ(api_.reap(), 1U);
    EXPECT_THAT(api_.client.destroyed, ::testing::ElementsAre(key));
    EXPECT_TRUE(api_.store.load()->materials.empty());
}

TEST_F(MultiRegionTest, ADeletionThatWaitsCanBeCancelled) {
    const std::string key = new_pair();
    here("ScheduleKeyDeletion", body(key));
    EXPECT_EQ(here("CancelKeyDeletion", body(key)).status, 200U);
    EXPECT_EQ(here_now(key, "KeyState"), "\"Disabled\"");
    there("ScheduleKeyDeletion", body(key, R"(,"PendingWindowInDays":7)"));
    api_.life.time += days(8);
    EXPECT_EQ(api_.reap(), 1U);
    EXPECT_EQ(here_now(key, "KeyState"), "\"Disabled\"") << "it does not wait any more";
}

TEST_F(MultiRegionTest, StatesAndGrantsBelongToEach) {
    const std::string key = new_pair();
    EXPECT_THAT(there("DisableKey", body(key)), IsEmptySuccess());
    EXPECT_EQ(here_now(key, "KeyState"), "\"Enabled\"");
    EXPECT_EQ(there_now(key, "KeyState"), "\"Disabled\"");
    here("CreateGrant", body(key, R"(,"GranteePrincipal":"arn:aws:iam::111122223333:root",)"
                                  R"("Operations":["Decrypt"])"));
    EXPECT_THAT(here("ListGrants", body(key)).body, HasSubstr("GrantId"));
    EXPECT_THAT(there("ListGrants", body(key)).body, Not(HasSubstr("GrantId")));
}

TEST_F(MultiRegionTest, ACatalogueLoadedFromTheStoreKnowsTheSame) {
    const std::string key = new_pair();
    here("RotateKeyOnDemand", body(key));
    Catalogue again;
    EXPECT_TRUE(again.load(*api_.store.load()).empty());
    ASSERT_EQ(again.related(kAccount, key).size(), 2U);
    for (const KeyPtr& related : again.related(kAccount, key)) {
        EXPECT_EQ(related->generations.size(), 2U);
        EXPECT_EQ(related->current().id, related->record.current_material);
    }
    EXPECT_TRUE(again.related(kOtherAccount, key).empty());
}

}  // namespace
}  // namespace claviger::kms::test
