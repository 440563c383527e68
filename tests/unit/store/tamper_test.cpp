// Whoever can write the database but does not hold the sealing key must not change what the service decides.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sqlite3.h>

#include <array>
#include <functional>

#include "tests/unit/store/support.hpp"

namespace claviger::store {
namespace {

using Rows = std::vector<std::vector<std::string>>;

// Raw access, as an attacker's tool has it. Cells come back as SQL literals.
class RawDatabase {
public:
    explicit RawDatabase(const std::filesystem::path& path) {
        if (sqlite3_open(path.c_str(), &handle_) != SQLITE_OK) {
            throw std::runtime_error("open");
        }
    }
    ~RawDatabase() { sqlite3_close(handle_); }
    RawDatabase(const RawDatabase&) = delete;
    RawDatabase& operator=(const RawDatabase&) = delete;

    void execute(const std::string& sql) {
        if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
            throw std::runtime_error(sql + ": " + sqlite3_errmsg(handle_));
        }
    }
    Rows query(const std::string& sql) {
        Rows rows;
        const auto collect = [](void* to, int count, char** values, char**) {
            auto& row = static_cast<Rows*>(to)->emplace_back();
            for (int i = 0; i < count; ++i) {
                row.emplace_back(values[i] == nullptr ? "NULL" : values[i]);
            }
            return 0;
        };
        if (sqlite3_exec(handle_, sql.c_str(), collect, &rows, nullptr) != SQLITE_OK) {
            throw std::runtime_error(sql + ": " + sqlite3_errmsg(handle_));
        }
        return rows;
    }

private:
    sqlite3* handle_ = nullptr;
};

const std::array kTables{
    "accounts",      "principals",         "access_keys", "keys",       "materials",
    "aliases",       "clusters",           "hsms",        "settings",   "outbox",
    "grants",        "rotation_schedules", "rotations",   "key_usages", "cloudhsm_clusters",
    "cloudhsm_hsms", "cluster_users",      "key_stores",  "backups",    "imports"};

class Tampering : public testing::Test {
protected:
    void SetUp() override {
        const auto store = home_.open();
        const Result<std::uint64_t> committed = commit(*store, [](Txn& txn) {
            return txn.put(AccountRecord{AccountId("111122223333"), "acme", 0}) &&
                   txn.put(AccountRecord{AccountId("444455556666"), "other", 0}) &&
                   txn.put(PrincipalRecord{AccountId("111122223333"), "arn:p1", "alice", "AIDA1", 0}) &&
                   txn.put(PrincipalRecord{AccountId("111122223333"), "arn:p2", "bob", "AIDA2", 0}) &&
                   txn.put(AccessKeyRecord{"AKIA1", "arn:p1", Bytes(60), true, WallTime(), 0}) &&
                   txn.put(AccessKeyRecord{"AKIA2", "arn:p2", Bytes(60), true, WallTime(), 0}) &&
                   txn.put(key("k1")) && txn.put(key("k2")) &&
                   txn.put(material("k1", std::string(64, 'a'))) &&
                   txn.put(material("k2", std::string(64, 'b'))) && txn.put(alias("alias/a", "k1")) &&
                   txn.put(alias("alias/b", "k2")) &&
                   txn.put(ClusterRecord{ClusterId("cluster-1"), "ACTIVE", 1, Bytes(3), Bytes(4), Bytes(5),
                                         Bytes(6), "pem", "anchor", ClusterId("cluster-0"), "sealed", 0}) &&
                   txn.put(ClusterRecord{
                       ClusterId("cluster-2"), "ACTIVE", 1, {}, {}, {}, {}, "", "", {}, "", 0}) &&
                   txn.put(
                       HsmRecord{HsmId("hsm-1"), ClusterId("cluster-1"), "a", "s1", "ACTIVE", Bytes(9), 0}) &&
                   txn.put(
                       HsmRecord{HsmId("hsm-2"), ClusterId("cluster-1"), "b", "s2", "ACTIVE", Bytes(9), 0}) &&
                   txn.put(SettingRecord{"s1", Bytes(8), 0}) && txn.put(SettingRecord{"s2", Bytes(8), 0}) &&
                   txn.put(grant("k1", "g1", "n")) && txn.put(grant("k1", "g2", "n")) &&
                   txn.put(schedule("k1")) && txn.put(schedule("k2")) && txn.put(rotation("k1", "m1")) &&
                   txn.put(rotation("k1", "m2")) && txn.put(usage("k1")) && txn.put(usage("k2")) &&
                   txn.put(cloudhsm_cluster("cluster-1")) && txn.put(cloudhsm_cluster("cluster-2")) &&
                   txn.put(cloudhsm_hsm("hsm-1")) && txn.put(cloudhsm_hsm("hsm-2")) &&
                   txn.put(cluster_user("admin")) && txn.put(cluster_user("kmsuser")) &&
                   txn.put(key_store("cks-1")) && txn.put(key_store("cks-2")) &&
                   txn.put(backup("backup-1")) && txn.put(backup("backup-2")) &&
                   txn.put(import("k1", "m1")) && txn.put(import("k1", "m2")) &&
                   txn.audit(R"({"eventID":"1"})") && txn.audit(R"({"eventID":"2"})");
        });
        ASSERT_TRUE(committed) << why(committed);
    }

    std::filesystem::path file() const { return home_.directory() / "store.db"; }

    void sql(const std::string& text) { RawDatabase(file()).execute(text); }

    // Opens and loads: the sentences of refused rows, or the sentence of the refused start.
    std::vector<std::string> findings() {
        auto store = home_.try_open();
        if (!store) {
            EXPECT_EQ(store.error().code, Errc::integrity) << store.error().describe();
            return {store.error().detail};
        }
        Result<Contents> contents = (*store)->load();
        EXPECT_TRUE(contents) << why(contents);
        return contents->refused;
    }

    // Runs `attack` on a copy of the honest files and puts them back afterwards.
    std::vector<std::string> findings_after(const std::string& attack) {
        const std::filesystem::path honest = home_.directory() / "honest.db";
        std::filesystem::copy_file(file(), honest, std::filesystem::copy_options::overwrite_existing);
        sql(attack);
        std::vector<std::string> found = findings();
        std::filesystem::remove(file().string() + "-wal");
        std::filesystem::copy_file(honest, file(), std::filesystem::copy_options::overwrite_existing);
        return found;
    }

    StoreHome home_;
};

TEST_F(Tampering, UntouchedStoreHasNoFindings) {
    EXPECT_THAT(findings(), testing::IsEmpty());
}

TEST_F(Tampering, ChangeOfAnyColumnOfAnyTableIsFound) {
    int tried = 0;
    Rows columns;
    std::vector<std::string> tables(kTables.begin(), kTables.end());
    tables.push_back("store_state");
    for (const std::string& table : tables) {
        for (const auto& row :
             RawDatabase(file()).query("SELECT name, type FROM pragma_table_info('" + table + "')")) {
            if (row[0] != "one") {
                columns.push_back({table, row[0], row[1]});
            }
        }
    }
    for (const auto& column : columns) {
        const std::string& name = column[1];
        const std::string where =
            column[0] == "store_state" ? "" : " WHERE seal = (SELECT min(seal) FROM " + column[0] + ")";
        const std::string changed = column[2] == "INTEGER" ? "coalesce(" + name + ", 0) + 1000"
                                    : column[2] == "TEXT"  ? name + " || 'x'"
                                                           : "CAST(" + name + " || x'00' AS BLOB)";
        const std::string attack = "UPDATE " + column[0] + " SET " + name + " = " + changed + where;
        if (column[0] == "store_state" && name == "key_id") {
            continue;  // reported as the wrong sealing key, below
        }
        EXPECT_THAT(findings_after(attack), testing::Not(testing::IsEmpty())) << attack;
        ++tried;
    }
    EXPECT_GT(tried, 60);
}

TEST_F(Tampering, BooleanAndEnumColumnsFlippedToAnotherValidValueAreFound) {
    for (const std::string attack :
         {"UPDATE access_keys SET active = 0 WHERE id = 'AKIA1'", "UPDATE keys SET state = 2 WHERE id = 'k1'",
          "UPDATE keys SET deletion_date = NULL WHERE id = 'k1'",
          "UPDATE keys SET multi_region = 1 WHERE id = 'k1'"}) {
        EXPECT_THAT(findings_after(attack), testing::SizeIs(1)) << attack;
    }
}

TEST_F(Tampering, SwappedTokensMaterialsAndPoliciesAreFound) {
    const auto swap = [](const std::string& table, const std::string& column, const std::string& id,
                         const std::string& a, const std::string& b) {
        return "CREATE TEMP TABLE t AS SELECT " + id + " AS i, " + column + " AS c FROM " + table +
               "; UPDATE " + table + " SET " + column + " = (SELECT c FROM t WHERE i = CASE " + table + "." +
               id + " WHEN '" + a + "' THEN '" + b + "' ELSE '" + a + "' END) WHERE " + id + " IN ('" + a +
               "', '" + b + "')";
    };
    EXPECT_THAT(findings_after(swap("materials", "key_token", "key", "k1", "k2")), testing::SizeIs(2));
    EXPECT_THAT(findings_after(swap("keys", "policy", "id", "k1", "k2")), testing::SizeIs(2));
    EXPECT_THAT(findings_after(swap("keys", "current_material", "id", "k1", "k2")), testing::IsEmpty())
        << "equal values: the swap changes nothing";
    EXPECT_THAT(findings_after(swap("aliases", "target", "name", "alias/a", "alias/b")), testing::SizeIs(2));
    EXPECT_THAT(findings_after(swap("access_keys", "owner_arn", "id", "AKIA1", "AKIA2")), testing::SizeIs(2));
    EXPECT_THAT(findings_after("UPDATE keys SET id = 'k3' WHERE id = 'k1';"
                               "UPDATE keys SET id = 'k1' WHERE id = 'k2';"
                               "UPDATE keys SET id = 'k2' WHERE id = 'k3'"),
                testing::Not(testing::IsEmpty()));
}

TEST_F(Tampering, RemovedRowIsFoundInEveryTable) {
    for (const char* const table : kTables) {
        const std::string attack =
            std::string("DELETE FROM ") + table + " WHERE seal = (SELECT min(seal) FROM " + table + ")";
        EXPECT_THAT(findings_after(attack),
                    testing::ElementsAre(testing::HasSubstr(std::string("table ") + table)));
    }
}

TEST_F(Tampering, DeletedRowPutBackIsFound) {
    const Rows old = RawDatabase(file()).query(
        "SELECT quote(account), quote(region), quote(name), quote(target), created, updated, version, "
        "quote(seal) "
        "FROM aliases WHERE name = 'alias/a'");
    {
        const auto store = home_.open();
        ASSERT_TRUE(commit(*store, [](Txn& txn) {
            return txn.erase_alias(AccountId("111122223333"), "eu-central-1", "alias/a").has_value();
        }));
    }
    std::string values;
    for (const std::string& value : old.at(0)) {
        values += (values.empty() ? "" : ",") + value;
    }
    EXPECT_THAT(findings(), testing::IsEmpty());
    EXPECT_THAT(findings_after("INSERT INTO aliases VALUES (" + values + ")"),
                testing::ElementsAre(testing::HasSubstr("table aliases")));
}

TEST_F(Tampering, OlderVersionOfARowPutBackIsFound) {
    const Rows old = RawDatabase(file()).query("SELECT quote(policy), quote(seal) FROM keys WHERE id = 'k1'");
    {
        const auto store = home_.open();
        KeyRecord changed = key("k1");
        changed.version = 1;
        changed.policy = R"({"Statement":"deny"})";
        ASSERT_TRUE(put(*store, changed));
    }
    EXPECT_THAT(findings_after("UPDATE keys SET version = 1, policy = " + old[0][0] +
                               ", seal = " + old[0][1] + " WHERE id = 'k1'"),
                testing::ElementsAre(testing::HasSubstr("table keys")));
}

TEST_F(Tampering, OldDatabaseFileIsRefusedOnceTheAuditFilesAreNewer) {
    const std::filesystem::path old = home_.directory() / "old.db";
    std::filesystem::copy_file(file(), old);
    std::uint64_t audited = 0;
    {
        const auto store = home_.open();
        ASSERT_TRUE(put(*store, alias("alias/new")));
        audited = store->sequence();
    }
    home_.options().audited_sequence = audited;
    EXPECT_THAT(findings(), testing::IsEmpty());

    std::filesystem::remove(file().string() + "-wal");
    std::filesystem::copy_file(old, file(), std::filesystem::copy_options::overwrite_existing);
    EXPECT_THAT(findings(), testing::ElementsAre(testing::HasSubstr("--accept-older-store")));

    home_.options().older_store = OlderStore::accept;
    {
        const auto store = home_.open();
        EXPECT_GT(store->sequence(), audited) << "numbers must not be used twice";
    }
    home_.options().older_store = OlderStore::refuse;
    EXPECT_THAT(findings(), testing::IsEmpty()) << "accepted once is accepted";
}

TEST_F(Tampering, MissingDatabaseIsRefusedOnceThereAreAuditRecords) {
    home_.options().audited_sequence = 3;
    std::filesystem::remove(file());
    EXPECT_THAT(findings(), testing::ElementsAre(testing::HasSubstr("older")));
}

TEST_F(Tampering, ForeignTriggerViewAndIndexAreFound) {
    for (const std::string attack : {"CREATE TRIGGER t AFTER INSERT ON aliases BEGIN DELETE FROM outbox; END",
                                     "CREATE VIEW v AS SELECT * FROM keys", "CREATE INDEX i ON keys (policy)",
                                     "DROP TABLE settings", "ALTER TABLE keys ADD COLUMN more TEXT"}) {
        EXPECT_THAT(findings_after(attack), testing::ElementsAre(testing::HasSubstr("schema"))) << attack;
    }
}

TEST_F(Tampering, EmptiedStoreIsNotTakenForANewOne) {
    std::string attack = "DELETE FROM store_state;";
    EXPECT_THAT(findings_after(attack), testing::ElementsAre(testing::HasSubstr("no state row")));
}

TEST_F(Tampering, RowChangedUnderARunningStoreIsRefusedByTransactions) {
    // Not possible through SQLite while we run (the file is locked), so: a row that was bad at start.
    sql("UPDATE keys SET policy = '{}' WHERE id = 'k1'");
    const auto store = home_.open();
    const AccountId account("111122223333");
    ASSERT_TRUE(commit(*store, [&](Txn& txn) {
        EXPECT_EQ(txn.key(account, "eu-central-1", KeyId("k1")).error().code, Errc::integrity);
        EXPECT_EQ(txn.erase_key(account, "eu-central-1", KeyId("k1")).error().code, Errc::integrity);
        KeyRecord repaired = key("k1");
        repaired.version = 1;
        EXPECT_EQ(txn.put(repaired).error().code, Errc::integrity) << "a bad row is never repaired";
        EXPECT_TRUE(txn.key(account, "eu-central-1", KeyId("k2")).value());
        return true;
    }));
}

TEST_F(Tampering, AnotherProcessCannotWriteWhileTheStoreIsOpen) {
    const auto store = home_.open();
    EXPECT_THROW(sql("UPDATE keys SET policy = '{}' WHERE id = 'k1'"), std::runtime_error);
}

}  // namespace
}  // namespace claviger::store
