// Rotation by schedule and on demand; old materials keep decrypting.
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/kms/fakes.hpp"
#include "tests/unit/kms/matchers.hpp"

namespace claviger::kms::test {
namespace {

using std::chrono::days;

std::string material_of(Harness& api, const std::string& key) {
    return text_at(api.call("DescribeKey", key_body(key)).body, "KeyMetadata.CurrentKeyMaterialId");
}

std::string encrypted(Harness& api, const std::string& key) {
    return text_at(api.call("Encrypt", key_body(key, R"(,"Plaintext":"aGVsbG8=")")).body, "CiphertextBlob");
}

http::Answer decrypted(Harness& api, const std::string& blob) {
    return api.call("Decrypt", R"({"CiphertextBlob":")" + blob + "\"}");
}

TEST(Rotation, StatusShowsPeriodAndNextDateOnlyWhileItIsOn) {
    Harness api;
    const std::string key = api.make_key();
    const std::string off = R"({"KeyRotationEnabled":false,"KeyId":")" + key + "\"}";
    EXPECT_EQ(api.call("GetKeyRotationStatus", key_body(key)).body, off);
    EXPECT_THAT(api.call("EnableKeyRotation", key_body(key)), IsEmptySuccess());
    EXPECT_EQ(api.call("GetKeyRotationStatus", key_body(key)).body,
              R"({"KeyRotationEnabled":true,"KeyId":")" + key +
                  R"(","RotationPeriodInDays":365,"NextRotationDate":1731536000.123})");
    api.life.time += days(10);
    EXPECT_THAT(api.call("EnableKeyRotation", key_body(key, R"(,"RotationPeriodInDays":90)")),
                IsEmptySuccess());
    EXPECT_EQ(json_at(api.call("GetKeyRotationStatus", key_body(key)).body, "NextRotationDate"),
              "1.708640000123E9");
    api.call("ScheduleKeyDeletion", key_body(key));
    EXPECT_EQ(api.call("GetKeyRotationStatus", key_body(key)).body, off);
    api.call("CancelKeyDeletion", key_body(key));
    EXPECT_EQ(json_at(api.call("GetKeyRotationStatus", key_body(key)).body, "RotationPeriodInDays"), "90");
    api.call("EnableKey", key_body(key));
    EXPECT_THAT(api.call("DisableKeyRotation", key_body(key)), IsEmptySuccess());
    EXPECT_THAT(api.call("DisableKeyRotation", key_body(key)), IsEmptySuccess());
    EXPECT_EQ(api.call("GetKeyRotationStatus", key_body(key)).body, off);
    EXPECT_THAT(api.call("EnableKeyRotation", key_body(key, R"(,"RotationPeriodInDays":89)")),
                IsError("ValidationException",
                        "1 validation error detected: Value '89' at 'rotationPeriodInDays' failed to satisfy "
                        "constraint: Member must have value greater than or equal to 90"));
}

TEST(Rotation, HappensOnScheduleAndOldCiphertextsStillOpen) {
    Harness api;
    const std::string key = api.make_key();
    api.call("EnableKeyRotation", key_body(key, R"(,"RotationPeriodInDays":90)"));
    std::vector<std::string> blobs{encrypted(api, key)};
    std::set<std::string> materials{material_of(api, key)};
    EXPECT_EQ(api.rotate_due(), 0U);
    for (int i = 0; i < 3; ++i) {
        api.life.time += days(90);
        EXPECT_EQ(api.rotate_due(), 1U);
        EXPECT_EQ(api.rotate_due(), 0U);
        EXPECT_TRUE(materials.insert(material_of(api, key)).second);
        blobs.push_back(encrypted(api, key));
    }
    for (const std::string& blob : blobs) {
        const http::Answer answer = decrypted(api, blob);
        EXPECT_EQ(text_at(answer.body, "Plaintext"), "aGVsbG8=");
        EXPECT_EQ(materials.count(text_at(answer.body, "KeyMaterialId")), 1U);
    }
    EXPECT_EQ(text_at(api.store.outbox().back(), "eventName"), "RotateKey");
    EXPECT_EQ(text_at(api.store.outbox().back(), "serviceEventDetails.keyId"), key);
}

TEST(Rotation, OverdueManyTimesHappensOnceAndKeepsItsCalendar) {
    Harness api;
    const std::string key = api.make_key();
    api.call("EnableKeyRotation", key_body(key, R"(,"RotationPeriodInDays":100)"));
    api.life.time += days(350);
    EXPECT_EQ(api.rotate_due(), 1U);
    EXPECT_EQ(api.rotate_due(), 0U);
    EXPECT_EQ(json_at(api.call("GetKeyRotationStatus", key_body(key)).body, "NextRotationDate"),
              "1.734560000123E9");
}

TEST(Rotation, ADisabledKeyWaitsUntilItIsEnabled) {
    Harness api;
    const std::string key = api.make_key();
    api.call("EnableKeyRotation", key_body(key));
    api.call("DisableKey", key_body(key));
    api.life.time += days(366);
    EXPECT_EQ(api.rotate_due(), 0U);
    api.call("EnableKey", key_body(key));
    EXPECT_EQ(api.rotate_due(), 1U);
}

TEST(Rotation, WithoutAnHsmOrADiskNothingChanges) {
    Harness api;
    const std::string key = api.make_key();
    const std::string before = material_of(api, key);
    api.call("EnableKeyRotation", key_body(key));
    api.life.time += days(366);
    api.client.failure = Errc::no_hsm;
    EXPECT_EQ(api.rotate_due(), 0U);
    EXPECT_EQ(api.call("RotateKeyOnDemand", key_body(key)).status, 400U)
        << "too close to the automatic rotation";
    api.client.failure.reset();
    api.store.fail(true);
    EXPECT_EQ(api.rotate_due(), 0U);
    EXPECT_THAT(api.client.destroyed, ::testing::ElementsAre(key));
    api.store.fail(false);
    EXPECT_EQ(material_of(api, key), before);
    EXPECT_EQ(api.rotate_due(), 1U);
}

TEST(RotateOnDemand, ChangesTheMaterialAndEndsAtTwentyFive) {
    Harness api;
    const std::string key = api.make_key();
    std::set<std::string> materials{material_of(api, key)};
    std::vector<std::string> blobs{encrypted(api, key)};
    for (int i = 0; i < 25; ++i) {
        EXPECT_EQ(api.call("RotateKeyOnDemand", key_body(key)).body, R"({"KeyId":")" + api.arn(key) + "\"}");
        EXPECT_TRUE(materials.insert(material_of(api, key)).second);
        blobs.push_back(encrypted(api, key));
    }
    EXPECT_THAT(
        api.call("RotateKeyOnDemand", key_body(key)),
        IsError("LimitExceededException",
                "The on-demand rotations limit has been reached for the given keyId. No more on-demand "
                "rotations can be performed for this key: " +
                    api.arn(key)));
    for (const std::string& blob : blobs) {
        EXPECT_EQ(decrypted(api, blob).status, 200U);
    }
    api.life.time += days(31);
    api.call("ScheduleKeyDeletion", key_body(key));
    api.life.time += days(31);
    api.client.destroyed.clear();
    EXPECT_EQ(api.reap(), 1U);
    EXPECT_EQ(api.client.destroyed.size(), 26U) << "every material goes";
}

TEST(RotateOnDemand, RefusalsHaveTheTextsOfAws) {
    Harness api;
    const std::string key = api.make_key();
    const std::string arn = api.arn(key);
    const auto become = [&](std::string_view spec, std::string_view origin, store::KeyState state) {
        api.change_key(key, [&](store::KeyRecord& row) {
            row.spec = spec;
            row.origin = origin;
            row.state = state;
        });
    };
    become("RSA_2048", "AWS_KMS", store::KeyState::disabled);
    EXPECT_THAT(api.call("RotateKeyOnDemand", key_body(key)),
                IsError("DisabledException", arn + " is disabled."));
    become("RSA_2048", "AWS_KMS", store::KeyState::enabled);
    for (const char* operation :
         {"RotateKeyOnDemand", "EnableKeyRotation", "DisableKeyRotation", "ListKeyRotations"}) {
        EXPECT_THAT(api.call(operation, key_body(key)), IsBareError("UnsupportedOperationException"))
            << operation;
    }
    EXPECT_EQ(api.call("GetKeyRotationStatus", key_body(key)).body,
              R"({"KeyRotationEnabled":false,"KeyId":")" + key + "\"}")
        << "Terraform asks it of every key (decision 0030)";
    become("RSA_2048", "EXTERNAL", store::KeyState::pending_import);
    EXPECT_EQ(json_at(api.call("GetKeyRotationStatus", key_body(key)).body, "KeyRotationEnabled"), "false");
    become("SYMMETRIC_DEFAULT", "EXTERNAL", store::KeyState::pending_import);
    EXPECT_THAT(api.call("RotateKeyOnDemand", key_body(key)),
                IsError("KMSInvalidStateException", arn + " is pending import."));
    for (const char* operation : {"EnableKeyRotation", "DisableKeyRotation", "GetKeyRotationStatus"}) {
        EXPECT_THAT(api.call(operation, key_body(key)),
                    IsError("UnsupportedOperationException",
                            arn + " origin is EXTERNAL which is not valid for this operation."))
            << operation;
    }
    EXPECT_EQ(api.call("ListKeyRotations", key_body(key)).status, 200U);
    become("SYMMETRIC_DEFAULT", "EXTERNAL", store::KeyState::enabled);
    EXPECT_THAT(api.call("RotateKeyOnDemand", key_body(key)),
                IsError("KMSInvalidStateException",
                        "No available key material pending rotation for the key: " + arn + "."));
    EXPECT_EQ(json_at(api.call("GetKeyRotationStatus", key_body(key)).body, "KeyRotationEnabled"), "false");
    become("SYMMETRIC_DEFAULT", "AWS_CLOUDHSM", store::KeyState::enabled);
    for (const char* operation : {"RotateKeyOnDemand", "GetKeyRotationStatus"}) {
        EXPECT_THAT(api.call(operation, key_body(key)), HasType("UnsupportedOperationException"))
            << operation;
    }
    become("SYMMETRIC_DEFAULT", "AWS_KMS", store::KeyState::enabled);
    api.call("EnableKeyRotation", key_body(key, R"(,"RotationPeriodInDays":90)"));
    api.life.time += days(90) - std::chrono::minutes(19);
    EXPECT_THAT(api.call("RotateKeyOnDemand", key_body(key)), HasType("ConflictException"));
}

TEST(ListRotations, ShowsRotationsOrEveryMaterialInOrder) {
    Harness api;
    const std::string key = api.make_key();
    const std::string first = material_of(api, key);
    EXPECT_EQ(api.call("ListKeyRotations", key_body(key)).body, R"({"Rotations":[],"Truncated":false})");
    api.call("EnableKeyRotation", key_body(key, R"(,"RotationPeriodInDays":90)"));
    api.life.time += days(90);
    api.rotate_due();
    const std::string second = material_of(api, key);
    api.call("RotateKeyOnDemand", key_body(key));
    const std::string third = material_of(api, key);
    const std::string entry = R"({"KeyId":")" + key + R"(","KeyMaterialId":")";
    EXPECT_EQ(
        api.call("ListKeyRotations", key_body(key, R"(,"IncludeKeyMaterial":"ALL_KEY_MATERIAL")")).body,
        R"({"Rotations":[)" + entry + first + R"(","KeyMaterialState":"NON_CURRENT"},)" + entry + second +
            R"(","KeyMaterialState":"NON_CURRENT","RotationDate":1707776000.123,"RotationType":"AUTOMATIC"},)" +
            entry + third +
            R"(","KeyMaterialState":"CURRENT","RotationDate":1707776000.124,"RotationType":"ON_DEMAND"}],)"
            R"("Truncated":false})");
    const http::Answer page = api.call("ListKeyRotations", key_body(key, R"(,"Limit":1)"));
    EXPECT_EQ(text_at(page.body, "Rotations.0.KeyMaterialId"), second);
    const http::Answer rest = api.call(
        "ListKeyRotations", key_body(key, R"(,"Marker":")" + text_at(page.body, "NextMarker") + "\""));
    EXPECT_EQ(text_at(rest.body, "Rotations.0.KeyMaterialId"), third);
    EXPECT_EQ(json_at(rest.body, "Truncated"), "false");
    Catalogue again;
    EXPECT_TRUE(again.load(*api.store.load()).empty());
    EXPECT_EQ(again.key(kAccount, kRegion, key)->rotations->past.size(), 2U);
    EXPECT_EQ(again.due_for_rotation(api.life.time + days(90)).size(), 1U);
}

}  // namespace
}  // namespace claviger::kms::test
