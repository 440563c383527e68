// Crashes, full disks, wrong files: what was acknowledged stays, what was not leaves nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <latch>
#include <random>
#include <set>

#include "tests/unit/store/support.hpp"

namespace claviger::store {
namespace {

void raw_sql(const std::filesystem::path& path, const std::string& sql) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(handle);
    sqlite3_close(handle);
}

TEST(StoreOpening, OtherKindIsRefusedWithOneSentence) {
    StoreHome home;
    (void)home.open();
    home.options().kind = StoreKind::production;
    const auto opened = home.try_open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::bad_config);
    EXPECT_THAT(opened.error().detail, testing::HasSubstr("dev store"));
}

TEST(StoreOpening, NewerVersionIsRefusedWithOneSentence) {
    StoreHome home;
    (void)home.open();
    raw_sql(home.options().path, "PRAGMA user_version = 99");
    const auto opened = home.try_open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::bad_config);
    EXPECT_THAT(opened.error().detail, testing::HasSubstr("newer program"));
}

TEST(StoreOpening, StoreOfTheFirstSchemaIsCarriedOver) {
    const TemporaryDirectory directory;
    const std::filesystem::path data = std::filesystem::path(CLAVIGER_TEST_DATA) / "store" / "v1";
    std::filesystem::copy_file(data / "store.db", directory / "store.db");
    std::filesystem::copy_file(data / "sealing.key", directory / "sealing.key");
    std::filesystem::permissions(directory / "sealing.key", std::filesystem::perms::owner_read);
    const SealingKey sealing_key = SealingKey::load(directory / "sealing.key").value();
    SystemRandom random;
    SqliteOptions options;
    options.path = directory / "store.db";
    options.kind = StoreKind::dev;
    for (const std::size_t grants : {0U, 1U}) {
        const auto opened = SqliteStore::open(options, sealing_key, random);
        ASSERT_TRUE(opened) << why(opened);
        const Result<Contents> contents = (*opened)->load();
        ASSERT_TRUE(contents) << why(contents);
        EXPECT_THAT(contents->refused, testing::IsEmpty());
        EXPECT_EQ(contents->keys.size(), 1U);
        EXPECT_EQ(contents->grants.size(), grants);
        (void)put(**opened, grant("k1", "g1"));
    }
}

TEST(StoreOpening, OtherSealingKeyIsRefusedAsSuch) {
    StoreHome home;
    (void)home.open();
    const SealingKey other = SealingKey::create(home.directory() / "other.key", home.random()).value();
    const auto opened = SqliteStore::open(home.options(), other, home.random());
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::bad_config);
    EXPECT_THAT(opened.error().detail, testing::HasSubstr("sealing key"));
}

TEST(StoreOpening, FileThatIsNoDatabaseIsRefused) {
    StoreHome home;
    std::ofstream(home.options().path) << std::string(5000, 'x');
    const auto opened = home.try_open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::integrity);
}

TEST(StoreOpening, SecondOpenIsToldThatTheStoreIsInUse) {
    StoreHome home;
    const auto first = home.open();
    const auto second = home.try_open();
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().detail, testing::HasSubstr("in use"));
}

TEST(StoreOpening, FilesArePrivate) {
    StoreHome home;
    const auto store = home.open();
    ASSERT_TRUE(put(*store, alias("alias/a")));
    for (const auto& entry : std::filesystem::directory_iterator(home.directory().path())) {
        EXPECT_EQ(entry.status().permissions() & std::filesystem::perms::mask,
                  std::filesystem::perms::owner_read | std::filesystem::perms::owner_write)
            << entry.path();
    }
}

TEST(StoreOpening, IdentityAndSequenceSurviveARestart) {
    StoreHome home;
    auto store = home.open();
    const std::string id = store->id();
    ASSERT_TRUE(put(*store, alias("alias/a")));
    const std::uint64_t sequence = store->sequence();
    store.reset();
    store = home.open();
    EXPECT_EQ(store->id(), id);
    EXPECT_EQ(store->sequence(), sequence);
}

// A file size limit stands for a full disk: SQLite sees the failed write of the WAL.
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t bytes) {
        ::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

private:
    rlimit before_{};
};

TEST(StoreDiskFull, WholeBatchFailsAndTheStoreGoesOnAfterwards) {
    StoreHome home;
    auto store = home.open();
    ASSERT_TRUE(put(*store, alias("alias/before")));
    int changes = 0;
    {
        const FileSizeLimit full(std::filesystem::file_size(home.options().path.string() + "-wal"));
        std::latch all(20);
        std::atomic<int> io_errors{0};
        Occupied thread(*store);
        for (int i = 0; i < 20; ++i) {
            store->submit(
                [&, i](Txn& txn) {
                    changes += txn.put(key("full-" + std::to_string(i))).has_value() ? 1 : 0;
                    return i % 2 == 0;
                },
                [&](const Result<std::uint64_t>& outcome) {
                    io_errors += !outcome && outcome.error().code == Errc::io_error ? 1 : 0;
                    all.count_down();
                });
        }
        thread.let_go();
        all.wait();
        EXPECT_EQ(io_errors, 20) << "also those that rolled back: they may have read what is not durable";
        EXPECT_EQ(changes, 20);
    }
    const Result<std::uint64_t> after = put(*store, alias("alias/after"));
    ASSERT_TRUE(after) << why(after);
    for (int round = 0; round < 2; ++round) {
        const Result<Contents> contents = store->load();
        ASSERT_TRUE(contents) << why(contents);
        EXPECT_EQ(contents->aliases.size(), 2U);
        EXPECT_TRUE(contents->keys.empty());
        ASSERT_TRUE(commit(*store, [](Txn& txn) {
            EXPECT_EQ(txn.count_keys(AccountId("111122223333"), "eu-central-1").value(), 0U);
            return false;
        }));
        store.reset();
        store = home.open();
    }
}

std::atomic<bool> undo_fails{false};

int refuse_undo(void*, int action, const char* what, const char* savepoint, const char*, const char*) {
    const bool is_undo = action == SQLITE_SAVEPOINT && savepoint != nullptr &&
                         std::string_view(what) == "ROLLBACK" && std::string_view(savepoint) == "item";
    return is_undo && undo_fails ? SQLITE_DENY : SQLITE_OK;
}

int watch_undo(sqlite3* handle, char**, const void*) {
    return sqlite3_set_authorizer(handle, refuse_undo, nullptr);
}

TEST(StoreBatch, UndoThatFailsEndsTheWholeBatch) {
    const auto extension = reinterpret_cast<void (*)()>(watch_undo);
    ASSERT_EQ(sqlite3_auto_extension(extension), SQLITE_OK);
    StoreHome home;
    auto store = home.open();
    sqlite3_cancel_auto_extension(extension);
    ASSERT_TRUE(put(*store, alias("alias/before")));
    std::latch all(3);
    std::atomic<int> failed{0};
    Occupied thread(*store);
    for (const bool keep : {true, false, true}) {
        store->submit(
            [&, keep](Txn& txn) {
                (void)txn.put(key(keep ? "kept" : "undone"));
                if (!keep) {
                    (void)txn.put(key("undone"));  // a conflict: the work has failed before it is undone
                }
                undo_fails = !keep;
                return keep;
            },
            [&](const Result<std::uint64_t>& outcome) {
                failed += outcome ? 0 : 1;
                all.count_down();
            });
    }
    thread.let_go();
    all.wait();
    undo_fails = false;
    EXPECT_EQ(failed, 3);
    ASSERT_TRUE(put(*store, alias("alias/after")));
    store.reset();
    const auto again = home.try_open();
    ASSERT_TRUE(again) << why(again);
    const Result<Contents> contents = (*again)->load();
    ASSERT_TRUE(contents) << why(contents);
    EXPECT_TRUE(contents->keys.empty());
    EXPECT_EQ(contents->aliases.size(), 2U);
}

TEST(StoreDiskFull, BatchLargerThanTheCacheFailsAsAWholeToo) {
    StoreHome home;
    auto store = home.open();
    ASSERT_TRUE(put(*store, alias("alias/before")));
    {
        const FileSizeLimit full(1 << 20);
        constexpr int kItems = 400;  // far more than the page cache holds, so pages spill before the COMMIT
        std::latch all(kItems);
        std::atomic<int> failed{0};
        Occupied thread(*store);
        for (int i = 0; i < kItems; ++i) {
            store->submit(
                [i](Txn& txn) {
                    KeyRecord large = key("full-" + std::to_string(i));
                    large.policy = std::string(32'000, 'p');
                    (void)txn.put(large);
                    return true;  // careless on purpose
                },
                [&](const Result<std::uint64_t>& outcome) {
                    failed += outcome ? 0 : 1;
                    all.count_down();
                });
        }
        thread.let_go();
        all.wait();
        EXPECT_EQ(failed, kItems);
    }
    ASSERT_TRUE(put(*store, alias("alias/after")));
    store.reset();
    store = home.open();
    const Result<Contents> contents = store->load();
    ASSERT_TRUE(contents) << why(contents);
    EXPECT_TRUE(contents->keys.empty());
    EXPECT_EQ(contents->aliases.size(), 2U);
}

TEST(StoreErasure, KeyTokenBytesAreGoneFromTheFilesAfterErasure) {
    StoreHome home;
    const auto store = home.open();
    MaterialRecord secret = material("k1", std::string(64, 'a'));
    const std::string needle = "NEEDLE-OF-A-KEY-TOKEN-0123456789";
    secret.key_token = to_bytes(as_bytes(needle));
    ASSERT_TRUE(commit(*store, [&](Txn& txn) { return txn.put(key("k1")) && txn.put(secret); }));
    const auto files_hold_needle = [&] {
        for (const auto& entry : std::filesystem::directory_iterator(home.directory().path())) {
            std::ifstream in(entry.path(), std::ios::binary);
            const std::string text{std::istreambuf_iterator<char>(in), {}};
            if (text.find(needle) != std::string::npos) {
                return true;
            }
        }
        return false;
    };
    EXPECT_TRUE(files_hold_needle());
    ASSERT_TRUE(commit(*store, [](Txn& txn) {
        return txn.erase_key(AccountId("111122223333"), "eu-central-1", KeyId("k1")).has_value();
    }));
    EXPECT_FALSE(files_hold_needle());
}

// The child writes without pause and reports each acknowledged alias through the pipe.
[[noreturn]] void run_writer(StoreHome& home, int pipe, int round) {
    const auto store = home.open();
    const std::string prefix = "alias/" + std::to_string(round) + "-";
    for (int i = 0;; ++i) {
        const std::string name = prefix + std::to_string(i);
        store->submit(
            [name](Txn& txn) {
                return txn.put(alias(name)).has_value() &&
                       txn.audit(R"({"name":")" + name + "\"}").has_value();
            },
            [name, pipe](const Result<std::uint64_t>& outcome) {
                const std::string line = name + "\n";
                if (outcome && ::write(pipe, line.data(), line.size()) < 0) {
                    ::_exit(1);
                }
            });
        if (i % 8 == 7) {
            (void)commit(*store, [](Txn&) { return false; });
        }
    }
}

TEST(StoreCrash, EveryAcknowledgedTransactionSurvivesKillNine) {
    StoreHome home;
    std::set<std::string> acknowledged;
    std::mt19937 chance(7);
    for (int round = 0; round < 12; ++round) {
        std::array<int, 2> pipe{};
        ASSERT_EQ(::pipe(pipe.data()), 0);
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            ::close(pipe[0]);
            run_writer(home, pipe[1], round);
        }
        ::close(pipe[1]);
        // Killed after a random number of acknowledged bytes, so that no clock decides.
        const std::size_t enough = 200 + chance() % 4000;
        std::string text;
        std::array<char, 512> chunk;
        bool killed = false;
        for (ssize_t got = 0; (got = ::read(pipe[0], chunk.data(), chunk.size())) > 0;) {
            text.append(chunk.data(), static_cast<std::size_t>(got));
            if (text.size() > enough && !killed) {
                ::kill(child, SIGKILL);
                killed = true;
            }
        }
        ::close(pipe[0]);
        int status = 0;
        ::waitpid(child, &status, 0);
        ASSERT_TRUE(WIFSIGNALED(status));
        for (std::size_t end = 0; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1)) {
            acknowledged.insert(text.substr(0, end));
        }
        std::vector<OutboxRecord> outbox;
        home.options().drain = [&](std::span<const OutboxRecord> records) -> Status<> {
            outbox.assign(records.begin(), records.end());
            return Error(Errc::io_error, "kept in the outbox");
        };
        const auto store = home.open();
        const Result<Contents> contents = store->load();
        ASSERT_TRUE(contents) << why(contents);
        EXPECT_TRUE(contents->refused.empty());
        std::set<std::string> present;
        for (const AliasRecord& found : contents->aliases) {
            present.insert(found.name);
        }
        EXPECT_TRUE(std::ranges::includes(present, acknowledged)) << "round " << round;
        EXPECT_EQ(outbox.size(), present.size()) << "no effect without its audit record, none twice";
        home.options().drain = {};
    }
    EXPECT_GT(acknowledged.size(), 100U);
}

}  // namespace
}  // namespace claviger::store
