#include "src/cloudhsm/key_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace claviger::cloudhsm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const std::vector<std::string> kHsms{"hsm-a", "hsm-b"};
const std::string kKey = "arn:aws:kms:us-east-1:111122223333:key/one";

std::vector<BookedKey> one_key() {
    return {{kKey, nullptr}};
}
cluster::KeyObject object(const std::string& hsm, const std::string& label = kKey) {
    return {hsm, label, "00"};
}
KeyLedger in_step() {
    return {{"hsm-a", "hsm-b"}, {kKey}, {}};
}
std::vector<std::string> placed(const KeyPlan& plan) {
    std::vector<std::string> hsms;
    for (const KeyPlan::Placing& one : plan.place) {
        hsms.push_back(one.hsm);
    }
    return hsms;
}

TEST(KeyPlan, NothingIsToBeDoneWhereEveryHsmHasEveryKey) {
    const KeyPlan plan =
        plan_keys(one_key(), in_step(), {{"hsm-a", {object("hsm-a")}}, {"hsm-b", {object("hsm-b")}}}, kHsms);
    EXPECT_THAT(plan.place, IsEmpty());
    EXPECT_THAT(plan.destroy, IsEmpty());
    EXPECT_THAT(plan.gone, IsEmpty());
    EXPECT_THAT(plan.orphans, IsEmpty());
    EXPECT_EQ(plan.ledger, in_step());
}

TEST(KeyPlan, WhatOneHsmLostIsRepairedFromTheKeyToken) {
    const KeyPlan plan =
        plan_keys(one_key(), in_step(), {{"hsm-a", {}}, {"hsm-b", {object("hsm-b")}}}, kHsms);
    EXPECT_THAT(placed(plan), ElementsAre("hsm-a"));
    EXPECT_THAT(plan.gone, IsEmpty());
}

TEST(KeyPlan, WhatEveryHsmLostWasDestroyedByItsOwner) {
    const KeyPlan plan = plan_keys(one_key(), in_step(), {{"hsm-a", {}}, {"hsm-b", {}}}, kHsms);
    EXPECT_THAT(plan.place, IsEmpty());
    EXPECT_THAT(plan.gone, ElementsAre(kKey));
}

TEST(KeyPlan, AnHsmThatJoinsDoesNotBringBackWhatTheOthersLost) {
    const KeyPlan plan = plan_keys(one_key(), {{"hsm-a"}, {kKey}, {}}, {{"hsm-a", {}}, {"hsm-b", {}}}, kHsms);
    EXPECT_THAT(plan.place, IsEmpty());
    EXPECT_THAT(plan.gone, ElementsAre(kKey));
}

TEST(KeyPlan, HsmThatWasAwayWhenAKeyWasMadeGetsItThoughNobodyElseIsThere) {
    const KeyLedger before{{"hsm-a", "hsm-b"}, {}, {}};
    const KeyPlan made = plan_keys(one_key(), before, {{"hsm-a", {object("hsm-a")}}}, kHsms);
    EXPECT_THAT(made.ledger.in_step, ElementsAre("hsm-a"));
    const KeyPlan back = plan_keys(one_key(), made.ledger, {{"hsm-b", {}}}, kHsms);
    EXPECT_THAT(placed(back), ElementsAre("hsm-b"));
    EXPECT_THAT(back.gone, IsEmpty());
}

TEST(KeyPlan, HsmThatWasAwayWhenAKeyCameToTheClusterGetsIt) {
    const KeyPlan came = plan_keys(one_key(), {{"hsm-a", "hsm-b"}, {}, {}}, {{"hsm-a", {}}}, kHsms);
    EXPECT_THAT(placed(came), ElementsAre("hsm-a"));
    EXPECT_THAT(came.ledger.in_step, ElementsAre("hsm-a"));
}

// It came with a backup, or its key store was moved here.
TEST(KeyPlan, KeyThatComesToAClusterLaterIsPlaced) {
    const KeyPlan plan =
        plan_keys(one_key(), {{"hsm-a", "hsm-b"}, {}, {}}, {{"hsm-a", {}}, {"hsm-b", {}}}, kHsms);
    EXPECT_THAT(placed(plan), UnorderedElementsAre("hsm-a", "hsm-b"));
    EXPECT_THAT(plan.gone, IsEmpty());
}

TEST(KeyPlan, KeyThatWasFoundIsRemembered) {
    const FoundObjects found{{"hsm-a", {object("hsm-a"), object("hsm-a", "claviger-key")}}};
    EXPECT_THAT(plan_keys(one_key(), {}, found, kHsms).ledger.held, ElementsAre(kKey));
}

TEST(KeyPlan, KeyDeletedOnCommandAtOnceStaysAway) {
    const KeyLedger ledger{{"hsm-a", "hsm-b"}, {}, {{"hsm-a", kKey}}};
    const KeyPlan first = plan_keys(one_key(), ledger, {{"hsm-a", {object("hsm-a")}}}, kHsms);
    EXPECT_THAT(first.gone, ElementsAre(kKey));
    const KeyPlan next = plan_keys(one_key(), first.ledger, {{"hsm-a", {}}, {"hsm-b", {}}}, kHsms);
    EXPECT_THAT(next.gone, ElementsAre(kKey));
    EXPECT_THAT(next.place, IsEmpty());
}

// Made by a service whose first Region was another one.
TEST(KeyPlan, CopyUnderAnotherRegionIsAnOrphanUntilItsKeyIsDeleted) {
    const std::string copy = "arn:aws:kms:eu-west-1:111122223333:key/one";
    const FoundObjects found{{"hsm-a", {object("hsm-a"), object("hsm-a", copy)}}};
    const KeyPlan kept = plan_keys(one_key(), in_step(), found, kHsms);
    ASSERT_EQ(kept.orphans.size(), 1U);
    EXPECT_EQ(kept.orphans[0].label, copy);

    KeyLedger told = in_step();
    told.tombstones = {{"hsm-a", kKey}};
    EXPECT_EQ(plan_keys(one_key(), told, found, kHsms).destroy.size(), 1U) << "by its own label";
    const KeyPlan deleted = plan_keys({}, told, found, kHsms);
    EXPECT_EQ(deleted.destroy.size(), 2U);
    EXPECT_THAT(deleted.orphans, IsEmpty());
}

TEST(KeyLedger, ReadsWhatItWrote) {
    const KeyLedger ledger{{"hsm-a"}, {kKey}, {{"hsm-a", "a key\nin-step \"hsm-b\""}, {"hsm-b", ""}}};
    const Result<KeyLedger> read = parse_ledger(to_text(ledger));
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, ledger);
    EXPECT_FALSE(parse_ledger("held"));
    EXPECT_FALSE(parse_ledger("forget hsm-a\n"));
    EXPECT_FALSE(parse_ledger("kept hsm-a\n"));
}

// Its key's own object is gone by then, and so is the tombstone that spoke for both.
TEST(KeyLedger, CopyThatWasNotDestroyedIsStillToBeForgotten) {
    const std::string copy = "arn:aws:kms:eu-west-1:111122223333:key/one";
    KeyLedger before{{"hsm-a"}, {}, {{"hsm-a", kKey}}};
    KeyPlan plan = plan_keys({}, before, {{"hsm-a", {object("hsm-a"), object("hsm-a", copy)}}}, kHsms);
    plan.ledger.tombstones.emplace("hsm-a", copy);  // its destruction failed
    const KeyLedger kept = merge(before, before, plan.ledger);
    EXPECT_THAT(kept.tombstones, ElementsAre(std::pair(std::string("hsm-a"), copy)));
    const KeyPlan next = plan_keys({}, kept, {{"hsm-a", {object("hsm-a", copy)}}}, kHsms);
    EXPECT_EQ(next.destroy.size(), 1U);
    EXPECT_THAT(next.orphans, IsEmpty());
}

TEST(KeyLedger, TombstoneThatCameDuringALookStays) {
    const KeyLedger before{{"hsm-a"}, {}, {{"hsm-a", kKey}}};
    const KeyLedger now{{"hsm-a"}, {}, {{"hsm-a", kKey}, {"hsm-a", "another"}}};
    const KeyLedger kept = merge(now, before, {{"hsm-a"}, {}, {}});
    EXPECT_THAT(kept.tombstones, ElementsAre(std::pair(std::string("hsm-a"), std::string("another"))));
}

TEST(KeyPlan, FirstHsmOfAClusterThatHadNoneGetsEveryKey) {
    const KeyPlan plan = plan_keys(one_key(), {{}, {kKey}, {}}, {{"hsm-b", {}}}, kHsms);
    EXPECT_THAT(placed(plan), ElementsAre("hsm-b"));
    EXPECT_THAT(plan.gone, IsEmpty());
    EXPECT_TRUE(plan.ledger.in_step.contains("hsm-b"));
}

TEST(KeyPlan, TombstonesWaitForTheHsmTheyAreFor) {
    KeyLedger ledger = in_step();
    ledger.tombstones = {{"hsm-a", kKey}, {"hsm-b", kKey}};
    const KeyPlan plan = plan_keys({}, ledger, {{"hsm-a", {object("hsm-a")}}}, kHsms);
    ASSERT_EQ(plan.destroy.size(), 1U);
    EXPECT_EQ(plan.destroy[0].hsm_id, "hsm-a");
    EXPECT_THAT(plan.ledger.tombstones, ElementsAre(std::pair(std::string("hsm-b"), kKey)));
    EXPECT_THAT(plan.orphans, IsEmpty());
}

TEST(KeyPlan, KeyDeletedOnCommandIsNotRepairedFromAnHsmThatWasAway) {
    KeyLedger ledger = in_step();
    ledger.tombstones = {{"hsm-b", kKey}};
    const KeyPlan plan = plan_keys(one_key(), ledger, {{"hsm-a", {}}, {"hsm-b", {object("hsm-b")}}}, kHsms);
    EXPECT_THAT(plan.place, IsEmpty());
    EXPECT_EQ(plan.destroy.size(), 1U);
    EXPECT_THAT(plan.gone, ElementsAre(kKey));
}

TEST(KeyPlan, ObjectsOfNoKeyAreReportedOnly) {
    const KeyPlan plan = plan_keys({}, in_step(), {{"hsm-a", {object("hsm-a", "claviger-key")}}}, kHsms);
    ASSERT_EQ(plan.orphans.size(), 1U);
    EXPECT_THAT(plan.destroy, IsEmpty());
}

TEST(KeyPlan, HsmsThatLeftAreForgotten) {
    KeyLedger ledger{{"hsm-a", "hsm-gone"}, {}, {{"hsm-gone", kKey}}};
    const KeyPlan plan = plan_keys({}, ledger, {}, kHsms);
    EXPECT_THAT(plan.ledger.in_step, UnorderedElementsAre("hsm-a"));
    EXPECT_THAT(plan.ledger.tombstones, IsEmpty());
}

}  // namespace
}  // namespace claviger::cloudhsm
