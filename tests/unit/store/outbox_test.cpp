// Store and audit files together: each effect has its record in the files, once, whatever dies in between.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <random>

#include "src/audit/file_writer.hpp"
#include "src/audit/verify.hpp"
#include "tests/unit/store/support.hpp"

namespace claviger::store {
namespace {

// Bound as the service binds them.
class AuditedHome {
public:
    AuditedHome() {
        home_.options().drain = [this](std::span<const OutboxRecord> records) -> Status<> {
            if (disk_full_) {
                return Error(Errc::io_error, "audit disk full");
            }
            for (const OutboxRecord& one : records) {
                outbox_->add(one.id, one.sequence, one.record);
            }
            return outbox_->flush();
        };
        home_.options().sync_drained = [this] { return outbox_->sync(); };
    }
    std::unique_ptr<SqliteStore> open() {
        audit::FileOptions options;
        options.directory = audit_directory();
        options.writer = "outbox";
        options.rotate_bytes = 100'000;
        outbox_ = std::move(audit::OutboxWriter::open(options, clock_).value());
        home_.options().audited_sequence = audit::newest_store_sequence(audit_directory()).value();
        return home_.open();
    }
    std::filesystem::path audit_directory() const { return home_.directory() / "audit"; }
    void set_disk_full(bool full) noexcept { disk_full_ = full; }

    std::map<std::string, int> records() {
        std::map<std::string, int> all;
        const auto result = audit::verify_files(
            audit_directory(), [&](const audit::RecordView& view) { ++all[std::string(view.event_id)]; });
        EXPECT_TRUE(result) << why(result);
        EXPECT_FALSE(result->broken) << *result->broken;
        return all;
    }

private:
    StoreHome home_;
    SystemClock clock_;
    std::unique_ptr<audit::OutboxWriter> outbox_;
    std::atomic<bool> disk_full_{false};
};

Store::Work audited_alias(const std::string& name) {
    return [name](Txn& txn) {
        return txn.put(alias(name)).has_value() && txn.audit(R"({"eventID":")" + name + "\"}").has_value();
    };
}

TEST(StoreOutbox, RecordIsInTheFilesBeforeTheSubmitterHearsOfTheCommit) {
    AuditedHome home;
    const auto store = home.open();
    ASSERT_TRUE(commit(*store, audited_alias("alias/a")));
    EXPECT_EQ(home.records()["alias/a"], 1);
    EXPECT_EQ(store->outbox_backlog(), 0U);
}

TEST(StoreOutbox, RolledBackTransactionLeavesNoRecord) {
    AuditedHome home;
    const auto store = home.open();
    ASSERT_TRUE(commit(*store, [](Txn& txn) {
        (void)txn.audit(R"({"eventID":"never"})");
        return false;
    }));
    EXPECT_TRUE(home.records().empty());
}

TEST(StoreOutbox, ThousandsOfRecordsAreWrittenOnceAndForgotten) {
    AuditedHome home;
    auto store = home.open();
    for (int i = 0; i < 2000; ++i) {
        store->submit(audited_alias("alias/" + std::to_string(i)), {});
        if (i % 100 == 99) {
            ASSERT_TRUE(commit(*store, [](Txn&) { return false; }));
        }
    }
    store.reset();
    store = home.open();  // drains what is left again
    ASSERT_TRUE(commit(*store, audited_alias("alias/last")));
    const auto records = home.records();
    EXPECT_EQ(records.size(), 2001U);
    EXPECT_TRUE(std::ranges::all_of(records, [](const auto& one) { return one.second == 1; }));
    EXPECT_EQ(store->load()->refused.size(), 0U);
}

TEST(StoreOutbox, RecordsWaitWhileTheAuditDiskIsFullAndFollowLater) {
    AuditedHome home;
    auto store = home.open();
    home.set_disk_full(true);
    ASSERT_TRUE(commit(*store, audited_alias("alias/a")));
    ASSERT_TRUE(commit(*store, audited_alias("alias/b")));
    EXPECT_EQ(store->outbox_backlog(), 2U);
    EXPECT_TRUE(home.records().empty());
    home.set_disk_full(false);
    ASSERT_TRUE(commit(*store, [](Txn&) { return false; }));
    ASSERT_TRUE(commit(*store, [](Txn&) { return false; }));
    EXPECT_EQ(home.records().size(), 2U);
}

TEST(StoreOutbox, LeftoversOfAKilledProcessAreDrainedAtStartExactlyOnce) {
    AuditedHome home;
    (void)home.open();
    std::mt19937 chance(11);
    for (int round = 0; round < 15; ++round) {
        std::array<int, 2> pipe{};
        ASSERT_EQ(::pipe(pipe.data()), 0);
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            const auto store = home.open();
            for (int i = 0;; ++i) {
                store->submit(audited_alias("alias/" + std::to_string(round) + "-" + std::to_string(i)),
                              [&](const Result<std::uint64_t>&) { (void)!::write(pipe[1], "x", 1); });
                if (i % 5 == 4) {
                    (void)commit(*store, [](Txn&) { return false; });
                }
            }
        }
        ::close(pipe[1]);
        std::size_t left = 20 + chance() % 500;
        std::array<char, 64> chunk;
        for (ssize_t got = 0; (got = ::read(pipe[0], chunk.data(), chunk.size())) > 0;) {
            if (static_cast<std::size_t>(got) >= left) {
                ::kill(child, SIGKILL);
            }
            left -= std::min(left, static_cast<std::size_t>(got));
        }
        ::close(pipe[0]);
        int status = 0;
        ::waitpid(child, &status, 0);
        ASSERT_TRUE(WIFSIGNALED(status));

        const auto store = home.open();
        const Result<Contents> contents = store->load();
        ASSERT_TRUE(contents) << why(contents);
        const auto records = home.records();
        EXPECT_EQ(records.size(), contents->aliases.size()) << "round " << round;
        for (const AliasRecord& effect : contents->aliases) {
            const auto found = records.find(effect.name);
            ASSERT_NE(found, records.end()) << effect.name;
            EXPECT_EQ(found->second, 1) << effect.name;
        }
    }
}

}  // namespace
}  // namespace claviger::store
