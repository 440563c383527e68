// What every store promises, on a file and in memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include "tests/unit/store/support.hpp"

namespace claviger::store {
namespace {

const AccountId kAccount("111122223333");
constexpr std::string_view kRegion = "eu-central-1";

enum class Place { file, memory };

class StoreContract : public testing::TestWithParam<Place> {
protected:
    void SetUp() override {
        if (GetParam() == Place::memory) {
            home_.options().path = ":memory:";
        }
        store_ = home_.open();
    }

    StoreHome home_;
    std::unique_ptr<SqliteStore> store_;
};

TEST_P(StoreContract, WrittenRowsAreReadBackUnchanged) {
    const KeyRecord written = key("k1");
    ASSERT_TRUE(put(*store_, written));
    std::optional<KeyRecord> found;
    ASSERT_TRUE(commit(*store_, [&](Txn& txn) {
        found = txn.key(kAccount, kRegion, KeyId("k1")).value();
        return false;
    }));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->version, 1U);
    EXPECT_EQ(found->policy, written.policy);
    EXPECT_EQ(found->tags, written.tags);
    EXPECT_EQ(found->deletion_date, written.deletion_date);
    EXPECT_EQ(found->created, written.created);
    EXPECT_EQ(found->state, written.state);
    EXPECT_EQ(found->pending_window_days, written.pending_window_days);
}

TEST_P(StoreContract, ARowThatCouldNotBeReadBackIsNotWritten) {
    KeyRecord long_tag = key("k1");
    long_tag.tags = {{"Project", std::string(4097, 'a')}};
    KeyRecord many_tags = key("k2");
    many_tags.tags = std::vector<Tag>(1001, Tag{"a", "b"});
    GrantRecord many_operations = grant("k3", "g1");
    many_operations.operations = std::vector<std::string>(1001, "Encrypt");
    for (const Result<std::uint64_t>& outcome :
         {put(*store_, long_tag), put(*store_, many_tags), put(*store_, many_operations)}) {
        ASSERT_FALSE(outcome);
        EXPECT_EQ(outcome.error().code, Errc::internal);
    }
    ASSERT_TRUE(put(*store_, key("k4")));
    const Result<Contents> contents = store_->load();
    ASSERT_TRUE(contents) << why(contents);
    EXPECT_TRUE(contents->refused.empty());
    EXPECT_EQ(contents->keys.size(), 1U);
    EXPECT_TRUE(contents->grants.empty());
}

TEST_P(StoreContract, AbsentRowsReadAsNothing) {
    ASSERT_TRUE(commit(*store_, [&](Txn& txn) {
        EXPECT_FALSE(txn.key(kAccount, kRegion, KeyId("none")).value());
        EXPECT_FALSE(txn.alias(kAccount, kRegion, "alias/none").value());
        EXPECT_FALSE(txn.setting("none").value());
        return false;
    }));
}

TEST_P(StoreContract, WritingAnotherVersionThanTheStoredOneConflicts) {
    ASSERT_TRUE(put(*store_, alias("alias/a")));
    std::vector<Errc> codes;
    ASSERT_TRUE(commit(*store_, [&](Txn& txn) {
        codes.push_back(txn.put(alias("alias/a")).error().code);
        AliasRecord future = alias("alias/b");
        future.version = 3;
        codes.push_back(txn.put(future).error().code);
        return false;
    }));
    EXPECT_THAT(codes, testing::ElementsAre(Errc::conflict, Errc::conflict));
}

TEST_P(StoreContract, RolledBackTransactionLeavesNothing) {
    ASSERT_TRUE(commit(*store_, [&](Txn& txn) {
        EXPECT_TRUE(txn.put(key("k1")));
        EXPECT_TRUE(txn.put(alias("alias/a")));
        EXPECT_EQ(txn.count_keys(kAccount, kRegion).value(), 1U);
        EXPECT_TRUE(txn.audit("{}"));
        return false;
    }));
    const Result<Contents> contents = store_->load();
    ASSERT_TRUE(contents) << why(contents);
    EXPECT_TRUE(contents->keys.empty());
    EXPECT_TRUE(contents->aliases.empty());
    ASSERT_TRUE(commit(*store_, [&](Txn& txn) {
        EXPECT_EQ(txn.count_keys(kAccount, kRegion).value(), 0U);
        EXPECT_EQ(txn.count_aliases(kAccount, kRegion, KeyId("k1")).value(), 0U);
        return false;
    }));
}

TEST_P(StoreContract, ThrowingTransactionFailsAloneAndTheStoreGoesOn) {
    const Result<std::uint64_t> thrown = commit(*store_, [](Txn& txn) -> bool {
        (void)txn.put(alias("alias/thrown"));
        throw std::runtime_error("bug");
    });
    ASSERT_FALSE(thrown);
    EXPECT_EQ(thrown.error().code, Errc::internal);
    EXPECT_TRUE(put(*store_, alias("alias/after")));
    EXPECT_EQ(store_->load()->aliases.size(), 1U);
}

TEST_P(StoreContract, CountsFollowWritesMovesAndErasures) {
    ASSERT_TRUE(put(*store_, key("k1")));
    ASSERT_TRUE(put(*store_, key("k2")));
    ASSERT_TRUE(put(*store_, alias("alias/a", "k1")));
    ASSERT_TRUE(put(*store_, alias("alias/b", "k1")));
    AliasRecord moved = alias("alias/b", "k2");
    moved.version = 1;
    ASSERT_TRUE(put(*store_, moved));
    ASSERT_TRUE(commit(*store_, [&](Txn& txn) {
        EXPECT_EQ(txn.count_keys(kAccount, kRegion).value(), 2U);
        EXPECT_EQ(txn.count_aliases(kAccount, kRegion, KeyId("k1")).value(), 1U);
        EXPECT_EQ(txn.count_aliases(kAccount, kRegion, KeyId("k2")).value(), 1U);
        EXPECT_TRUE(txn.erase_alias(kAccount, kRegion, "alias/a"));
        EXPECT_EQ(txn.count_aliases(kAccount, kRegion, KeyId("k1")).value(), 0U);
        EXPECT_EQ(txn.erase_alias(kAccount, kRegion, "alias/a").error().code, Errc::not_found);
        return true;
    }));
}

TEST_P(StoreContract, GrantsAreFoundByIdAndNameAndCounted) {
    ASSERT_TRUE(commit(*store_, [](Txn& txn) {
        return txn.put(grant("k1", "g1", "n")) && txn.put(grant("k1", "g2", "n")) &&
               txn.put(grant("k1", "g3")) && txn.put(grant("k2", "g4", "n"));
    }));
    ASSERT_TRUE(commit(*store_, [&](Txn& txn) {
        const GrantRecord found = txn.grant(kAccount, kRegion, KeyId("k1"), "g1").value().value();
        const GrantRecord written = grant("k1", "g1", "n");
        EXPECT_EQ(found.operations, written.operations);
        EXPECT_EQ(found.context_equals, written.context_equals);
        EXPECT_TRUE(found.context_subset.empty());
        EXPECT_EQ(found.grantee, written.grantee);
        EXPECT_EQ(found.issuer, kAccount);
        EXPECT_EQ(txn.grants_named(kAccount, kRegion, KeyId("k1"), "n").value().size(), 2U);
        EXPECT_TRUE(txn.grants_named(kAccount, kRegion, KeyId("k1"), "other").value().empty());
        EXPECT_EQ(txn.count_grants(kAccount, kRegion, KeyId("k1")).value(), 3U);
        EXPECT_TRUE(txn.erase_grant(kAccount, kRegion, KeyId("k1"), "g1"));
        EXPECT_EQ(txn.count_grants(kAccount, kRegion, KeyId("k1")).value(), 2U);
        EXPECT_EQ(txn.erase_grant(kAccount, kRegion, KeyId("k1"), "g1").error().code, Errc::not_found);
        return true;
    }));
}

TEST_P(StoreContract, RotationsAndUsageAreReadBack) {
    ASSERT_TRUE(commit(*store_, [](Txn& txn) {
        return txn.put(schedule("k1")) && txn.put(rotation("k1", "m2")) && txn.put(rotation("k1", "m3")) &&
               txn.put(usage("k1"));
    }));
    ASSERT_TRUE(commit(*store_, [&](Txn& txn) {
        EXPECT_EQ(txn.rotation_schedule(kAccount, kRegion, KeyId("k1")).value()->period_days, 90U);
        EXPECT_FALSE(txn.rotation_schedule(kAccount, kRegion, KeyId("k2")).value());
        const auto rotations = txn.rotations(kAccount, kRegion, KeyId("k1")).value();
        EXPECT_EQ(rotations.size(), 2U);
        EXPECT_EQ(rotations.at(0).type, RotationType::on_demand);
        EXPECT_EQ(txn.key_usage(kAccount, kRegion, KeyId("k1")).value()->operation, "Encrypt");
        EXPECT_TRUE(txn.erase_rotation_schedule(kAccount, kRegion, KeyId("k1")));
        EXPECT_EQ(txn.erase_rotation_schedule(kAccount, kRegion, KeyId("k1")).error().code, Errc::not_found);
        return true;
    }));
}

TEST_P(StoreContract, ImportsOutliveTheirMaterial) {
    ASSERT_TRUE(commit(*store_, [](Txn& txn) {
        return txn.put(material("k1", "m1")) && txn.put(import("k1", "m1")) && txn.put(import("k1", "m2"));
    }));
    ASSERT_TRUE(commit(*store_, [&](Txn& txn) {
        EXPECT_TRUE(txn.erase_material(kAccount, kRegion, KeyId("k1"), "m1"));
        EXPECT_EQ(txn.erase_material(kAccount, kRegion, KeyId("k1"), "m1").error().code, Errc::not_found);
        EXPECT_FALSE(txn.material(kAccount, kRegion, KeyId("k1"), "m1").value());
        EXPECT_TRUE(txn.erase_import(kAccount, kRegion, KeyId("k1"), "m2"));
        EXPECT_EQ(txn.erase_import(kAccount, kRegion, KeyId("k1"), "m2").error().code, Errc::not_found);
        return true;
    }));
    ASSERT_TRUE(commit(*store_, [&](Txn& txn) {
        const auto imports = txn.imports(kAccount, kRegion, KeyId("k1")).value();
        EXPECT_EQ(imports.size(), 1U);
        const ImportRecord written = import("k1", "m1");
        EXPECT_EQ(imports.at(0).material, written.material);
        EXPECT_EQ(imports.at(0).status, written.status);
        EXPECT_EQ(imports.at(0).description, written.description);
        EXPECT_EQ(imports.at(0).valid_to, written.valid_to);
        EXPECT_EQ(imports.at(0).public_key, written.public_key);
        return true;
    }));
}

TEST_P(StoreContract, ErasedKeyTakesEveryOtherRowAboutIt) {
    ASSERT_TRUE(commit(*store_, [](Txn& txn) {
        return txn.put(key("k1")) && txn.put(key("k2")) && txn.put(material("k1", "m1")) &&
               txn.put(material("k1", "m2")) && txn.put(material("k2", "m3")) &&
               txn.put(alias("alias/a", "k1")) && txn.put(alias("alias/b", "k2")) &&
               txn.put(grant("k1", "g1")) && txn.put(grant("k2", "g2")) && txn.put(schedule("k1")) &&
               txn.put(schedule("k2")) && txn.put(rotation("k1", "m2")) && txn.put(usage("k1")) &&
               txn.put(import("k1", "m1"));
    }));
    ASSERT_TRUE(
        commit(*store_, [](Txn& txn) { return txn.erase_key(kAccount, kRegion, KeyId("k1")).has_value(); }));
    const Result<Contents> contents = store_->load();
    ASSERT_TRUE(contents) << why(contents);
    ASSERT_EQ(contents->keys.size(), 1U);
    EXPECT_EQ(contents->keys[0].id, KeyId("k2"));
    ASSERT_EQ(contents->materials.size(), 1U);
    EXPECT_EQ(contents->materials[0].id, "m3");
    ASSERT_EQ(contents->aliases.size(), 1U);
    ASSERT_EQ(contents->grants.size(), 1U);
    EXPECT_EQ(contents->grants[0].id, "g2");
    EXPECT_EQ(contents->rotation_schedules.size(), 1U);
    EXPECT_TRUE(contents->rotations.empty());
    EXPECT_TRUE(contents->key_usages.empty());
    EXPECT_TRUE(contents->imports.empty());
    EXPECT_TRUE(contents->refused.empty());
}

TEST_P(StoreContract, ObserverHearsOfACommitBeforeItsSubmitter) {
    home_.options().path = ":memory:";
    const auto store = home_.open();
    std::vector<std::string> seen;
    store->observe([&](const Change& change) {
        for (const AliasRecord& changed : change.aliases) {
            seen.push_back(changed.name + " v" + std::to_string(changed.version));
        }
        for (const AliasRecord& erased : change.erased_aliases) {
            seen.push_back("-" + erased.name);
        }
    });
    ASSERT_TRUE(put(*store, alias("alias/a")));
    EXPECT_THAT(seen, testing::ElementsAre("alias/a v1"));
    ASSERT_TRUE(commit(*store, [](Txn& txn) {
        (void)txn.put(alias("alias/never"));
        return false;
    }));
    ASSERT_TRUE(
        commit(*store, [](Txn& txn) { return txn.erase_alias(kAccount, kRegion, "alias/a").has_value(); }));
    EXPECT_THAT(seen, testing::ElementsAre("alias/a v1", "-alias/a"));
}

TEST_P(StoreContract, ThousandSubmitsShareFewCommits) {
    constexpr int kSubmits = 1000;
    std::latch all(kSubmits);
    std::atomic<int> failed{0};
    Occupied thread(*store_);
    for (int i = 0; i < kSubmits; ++i) {
        store_->submit([i](Txn& txn) { return txn.put(alias("alias/" + std::to_string(i))).has_value(); },
                       [&](const Result<std::uint64_t>& outcome) {
                           failed += outcome ? 0 : 1;
                           all.count_down();
                       });
    }
    thread.let_go();
    all.wait();
    EXPECT_EQ(failed, 0);
    EXPECT_LE(store_->commits(), 4U);
    EXPECT_EQ(store_->load()->aliases.size(), 1000U);
}

TEST_P(StoreContract, OneFailingTransactionDoesNotSpoilItsBatch) {
    std::latch all(3);
    Occupied thread(*store_);
    const auto count = [&](const Result<std::uint64_t>&) { all.count_down(); };
    store_->submit([](Txn& txn) { return txn.put(alias("alias/first")).has_value(); }, count);
    store_->submit(
        [](Txn& txn) {
            (void)txn.put(alias("alias/second"));
            return false;
        },
        count);
    store_->submit([](Txn& txn) { return txn.put(alias("alias/third")).has_value(); }, count);
    thread.let_go();
    all.wait();
    const Result<Contents> contents = store_->load();
    ASSERT_EQ(contents->aliases.size(), 2U);
    EXPECT_EQ(contents->aliases[0].name, "alias/first");
    EXPECT_EQ(contents->aliases[1].name, "alias/third");
}

TEST_P(StoreContract, SequenceRisesWithEachCommitOnly) {
    const std::uint64_t before = store_->sequence();
    const Result<std::uint64_t> committed = put(*store_, alias("alias/a"));
    ASSERT_TRUE(committed);
    EXPECT_EQ(*committed, before + 1);
    EXPECT_EQ(store_->sequence(), before + 1);
    ASSERT_TRUE(commit(*store_, [](Txn&) { return false; }));
    EXPECT_EQ(store_->sequence(), before + 1);
}

TEST_P(StoreContract, EveryKindOfRecordComesBackFromLoad) {
    ASSERT_TRUE(commit(*store_, [](Txn& txn) {
        return txn.put(AccountRecord{AccountId("111122223333"), "acme", 0}) &&
               txn.put(PrincipalRecord{AccountId("111122223333"), "arn:p", "alice", "AIDA", 0}) &&
               txn.put(AccessKeyRecord{"AKIA1", "arn:p", Bytes(60), false, WallTime(), 0}) &&
               txn.put(ClusterRecord{ClusterId("cluster-1"),
                                     "ACTIVE",
                                     1,
                                     Bytes(3),
                                     Bytes(4),
                                     Bytes(5),
                                     {},
                                     "pem",
                                     "",
                                     {},
                                     "sealed",
                                     0}) &&
               txn.put(HsmRecord{HsmId("hsm-1"), ClusterId("cluster-1"), "a", "s", "ACTIVE", Bytes(9), 0}) &&
               txn.put(SettingRecord{"life.offset", Bytes(8), 0}) && txn.put(cloudhsm_cluster("cluster-1")) &&
               txn.put(cloudhsm_hsm("hsm-1")) && txn.put(cloudhsm_hsm("hsm-2")) &&
               txn.put(cluster_user("admin")) && txn.put(cluster_user("bob")) &&
               txn.put(key_store("cks-1")) && txn.put(backup("backup-1"));
    }));
    const Result<Contents> contents = store_->load();
    ASSERT_TRUE(contents) << why(contents);
    EXPECT_TRUE(contents->refused.empty());
    ASSERT_EQ(contents->accounts.size(), 1U);
    EXPECT_EQ(contents->accounts[0].alias, "acme");
    ASSERT_EQ(contents->principals.size(), 1U);
    EXPECT_EQ(contents->principals[0].name, "alice");
    ASSERT_EQ(contents->access_keys.size(), 1U);
    EXPECT_FALSE(contents->access_keys[0].active);
    ASSERT_EQ(contents->clusters.size(), 1U);
    EXPECT_EQ(contents->clusters[0].check_token, Bytes(5));
    ASSERT_EQ(contents->hsms.size(), 1U);
    EXPECT_EQ(contents->hsms[0].sealed_officer_pin.size(), 9U);
    ASSERT_EQ(contents->settings.size(), 1U);
    ASSERT_EQ(contents->cloudhsm_clusters.size(), 1U);
    EXPECT_EQ(contents->cloudhsm_clusters[0].state, ClusterState::active);
    ASSERT_EQ(contents->cloudhsm_hsms.size(), 2U);
    EXPECT_EQ(contents->cloudhsm_hsms[0].ip, "10.0.1.10");
    EXPECT_EQ(contents->cluster_users.size(), 2U);
    ASSERT_EQ(contents->key_stores.size(), 1U);
    EXPECT_EQ(contents->key_stores[0].state, ConnectionState::failed);
    EXPECT_EQ(contents->key_stores[0].error_code, "INVALID_CREDENTIALS");
    ASSERT_EQ(contents->backups.size(), 1U);
    EXPECT_EQ(contents->backups[0].state, BackupState::pending_deletion);
    EXPECT_EQ(contents->backups[0].digest.size(), 32U);
    EXPECT_FALSE(contents->backups[0].copied);
}

TEST_P(StoreContract, TheContentsOfAClusterAreItsRowsAndThoseOfItsKeys) {
    KeyRecord moved = key("k2");  // made in another cluster; its store has moved here since
    moved.cluster = ClusterId("cluster-2");
    moved.key_store = KeyStoreId("cks-1");
    KeyRecord foreign = key("k3");
    foreign.cluster = ClusterId("cluster-2");
    KeyStoreRecord other_store = key_store("cks-2");
    other_store.cluster = ClusterId("cluster-2");
    const ClusterId id = key("k1").cluster;
    ASSERT_TRUE(commit(*store_, [&](Txn& txn) {
        ClusterUserRecord user = cluster_user("admin");
        user.cluster = id;
        return txn.put(key("k1")) && txn.put(moved) && txn.put(foreign) && txn.put(key_store("cks-1")) &&
               txn.put(other_store) && txn.put(material("k1", std::string(64, 'a'))) &&
               txn.put(material("k1", std::string(64, 'b'))) &&
               txn.put(material("k3", std::string(64, 'c'))) && txn.put(alias("alias/a", "k1")) &&
               txn.put(alias("alias/c", "k3")) && txn.put(grant("k2", "g1")) && txn.put(schedule("k1")) &&
               txn.put(rotation("k1", "m1")) && txn.put(cloudhsm_cluster(id.value())) &&
               txn.put(cloudhsm_cluster("cluster-2")) && txn.put(user) && txn.put(cluster_user("bob")) &&
               txn.put(ClusterRecord{id, "ACTIVE", 1, Bytes(3), {}, {}, {}, "pem", "", {}, "", 0});
    }));
    ASSERT_TRUE(commit(*store_, [&](Txn& txn) {
        const Result<Contents> all = txn.contents_of(id);
        EXPECT_TRUE(all) << why(all);
        EXPECT_EQ(all->cloudhsm_clusters.size(), 1U);
        EXPECT_EQ(all->clusters.at(0).recovery_bundle.size(), 3U);
        EXPECT_EQ(all->cluster_users.at(0).name, "admin");
        EXPECT_EQ(all->cluster_users.size(), 1U);
        EXPECT_EQ(all->key_stores.size(), 1U);
        EXPECT_EQ(all->keys.size(), 2U);
        EXPECT_EQ(all->materials.size(), 2U);
        EXPECT_EQ(all->aliases.at(0).name, "alias/a");
        EXPECT_EQ(all->aliases.size(), 1U);
        EXPECT_EQ(all->grants.size(), 1U);
        EXPECT_EQ(all->rotation_schedules.size(), 1U);
        EXPECT_EQ(all->rotations.size(), 1U);
        return false;
    }));
}

TEST_P(StoreContract, AnErasedHsmLosesBothItsRows) {
    ASSERT_TRUE(commit(*store_, [](Txn& txn) {
        return txn.put(HsmRecord{HsmId("hsm-1"), ClusterId("cluster-1"), "a", "s", "ACTIVE", Bytes(9), 0}) &&
               txn.put(cloudhsm_hsm("hsm-1")) && txn.put(cloudhsm_hsm("hsm-2")) &&
               txn.put(cluster_user("bob"));
    }));
    ASSERT_TRUE(commit(*store_, [](Txn& txn) {
        return txn.erase_hsm(HsmId("hsm-1")) && txn.erase_hsm(HsmId("hsm-2")) &&
               txn.erase_cluster_user(ClusterId("cluster-1"), "bob");
    }));
    const Result<Contents> contents = store_->load();
    EXPECT_TRUE(contents->hsms.empty());
    EXPECT_TRUE(contents->cloudhsm_hsms.empty());
    EXPECT_TRUE(contents->cluster_users.empty());
}

TEST_P(StoreContract, HsmsOfEveryClusterAreListedAsTheTransactionSeesThem) {
    CloudHsmRecord elsewhere = cloudhsm_hsm("hsm-2");
    elsewhere.cluster = ClusterId("cluster-2");
    ASSERT_TRUE(commit(*store_, [&](Txn& txn) {
        EXPECT_EQ(txn.cloudhsm_hsms()->size(), 0U);
        EXPECT_TRUE(txn.put(cloudhsm_hsm("hsm-1")) && txn.put(elsewhere));
        EXPECT_EQ(txn.cloudhsm_hsms()->size(), 2U);
        return true;
    }));
    ASSERT_TRUE(commit(*store_, [&](Txn& txn) {
        EXPECT_TRUE(txn.erase_hsm(HsmId("hsm-1")));
        const auto left = txn.cloudhsm_hsms().value();
        EXPECT_EQ(left.size(), 1U);
        EXPECT_EQ(left.empty() ? "" : left.front().cluster.value(), "cluster-2");
        return true;
    }));
}

TEST_P(StoreContract, KeyStoresAreListedByAccountAndRegionAndCountTheirKeys) {
    KeyRecord inside = key("k1");
    inside.key_store = KeyStoreId("cks-1");
    KeyStoreRecord elsewhere = key_store("cks-3");
    elsewhere.region = "us-east-1";
    ASSERT_TRUE(commit(*store_, [&](Txn& txn) {
        return txn.put(key_store("cks-1")) && txn.put(key_store("cks-2")) && txn.put(elsewhere) &&
               txn.put(inside) && txn.put(key("k2"));
    }));
    ASSERT_TRUE(commit(*store_, [&](Txn& txn) {
        const auto found = txn.key_stores(inside.account, inside.region);
        EXPECT_EQ(found->size(), 2U);
        EXPECT_EQ(txn.count_keys_in(inside.key_store).value(), 1U);
        EXPECT_EQ(txn.count_keys_in(KeyStoreId("cks-2")).value(), 0U);
        EXPECT_EQ(txn.key(inside.account, inside.region, inside.id).value()->key_store, inside.key_store);
        return txn.erase_key(inside.account, inside.region, inside.id) &&
               txn.erase_key_store(inside.account, inside.region, KeyStoreId("cks-1"));
    }));
    ASSERT_TRUE(commit(*store_, [&](Txn& txn) {
        EXPECT_EQ(txn.key_stores(inside.account, inside.region)->size(), 1U);
        EXPECT_EQ(txn.count_keys_in(inside.key_store).value(), 0U);
        const auto gone = txn.erase_key_store(inside.account, inside.region, KeyStoreId("cks-1"));
        EXPECT_EQ(gone.error().code, Errc::not_found);
        return false;
    }));
}

INSTANTIATE_TEST_SUITE_P(Places, StoreContract, testing::Values(Place::file, Place::memory),
                         [](const auto& place) { return place.param == Place::file ? "File" : "Memory"; });

}  // namespace
}  // namespace claviger::store
