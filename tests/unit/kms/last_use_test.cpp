// GetKeyLastUsage: what it reports, and what survives.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/kms/operation.hpp"
#include "tests/unit/kms/fakes.hpp"
#include "tests/unit/kms/matchers.hpp"

namespace claviger::kms::test {
namespace {

http::Answer last_use(Harness& api, const std::string& key) {
    return api.call("GetKeyLastUsage", key_body(key));
}

TEST(LastUse, OfAnUnusedKeyIsEmpty) {
    Harness api;
    const std::string key = api.make_key();
    api.call("DescribeKey", key_body(key));
    EXPECT_EQ(last_use(api, key).body, R"({"KeyId":")" + key +
                                           R"(","KeyLastUsage":{},"TrackingStartDate":1700000000.123,)"
                                           R"("KeyCreationDate":1700000000.123})");
}

TEST(LastUse, NamesTheNewestSuccessfulUse) {
    Harness api;
    const std::string key = api.make_key();
    const std::string other = api.make_key();
    const std::string blob =
        text_at(api.call("Encrypt", key_body(key, R"(,"Plaintext":"aGVsbG8=")")).body, "CiphertextBlob");
    EXPECT_EQ(text_at(last_use(api, key).body, "KeyLastUsage.Operation"), "Encrypt");
    api.life.time += std::chrono::hours(1);
    api.call("ReEncrypt", R"({"CiphertextBlob":")" + blob + R"(","DestinationKeyId":")" + other + "\"}");
    const std::string event = text_at(api.audit.records.back(), "eventID");
    for (const std::string& each : {key, other}) {
        const http::Answer answer = last_use(api, each);
        EXPECT_EQ(text_at(answer.body, "KeyLastUsage.Operation"), "ReEncrypt");
        EXPECT_EQ(json_at(answer.body, "KeyLastUsage.Timestamp"), "1.700003600123E9");
        EXPECT_EQ(text_at(answer.body, "KeyLastUsage.CloudTrailEventId"), event);
        EXPECT_EQ(text_at(answer.body, "KeyLastUsage.KmsRequestId"), "11111111-2222-4333-8444-555555555555");
    }
    api.call("GenerateDataKey", key_body(key));                                           // fails
    api.call("GenerateDataKey", key_body(key, R"(,"KeySpec":"AES_256","DryRun":true)"));  // counts as failed
    EXPECT_EQ(text_at(last_use(api, key).body, "KeyLastUsage.Operation"), "ReEncrypt");
}

TEST(LastUse, IsWrittenOnceForManyUsesAndReadBack) {
    Harness api;
    const std::string key = api.make_key();
    const auto use = [&] { api.call("GenerateDataKey", key_body(key, R"(,"KeySpec":"AES_256")")); };
    use();
    use();
    const auto rows = api.catalogue.uses().take_unwritten(10);
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_TRUE(api.catalogue.uses().take_unwritten(10).empty());
    api.catalogue.uses().give_back(rows);
    api.store.fail(true);
    write_last_uses(api.catalogue.uses(), api.store);
    api.change_key(key, [](store::KeyRecord&) {});  // waits until the writer is past it
    api.store.fail(false);
    write_last_uses(api.catalogue.uses(), api.store);
    api.change_key(key, [](store::KeyRecord&) {});
    Catalogue again;
    EXPECT_TRUE(again.load(*api.store.load()).empty());
    EXPECT_EQ(again.uses().of(*again.key(kAccount, kRegion, key))->operation, "GenerateDataKey");
    EXPECT_TRUE(again.uses().take_unwritten(10).empty());
}

TEST(LastUse, EveryOperationThatTheModelTracksIsMarkedAsAUse) {
    const auto& shapes = model::kms().shapes;
    const auto tracked = std::ranges::find(shapes, "KeyLastUsageTrackingOperation", &model::Shape::name);
    ASSERT_NE(tracked, shapes.end());
    for (const Operation& row : operation_table()) {
        EXPECT_LE(row.name.size(), LastUses::kLongestOperation);
        const bool named = std::ranges::find(tracked->values, row.name) != tracked->values.end();
        EXPECT_EQ(row.access == Access::use, named) << row.name;
    }
}

}  // namespace
}  // namespace claviger::kms::test
