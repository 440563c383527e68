// The chain on disk: what a reader can prove, and what a start does with a broken end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/audit/chain.hpp"
#include "src/audit/chained_file.hpp"
#include "tests/unit/audit/support.hpp"

namespace claviger::audit {
namespace {

class AuditChain : public testing::Test {
protected:
    ChainedFile open(std::uint64_t rotate_bytes = 1 << 20) {
        FileOptions options;
        options.directory = directory_.path();
        options.writer = "io-0";
        options.rotate_bytes = rotate_bytes;
        auto opened = ChainedFile::open(options, clock_);
        if (!opened) {
            throw std::runtime_error(opened.error().describe());
        }
        return std::move(*opened);
    }
    void write(int from, int to, std::uint64_t rotate_bytes = 1 << 20) {
        ChainedFile file = open(rotate_bytes);
        for (int i = from; i <= to; ++i) {
            file.add(record("r" + std::to_string(i)),
                     {.store_sequence = static_cast<std::uint64_t>(i), .outbox_id = 0});
            ASSERT_TRUE(file.flush());
            (void)file.take_retired();
        }
    }
    Verification verify() { return verify_files(directory_.path()).value(); }
    std::filesystem::path only_file() { return audit_files(directory_.path()).at(0); }
    std::vector<std::string> lines(const std::filesystem::path& path) {
        std::vector<std::string> all;
        std::ifstream in(path);
        for (std::string line; std::getline(in, line);) {
            all.push_back(line + "\n");
        }
        return all;
    }
    static std::string joined(const std::vector<std::string>& all) {
        std::string text;
        for (const std::string& line : all) {
            text += line;
        }
        return text;
    }

    TemporaryDirectory directory_;
    FixedClock clock_;
};

TEST_F(AuditChain, WrittenRecordsVerifyAndComeBack) {
    write(1, 5);
    std::vector<std::string> requests;
    const Verification result = verify_files(directory_.path(), [&](const RecordView& view) {
                                    requests.emplace_back(view.request_id);
                                    EXPECT_EQ(view.record, record(std::string(view.request_id)));
                                    EXPECT_EQ(view.event_id, "e-" + std::string(view.request_id));
                                    EXPECT_EQ(view.writer, "io-0");
                                }).value();
    EXPECT_FALSE(result.broken) << *result.broken;
    EXPECT_EQ(result.records, 5U);
    EXPECT_EQ(result.newest_store_sequence, 5U);
    EXPECT_THAT(requests, testing::ElementsAre("r1", "r2", "r3", "r4", "r5"));
    EXPECT_EQ(newest_store_sequence(directory_.path()).value(), 5U);
}

TEST_F(AuditChain, FilesArePrivateAndNamedByWriterNumberAndTime) {
    write(1, 1);
    EXPECT_EQ(only_file().filename(), "audit-io-0-000000000001-20231114T221320Z.jsonl");
    EXPECT_EQ(std::filesystem::status(only_file()).permissions() & std::filesystem::perms::mask,
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(AuditChain, ContinuesAfterARestart) {
    write(1, 3);
    write(4, 6);
    EXPECT_FALSE(verify().broken);
    EXPECT_EQ(verify().records, 6U);
    EXPECT_EQ(verify().files, 1U);
}

TEST_F(AuditChain, RotatedFilesFormOneChain) {
    write(1, 20, 2000);
    write(21, 25, 2000);
    EXPECT_GT(verify().files, 3U);
    EXPECT_EQ(verify().records, 25U);
    EXPECT_FALSE(verify().broken) << *verify().broken;
    for (const auto& file : audit_files(directory_.path())) {
        EXPECT_LE(std::filesystem::file_size(file), 2000U);
    }
}

TEST_F(AuditChain, MissingFileBetweenOthersIsFound) {
    write(1, 20, 2000);
    std::filesystem::remove(audit_files(directory_.path()).at(1));
    EXPECT_TRUE(verify().broken);
}

TEST_F(AuditChain, OldestFilesMayBeArchivedAway) {
    write(1, 20, 2000);
    std::filesystem::remove(audit_files(directory_.path()).at(0));
    EXPECT_FALSE(verify().broken) << *verify().broken;
}

TEST_F(AuditChain, ChangeOfAnyByteIsFound) {
    write(1, 3);
    const std::string honest = content(only_file());
    for (std::size_t i = 0; i < honest.size(); ++i) {
        std::string changed = honest;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        overwrite(only_file(), changed);
        ASSERT_TRUE(verify().broken) << "byte " << i;
    }
}

TEST_F(AuditChain, RemovedInsertedAndExchangedLinesAreFound) {
    write(1, 5);
    const std::vector<std::string> honest = lines(only_file());
    std::vector<std::string> removed = honest;
    removed.erase(removed.begin() + 2);
    std::vector<std::string> doubled = honest;
    doubled.insert(doubled.begin() + 2, doubled[1]);
    std::vector<std::string> exchanged = honest;
    std::swap(exchanged[1], exchanged[2]);
    std::vector<std::string> headless(honest.begin() + 1, honest.end());
    for (const auto& changed : {removed, doubled, exchanged}) {
        overwrite(only_file(), joined(changed));
        const Verification result = verify();
        ASSERT_TRUE(result.broken);
        EXPECT_THAT(*result.broken, testing::HasSubstr("line"));
    }
    overwrite(only_file(), joined(headless));
    EXPECT_TRUE(verify().broken) << "the file's name says with which line it begins";
}

TEST_F(AuditChain, LinesOfAnotherSeriesDoNotPass) {
    write(1, 2);
    const std::string other = "audit-io-1-000000000001-20231114T221320Z.jsonl";
    std::filesystem::rename(only_file(), directory_.path() / other);
    ASSERT_TRUE(verify().broken);
    EXPECT_THAT(*verify().broken, testing::HasSubstr("io-0"));
}

TEST_F(AuditChain, RecordThatImitatesAChainDoesNotMisleadTheReader) {
    const std::string tricky =
        R"({"a":{"x":1,"chain":{"writer":"io-0","n":9,"store":9,"prev":"00","hash":"00"}},"requestID":"t"})";
    {
        ChainedFile file = open();
        file.add(tricky, {});
        ASSERT_TRUE(file.flush());
    }
    std::string seen;
    const Verification result =
        verify_files(directory_.path(), [&](const RecordView& view) { seen = view.record; }).value();
    EXPECT_FALSE(result.broken);
    EXPECT_EQ(seen, tricky);
}

TEST_F(AuditChain, TornLastLineIsCutKeptAndReported) {
    write(1, 3);
    const std::string honest = content(only_file());
    for (const std::size_t torn : {std::size_t{1}, std::size_t{100}, honest.size() / 3 - 1}) {
        const std::string tail = honest.substr(0, torn);
        overwrite(only_file(), honest + tail);
        {
            const ChainedFile file = open();
            EXPECT_EQ(file.torn_tail().bytes, torn);
            EXPECT_THAT(content(file.torn_tail().kept_in), testing::EndsWith(tail));
        }
        EXPECT_EQ(content(only_file()), honest);
        EXPECT_FALSE(verify().broken);
    }
    write(4, 4);
    EXPECT_EQ(verify().records, 4U);
}

TEST_F(AuditChain, HoleOfAPowerFailureIsCutWithWhatFollows) {
    write(1, 4);
    const std::string honest = content(only_file());
    const std::size_t line = honest.find('\n') + 1;
    std::string holed = honest;
    std::fill_n(holed.begin() + static_cast<std::ptrdiff_t>(line + 20), 50, '\0');
    overwrite(only_file(), holed);
    EXPECT_EQ(open().torn_tail().bytes, honest.size() - line);
    EXPECT_FALSE(verify().broken);
    EXPECT_EQ(verify().records, 1U);
}

TEST_F(AuditChain, FileTornAtItsFirstLineContinuesTheChainOfTheFileBefore) {
    write(1, 20, 2000);
    const auto files = audit_files(directory_.path());
    overwrite(files.back(), content(files.back()).substr(0, 30));
    const std::uint64_t left = verify_files(directory_.path())->records;
    EXPECT_EQ(open().head().number, left);
    write(static_cast<int>(left) + 1, 30, 2000);
    EXPECT_FALSE(verify().broken) << *verify().broken;
    EXPECT_EQ(verify().records, 30U);
}

TEST_F(AuditChain, StartBehindAForeignLineIsRefused) {
    write(1, 2);
    overwrite(only_file(), content(only_file()) + "{\"record\":{}}\n");
    FileOptions options;
    options.directory = directory_.path();
    options.writer = "io-0";
    const auto opened = ChainedFile::open(options, clock_);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::integrity);
}

TEST_F(AuditChain, FailedWriteLeavesFileAndChainAsTheyWere) {
    ChainedFile file = open();
    file.add(record("r1"), {});
    ASSERT_TRUE(file.flush());
    const auto size = std::filesystem::file_size(only_file());
    {
        const FileSizeLimit full(size + 700);  // room for one line and a half
        for (int i = 0; i < 5; ++i) {
            file.add(record("lost"), {});
        }
        const Status<> flushed = file.flush();
        ASSERT_FALSE(flushed);
        EXPECT_EQ(flushed.error().code, Errc::io_error);
        EXPECT_EQ(std::filesystem::file_size(only_file()), size) << "half a line must not stay";
        EXPECT_FALSE(file.probe());
    }
    EXPECT_EQ(std::filesystem::file_size(only_file()), size);
    EXPECT_TRUE(file.probe());
    EXPECT_EQ(std::filesystem::file_size(only_file()), size) << "a probe leaves nothing";
    file.add(record("r2"), {});
    ASSERT_TRUE(file.flush());
    EXPECT_FALSE(verify().broken);
    EXPECT_EQ(verify().records, 2U);
}

TEST_F(AuditChain, WriterNamesThatCouldLeaveTheDirectoryAreRefused) {
    for (const std::string name : {"", "..", "a/b", "a b", "a\n"}) {
        FileOptions options;
        options.directory = directory_.path();
        options.writer = name;
        EXPECT_FALSE(ChainedFile::open(options, clock_)) << name;
    }
}

TEST_F(AuditChain, DirectoryThatCannotBeReadIsAnError) {
    EXPECT_EQ(verify_files(directory_.path() / "mistyped").error().code, Errc::io_error);
    const std::filesystem::path loop = directory_.path() / "loop";
    std::filesystem::create_symlink(loop, loop);
    ASSERT_FALSE(verify_files(loop));
    ASSERT_FALSE(newest_store_sequence(loop));
}

TEST_F(AuditChain, DirectoryWithoutFilesHasNothingBroken) {
    EXPECT_EQ(verify().records, 0U);
    EXPECT_EQ(newest_store_sequence(directory_.path() / "absent").value(), 0U);
}

}  // namespace
}  // namespace claviger::audit
