// Multi-Region keys in the store: found by their id, wherever they are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/store/support.hpp"

namespace claviger::store {
namespace {

const AccountId kOwner("111122223333");

KeyRecord in_region(const char* region, const char* id, const char* account = "111122223333") {
    KeyRecord record = key(id);
    record.account = AccountId(account);
    record.region = region;
    record.multi_region = true;
    record.primary_region = "eu-central-1";
    return record;
}

std::vector<std::string> regions_of(SqliteStore& store, const char* id) {
    std::vector<std::string> regions;
    EXPECT_TRUE(commit(store, [&](Txn& txn) {
        const auto related = txn.related_keys(kOwner, KeyId(id));  // outlives the loop over it
        for (const KeyRecord& row : related.value()) {
            EXPECT_EQ(row.id.value(), id);
            regions.push_back(row.region);
        }
        return false;
    }));
    return regions;
}

TEST(RelatedKeys, AreThoseOfOneAccountAndIdInOrderOfRegion) {
    StoreHome home;
    const auto store = home.open();
    for (const char* const region : {"us-west-2", "eu-central-1", "ap-south-1"}) {
        ASSERT_TRUE(put(*store, in_region(region, "mrk-1")));
    }
    ASSERT_TRUE(put(*store, in_region("eu-west-1", "mrk-2")));
    ASSERT_TRUE(put(*store, in_region("eu-west-2", "mrk-1", "444455556666")));
    ASSERT_TRUE(put(*store, in_region("aa-first-1", "mrk-1", "000000000000")));
    EXPECT_THAT(regions_of(*store, "mrk-1"), testing::ElementsAre("ap-south-1", "eu-central-1", "us-west-2"));
    EXPECT_THAT(regions_of(*store, "mrk-2"), testing::ElementsAre("eu-west-1"));
    EXPECT_THAT(regions_of(*store, "mrk-3"), testing::IsEmpty());
    ASSERT_TRUE(commit(
        *store, [&](Txn& txn) { return txn.erase_key(kOwner, "eu-central-1", KeyId("mrk-1")).has_value(); }));
    EXPECT_THAT(regions_of(*store, "mrk-1"), testing::ElementsAre("ap-south-1", "us-west-2"));
}

TEST(RelatedKeys, AKeyOfOneRegionHasNone) {
    StoreHome home;
    const auto store = home.open();
    ASSERT_TRUE(put(*store, key("k1")));
    EXPECT_THAT(regions_of(*store, "k1"), testing::IsEmpty());
}

TEST(RelatedKeys, MaterialsAreListedByKeyAndRegion) {
    StoreHome home;
    const auto store = home.open();
    ASSERT_TRUE(commit(*store, [&](Txn& txn) {
        for (const char* const region : {"eu-central-1", "us-west-2"}) {
            for (const char* const id : {"m1", "m2"}) {
                EXPECT_TRUE(txn.put(MaterialRecord{kOwner, region, KeyId("mrk-1"), id, Bytes(3), {}}));
            }
        }
        EXPECT_TRUE(txn.erase_material(kOwner, "us-west-2", KeyId("mrk-1"), "m1"));
        const auto here = txn.materials(kOwner, "eu-central-1", KeyId("mrk-1")).value();
        const auto there = txn.materials(kOwner, "us-west-2", KeyId("mrk-1")).value();
        EXPECT_EQ(here.size(), 2U);
        EXPECT_EQ(there.size(), 1U);
        EXPECT_EQ(there.empty() ? "" : there.front().id, "m2");
        return true;
    }));
}

}  // namespace
}  // namespace claviger::store
