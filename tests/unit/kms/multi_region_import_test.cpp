// Imported material of multi-Region keys: each Region imports by itself what its primary key knows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <claviger/base/encoding.hpp>

#include "tests/unit/kms/fakes.hpp"
#include "tests/unit/kms/matchers.hpp"

namespace claviger::kms::test {
namespace {

using ::testing::HasSubstr;

class MultiRegionImportTest : public ::testing::Test {
protected:
    static constexpr std::string_view kReplicaRegion = "us-west-2";

    static std::string quoted(std::string_view name, std::string_view value) {
        return "\"" + std::string(name) + "\":\"" + std::string(value) + "\"";
    }
    http::Answer call(std::string_view region, std::string_view operation, std::string_view more = {}) {
        return api_.call(operation, "{" + quoted("KeyId", key_) + std::string(more) + "}", kAccount, region);
    }
    std::string token(std::string_view region) {
        return text_at(call(region, "GetParametersForImport",
                            R"(,"WrappingAlgorithm":"RSAES_OAEP_SHA_256","WrappingKeySpec":"RSA_2048")")
                           .body,
                       "ImportToken");
    }
    // The fake cluster takes the material for its envelope.
    http::Answer import(std::string_view region, char material, std::string_view more = {}) {
        return call(region, "ImportKeyMaterial",
                    "," + quoted("ImportToken", token(region)) + "," +
                        quoted("EncryptedKeyMaterial", to_base64(Bytes(32, std::byte(material)))) +
                        R"(,"ExpirationModel":"KEY_MATERIAL_DOES_NOT_EXPIRE")" + std::string(more));
    }
    std::string of(std::string_view region, std::string_view member) {
        return text_at(call(region, "DescribeKey").body, "KeyMetadata." + std::string(member));
    }
    std::string materials(std::string_view region) {
        return call(region, "ListKeyRotations", R"(,"IncludeKeyMaterial":"ALL_KEY_MATERIAL")").body;
    }
    void replicate(std::string_view region = kReplicaRegion) {
        EXPECT_EQ(call(kRegion, "ReplicateKey", "," + quoted("ReplicaRegion", region)).status, 200U);
    }
    void SetUp() override {
        key_ = text_at(api_.call("CreateKey", R"({"Origin":"EXTERNAL","MultiRegion":true})").body,
                       "KeyMetadata.KeyId");
    }

    static constexpr std::string_view kNew = R"(,"ImportType":"NEW_KEY_MATERIAL")";
    static constexpr const char* kWaits = "PENDING_MULTI_REGION_IMPORT_AND_ROTATION";

    Harness api_;
    std::string key_;
};

TEST_F(MultiRegionImportTest, AReplicaWaitsForTheBytesOfItsPrimaryKey) {
    EXPECT_THAT(call(kRegion, "ReplicateKey", R"(,"ReplicaRegion":"us-west-2")"),
                IsError("KMSInvalidStateException", api_.arn(key_) + " is pending import."));
    ASSERT_EQ(import(kRegion, 'a', R"(,"KeyMaterialDescription":"first")").status, 200U);
    replicate();
    EXPECT_EQ(of(kReplicaRegion, "KeyState"), "PendingImport");
    EXPECT_EQ(of(kReplicaRegion, "CurrentKeyMaterialId"), of(kRegion, "CurrentKeyMaterialId"));
    EXPECT_THAT(materials(kReplicaRegion), HasSubstr(R"("KeyMaterialDescription":"first")"));
    EXPECT_THAT(materials(kReplicaRegion), HasSubstr("PENDING_IMPORT"));
    EXPECT_THAT(import(kReplicaRegion, 'b'), HasType("IncorrectKeyMaterialException"));
    EXPECT_THAT(import(kReplicaRegion, 'a', kNew), HasType("UnsupportedOperationException"));
    EXPECT_THAT(import(kReplicaRegion, 'a', R"(,"KeyMaterialDescription":"mine")"),
                HasType("ValidationException"));
    EXPECT_EQ(import(kReplicaRegion, 'a').status, 200U);
    EXPECT_EQ(of(kReplicaRegion, "KeyState"), "Enabled");
    const std::string blob =
        text_at(call(kRegion, "Encrypt", R"(,"Plaintext":"aGVsbG8=")").body, "CiphertextBlob");
    EXPECT_EQ(
        text_at(call(kReplicaRegion, "Decrypt", "," + quoted("CiphertextBlob", blob)).body, "Plaintext"),
        "aGVsbG8=");
}

TEST_F(MultiRegionImportTest, ADescriptionFlowsToTheReplicas) {
    ASSERT_EQ(import(kRegion, 'a').status, 200U);
    replicate();
    ASSERT_EQ(import(kRegion, 'a', R"(,"KeyMaterialDescription":"later")").status, 200U);
    EXPECT_THAT(materials(kReplicaRegion), HasSubstr(R"("KeyMaterialDescription":"later")"));
}

TEST_F(MultiRegionImportTest, NewMaterialRotatesWhenEveryRegionHasIt) {
    ASSERT_EQ(import(kRegion, 'a').status, 200U);
    replicate();
    replicate("ap-south-1");
    ASSERT_EQ(import(kReplicaRegion, 'a').status, 200U);
    ASSERT_EQ(import("ap-south-1", 'a').status, 200U);
    const std::string first = of(kRegion, "CurrentKeyMaterialId");
    ASSERT_EQ(import(kRegion, 'b', kNew).status, 200U);
    const auto refused =
        IsError("KMSInvalidStateException",
                "No available key material pending rotation for the key: " + api_.arn(key_) + ".");
    for (const std::string_view region : {std::string_view(kReplicaRegion), std::string_view("ap-south-1")}) {
        for (const std::string_view each : {std::string_view(kRegion), region}) {
            EXPECT_THAT(materials(each), HasSubstr(kWaits)) << each;
        }
        EXPECT_THAT(call(kRegion, "RotateKeyOnDemand"), refused);
        EXPECT_EQ(import(region, 'b').status, 200U);
        EXPECT_EQ(of(region, "KeyState"), "Enabled");
    }
    EXPECT_THAT(materials(kRegion), HasSubstr(R"("PENDING_ROTATION")"));
    EXPECT_THAT(materials(kReplicaRegion), HasSubstr(R"("PENDING_ROTATION")"));
    EXPECT_EQ(call(kRegion, "RotateKeyOnDemand").status, 200U);
    EXPECT_NE(of(kRegion, "CurrentKeyMaterialId"), first);
    for (const std::string_view region : {std::string_view(kReplicaRegion), std::string_view("ap-south-1")}) {
        EXPECT_EQ(of(region, "CurrentKeyMaterialId"), of(kRegion, "CurrentKeyMaterialId"));
        EXPECT_EQ(of(region, "KeyState"), "Enabled");
        EXPECT_EQ(materials(region), materials(kRegion));
    }
}

TEST_F(MultiRegionImportTest, AReplicaThatComesLateHoldsTheRotationUp) {
    ASSERT_EQ(import(kRegion, 'a').status, 200U);
    ASSERT_EQ(import(kRegion, 'b', kNew).status, 200U);
    EXPECT_THAT(materials(kRegion), HasSubstr(R"("PENDING_ROTATION")"));
    replicate();
    EXPECT_THAT(materials(kRegion), HasSubstr(kWaits));
    EXPECT_THAT(materials(kReplicaRegion), HasSubstr(kWaits));
    call(kReplicaRegion, "ScheduleKeyDeletion", R"(,"PendingWindowInDays":7)");
    api_.life.time += std::chrono::days(8);
    EXPECT_EQ(api_.reap(), 1U);
    EXPECT_THAT(materials(kRegion), HasSubstr(R"("PENDING_ROTATION")")) << "nobody is waited for any more";
    EXPECT_EQ(call(kRegion, "RotateKeyOnDemand").status, 200U);
}

TEST_F(MultiRegionImportTest, DeletingAtTheReplicaIsItsOwnAffairUnlessThePrimaryKeyGivesUpNewMaterial) {
    ASSERT_EQ(import(kRegion, 'a').status, 200U);
    replicate();
    ASSERT_EQ(import(kReplicaRegion, 'a').status, 200U);
    EXPECT_EQ(call(kReplicaRegion, "DeleteImportedKeyMaterial").status, 200U);
    EXPECT_EQ(of(kReplicaRegion, "KeyState"), "PendingImport");
    EXPECT_EQ(of(kRegion, "KeyState"), "Enabled");
    ASSERT_EQ(import(kReplicaRegion, 'a').status, 200U);

    const std::string pending = text_at(import(kRegion, 'b', kNew).body, "KeyMaterialId");
    ASSERT_EQ(import(kReplicaRegion, 'b').status, 200U);
    EXPECT_EQ(api_.store.load()->materials.size(), 4U);
    EXPECT_EQ(call(kRegion, "DeleteImportedKeyMaterial", "," + quoted("KeyMaterialId", pending)).status,
              200U);
    EXPECT_EQ(api_.store.load()->materials.size(), 2U);
    EXPECT_EQ(of(kReplicaRegion, "KeyState"), "Enabled");
    // Another one may take its place, in each Region.
    ASSERT_EQ(import(kRegion, 'c', kNew).status, 200U);
    EXPECT_EQ(materials(kReplicaRegion).find(pending), std::string::npos);
    ASSERT_EQ(import(kReplicaRegion, 'c').status, 200U);
    EXPECT_EQ(call(kRegion, "RotateKeyOnDemand").status, 200U);
}

}  // namespace
}  // namespace claviger::kms::test
