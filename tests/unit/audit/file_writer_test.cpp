#include "src/audit/file_writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <map>

#include "tests/unit/audit/support.hpp"

namespace claviger::audit {
namespace {

namespace asio = boost::asio;

class AuditWriter : public testing::TestWithParam<Sync> {
protected:
    std::unique_ptr<FileWriter> open(std::uint64_t rotate_bytes = 64 << 20) {
        FileOptions options;
        options.directory = directory_.path();
        options.writer = "io0";
        options.sync = GetParam();
        options.rotate_bytes = rotate_bytes;
        options.probe_interval = std::chrono::milliseconds(1);
        options.store_sequence = [this] { return sequence_; };
        auto opened = FileWriter::open(context_.get_executor(), options, syncer_, clock_);
        if (!opened) {
            throw std::runtime_error(opened.error().describe());
        }
        return std::move(*opened);
    }
    void spawn(FileWriter& writer, int first, int count) {
        for (int i = first; i < first + count; ++i) {
            asio::co_spawn(context_, append(writer, "r" + std::to_string(i)),
                           [](const std::exception_ptr& error) { EXPECT_FALSE(error); });
        }
    }
    asio::awaitable<void> append(FileWriter& writer, std::string request) {
        const std::string text = record(request);
        const Status<> appended = co_await writer.append(text);
        if (appended) {
            ++succeeded_;
        } else {
            ++failed_;
        }
    }
    void run() {
        context_.restart();
        context_.run();
    }

    TemporaryDirectory directory_;
    FixedClock clock_;
    std::uint64_t sequence_ = 3;
    Syncer syncer_;
    asio::io_context context_{1};
    int succeeded_ = 0;
    int failed_ = 0;
};

TEST_P(AuditWriter, RecordsOfOneTurnShareOneWrite) {
    const auto writer = open();
    spawn(*writer, 0, 100);
    run();
    EXPECT_EQ(succeeded_, 100);
    EXPECT_EQ(writer->writes(), 1U);
    const Verification result = verify_files(directory_.path()).value();
    EXPECT_EQ(result.records, 100U);
    EXPECT_EQ(result.newest_store_sequence, 3U);
    EXPECT_FALSE(result.broken);
}

// fsync(2) of a pipe fails: put in the place of the directory's descriptor it stands for a disk that does.
void break_sync_of(const std::filesystem::path& directory) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    int broken = 0;
    for (int fd = 3; fd < 256; ++fd) {
        std::error_code ignored;
        if (std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), ignored) == directory) {
            ASSERT_EQ(::dup2(ends[0], fd), fd);
            ++broken;
        }
    }
    ::close(ends[0]);
    ::close(ends[1]);
    ASSERT_EQ(broken, 1);
}

TEST_P(AuditWriter, NewFileWhoseNameIsNotOnTheDiskIsAFailure) {
    const auto writer = open(1);  // each record begins a file
    spawn(*writer, 0, 1);
    run();
    ASSERT_EQ(succeeded_, 1);
    ASSERT_NO_FATAL_FAILURE(break_sync_of(directory_.path()));
    spawn(*writer, 1, 1);
    run();
    EXPECT_EQ(failed_, GetParam() == Sync::always ? 1 : 0);
    spawn(*writer, 2, 1);
    run();
    EXPECT_EQ(failed_, GetParam() == Sync::always ? 2 : 0) << "the name is still not on the disk";
}

TEST_P(AuditWriter, ExactlyOneValidRecordPerRequest) {
    const auto writer = open(20'000);
    for (int round = 0; round < 20; ++round) {
        spawn(*writer, round * 50, 50);
        run();
    }
    std::map<std::string, int> per_request;
    const Verification result = verify_files(directory_.path(), [&](const RecordView& view) {
                                    ++per_request[std::string(view.request_id)];
                                }).value();
    EXPECT_FALSE(result.broken);
    EXPECT_GT(result.files, 5U);
    EXPECT_EQ(per_request.size(), 1000U);
    EXPECT_TRUE(std::ranges::all_of(per_request, [](const auto& entry) { return entry.second == 1; }));
}

TEST_P(AuditWriter, FullDiskFailsTheAppendAndARoomAgainIsNoticed) {
    const auto writer = open();
    spawn(*writer, 0, 1);
    run();
    EXPECT_TRUE(writer->accepting());
    {
        const FileSizeLimit full(std::filesystem::file_size(audit_files(directory_.path()).at(0)) + 100);
        spawn(*writer, 1, 10);
        context_.restart();
        while (succeeded_ + failed_ < 11) {
            context_.run_one();
        }
        EXPECT_EQ(failed_, 10);
        EXPECT_FALSE(writer->accepting());
        context_.run_one();  // one probe, in vain
        EXPECT_FALSE(writer->accepting());
    }
    run();  // ends when the probe has succeeded
    EXPECT_TRUE(writer->accepting());
    spawn(*writer, 20, 1);
    run();
    EXPECT_EQ(succeeded_, 2);
    const Verification result = verify_files(directory_.path()).value();
    EXPECT_FALSE(result.broken) << *result.broken;
    EXPECT_EQ(result.records, 2U);
}

TEST_P(AuditWriter, RecordOfMoreThanOneLineIsRefusedAlone) {
    const auto writer = open();
    asio::co_spawn(context_, append(*writer, "two\nlines"), [](const std::exception_ptr&) {});
    spawn(*writer, 0, 1);
    run();
    EXPECT_EQ(failed_, 1);
    EXPECT_EQ(succeeded_, 1);
    EXPECT_FALSE(verify_files(directory_.path())->broken);
}

TEST_P(AuditWriter, WriterMayGoWhileItsFlushIsQueued) {
    auto writer = open();
    spawn(*writer, 0, 3);
    context_.restart();
    context_.poll_one();
    writer.reset();
    SUCCEED() << "the sanitizer has the last word";
}

INSTANTIATE_TEST_SUITE_P(Modes, AuditWriter, testing::Values(Sync::off, Sync::always),
                         [](const auto& mode) { return mode.param == Sync::off ? "Off" : "Always"; });

class AuditOutbox : public testing::Test {
protected:
    std::unique_ptr<OutboxWriter> open() {
        FileOptions options;
        options.directory = directory_.path();
        options.writer = "outbox";
        options.rotate_bytes = 3000;
        auto opened = OutboxWriter::open(options, clock_);
        if (!opened) {
            throw std::runtime_error(opened.error().describe());
        }
        return std::move(*opened);
    }

    TemporaryDirectory directory_;
    FixedClock clock_;
};

TEST_F(AuditOutbox, RecordDrainedAgainAfterARestartIsNotWrittenTwice) {
    {
        const auto writer = open();
        writer->add(10, 1, record("a"));
        writer->add(11, 1, record("b"));
        ASSERT_TRUE(writer->flush());
        writer->add(11, 1, record("b"));
        ASSERT_TRUE(writer->flush());
    }
    const auto writer = open();
    writer->add(10, 1, record("a"));
    writer->add(11, 1, record("b"));
    writer->add(12, 2, record("c"));
    ASSERT_TRUE(writer->flush());
    ASSERT_TRUE(writer->sync());
    std::vector<std::string> requests;
    const auto result = verify_files(directory_.path(),
                                     [&](const RecordView& view) { requests.emplace_back(view.request_id); });
    EXPECT_FALSE(result->broken);
    EXPECT_THAT(requests, testing::ElementsAre("a", "b", "c"));
}

TEST_F(AuditOutbox, RecordsLostWithAFailedWriteAreTakenAgain) {
    const auto writer = open();
    writer->add(1, 1, record("a"));
    ASSERT_TRUE(writer->flush());
    {
        const FileSizeLimit full(std::filesystem::file_size(audit_files(directory_.path()).at(0)));
        writer->add(2, 1, record("b"));
        EXPECT_FALSE(writer->flush());
    }
    writer->add(2, 1, record("b"));
    ASSERT_TRUE(writer->flush());
    EXPECT_EQ(verify_files(directory_.path())->records, 2U);
}

TEST_F(AuditOutbox, IdsAreRememberedOverRotation) {
    {
        const auto writer = open();
        for (std::uint64_t id = 1; id <= 40; ++id) {
            writer->add(id, id, record("r" + std::to_string(id)));
            ASSERT_TRUE(writer->flush());
        }
        ASSERT_TRUE(writer->sync());
    }
    const auto writer = open();
    writer->add(40, 40, record("r40"));
    ASSERT_TRUE(writer->flush());
    EXPECT_EQ(verify_files(directory_.path())->records, 40U);
}

}  // namespace
}  // namespace claviger::audit
