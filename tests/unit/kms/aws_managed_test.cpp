// AWS managed keys: made when they are first described, and nobody's to change.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "src/kms/operation.hpp"

#include "tests/unit/kms/fakes.hpp"
#include "tests/unit/kms/matchers.hpp"

namespace claviger::kms::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string describe(Harness& api, std::string_view name, std::string_view region = kRegion) {
    return api.call("DescribeKey", R"({"KeyId":")" + std::string(name) + "\"}", kAccount, region).body;
}

std::string body_for(const std::string& key) {
    return R"({"KeyId":")" + key + R"(","TargetKeyId":")" + key +
           R"(","AliasName":"alias/mine","Description":"d","PendingWindowInDays":7,)"
           R"("Tags":[{"TagKey":"k","TagValue":"v"}],"TagKeys":["k"],"Operations":["Decrypt"],)"
           R"("GranteePrincipal":"arn:aws:iam::111122223333:root",)"
           R"("Policy":"{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"*\"}}"})";
}

TEST(AwsManagedKey, IsMadeWhenItsAliasIsFirstDescribed) {
    Harness api;
    const std::string first = describe(api, "alias/aws/s3");
    EXPECT_EQ(text_at(first, "KeyMetadata.KeyManager"), "AWS");
    EXPECT_EQ(text_at(first, "KeyMetadata.KeyState"), "Enabled");
    EXPECT_EQ(text_at(first, "KeyMetadata.Origin"), "AWS_KMS");
    const std::string key = text_at(first, "KeyMetadata.KeyId");
    EXPECT_EQ(describe(api, "alias/aws/s3"), first);
    EXPECT_EQ(describe(api, "arn:aws:kms:eu-west-1:111122223333:alias/aws/s3"), first);
    EXPECT_EQ(describe(api, key), first);
    EXPECT_NE(text_at(describe(api, "alias/aws/ebs"), "KeyMetadata.KeyId"), key);
    EXPECT_NE(text_at(describe(api, "alias/aws/s3", "us-east-1"), "KeyMetadata.KeyId"), key);
    EXPECT_EQ(text_at(describe(api, api.make_key()), "KeyMetadata.KeyManager"), "CUSTOMER");
    EXPECT_THAT(api.call("DescribeKey", R"({"KeyId":"alias/aws/no-such-service"})"),
                HasType("NotFoundException"));
    EXPECT_THAT(api.call("GetKeyRotationStatus", R"({"KeyId":")" + key + "\"}").body,
                HasSubstr(R"("KeyRotationEnabled":true)"));
    EXPECT_THAT(api.call("ListKeys", "{}").body, HasSubstr(key));
}

TEST(AwsManagedKey, IsRecordedAsMadeByTheServiceAndTheLookAsALook) {
    Harness api;
    describe(api, "alias/aws/s3");
    ASSERT_EQ(api.store.outbox().size(), 1U);
    EXPECT_EQ(text_at(api.store.outbox().back(), "eventName"), "CreateKey");
    EXPECT_EQ(text_at(api.store.outbox().back(), "userIdentity.invokedBy"), "AWS Internal");
    ASSERT_EQ(api.audit.records.size(), 1U);
    EXPECT_EQ(text_at(api.audit.records.back(), "eventName"), "DescribeKey");
}

TEST(AwsManagedKey, OfTwoFirstLooksOneMakesIt) {
    Harness api;
    api.store.before_next([&](store::Txn& txn) {
        return txn
            .put(store::AliasRecord{AccountId(kAccount), kRegion, "alias/aws/s3", KeyId("gone"), {}, {}})
            .has_value();
    });
    describe(api, "alias/aws/s3");
    EXPECT_TRUE(api.store.load()->keys.empty());
    EXPECT_EQ(api.client.destroyed.size(), 1U) << "the second key's material";
}

TEST(AwsManagedKey, WithoutAnHsmOrADiskNothingIsMade) {
    Harness api;
    api.client.failure = Errc::no_hsm;
    EXPECT_EQ(api.call("DescribeKey", R"({"KeyId":"alias/aws/s3"})").status, 500U);
    api.client.failure.reset();
    api.store.fail(true);
    EXPECT_EQ(api.call("DescribeKey", R"({"KeyId":"alias/aws/s3"})").status, 500U);
    EXPECT_EQ(api.client.destroyed.size(), 1U);
    api.store.fail(false);
    EXPECT_TRUE(api.store.load()->keys.empty());
}

TEST(AwsManagedKey, IsNobodysToChange) {
    Harness api;
    const std::string key = text_at(describe(api, "alias/aws/s3"), "KeyMetadata.KeyId");
    int refused = 0;
    for (const Operation& operation : operation_table()) {
        const std::string_view member = operation.keys[0].member;
        if (operation.access != Access::write || (member != "KeyId" && member != "TargetKeyId")) {
            continue;
        }
        std::string body = body_for(key);
        body.pop_back();
        body +=
            R"(,"ReplicaRegion":"us-west-2","PrimaryRegion":"us-west-2","GrantId":"g","ImportToken":"YQ==",)"
            R"("EncryptedKeyMaterial":"YQ=="})";
        EXPECT_THAT(api.call(operation.name, body), HasType("AccessDeniedException")) << operation.name;
        ++refused;
    }
    EXPECT_GT(refused, 15);
    EXPECT_EQ(text_at(describe(api, key), "KeyMetadata.KeyState"), "Enabled");
    EXPECT_THAT(api.call("GetKeyPolicy", R"({"KeyId":")" + key + "\"}").body, HasSubstr("kms:ViaService"));
}

TEST(AwsManagedKey, AliasesAreListedWithAndWithoutAKey) {
    Harness api;
    const std::string none = api.call("ListAliases", "{}").body;
    EXPECT_THAT(
        none,
        HasSubstr(
            R"({"AliasName":"alias/aws/s3","AliasArn":"arn:aws:kms:eu-west-1:111122223333:alias/aws/s3"})"));
    EXPECT_THAT(none, Not(HasSubstr("TargetKeyId")));
    const std::string key = text_at(describe(api, "alias/aws/s3"), "KeyMetadata.KeyId");
    EXPECT_THAT(api.call("ListAliases", "{}").body, HasSubstr(R"("TargetKeyId":")" + key + "\""));
    EXPECT_THAT(api.call("ListAliases", R"({"KeyId":")" + key + "\"}").body, Not(HasSubstr("alias/aws/ebs")));
    // Page by page the same, in order.
    api.call("CreateAlias", R"({"AliasName":"alias/aaa","TargetKeyId":")" + api.make_key() + "\"}");
    std::string marker;
    std::vector<std::string> names;
    do {
        const std::string page =
            api.call("ListAliases",
                     R"({"Limit":3)" + (marker.empty() ? "" : R"(,"Marker":")" + marker + "\"") + "}")
                .body;
        const boost::json::value parsed = boost::json::parse(page);
        for (const auto& alias : parsed.at("Aliases").as_array()) {
            names.emplace_back(alias.at("AliasName").as_string());
        }
        marker = text_at(page, "NextMarker");
    } while (!marker.empty());
    EXPECT_TRUE(std::ranges::is_sorted(names));
    EXPECT_EQ(std::ranges::count(names, "alias/aws/s3"), 1);
    EXPECT_EQ(names.size(),
              std::ranges::count_if(names, [](const auto& n) { return n.starts_with("alias/aws/"); }) + 1U);
}

}  // namespace
}  // namespace claviger::kms::test
