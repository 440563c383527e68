#include <claviger/base/files.hpp>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <thread>

#include <claviger/base/descriptor.hpp>

namespace claviger {
namespace {

class FilesTest : public ::testing::Test {
protected:
    FilesTest() {
        std::string pattern = "/tmp/claviger-files-XXXXXX";
        root_ = ::mkdtemp(pattern.data());
    }
    ~FilesTest() override { std::filesystem::remove_all(root_); }
    static std::string content(const std::filesystem::path& path) {
        std::ifstream in(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    static unsigned mode(const std::filesystem::path& path) {
        struct stat facts {};
        EXPECT_EQ(::stat(path.c_str(), &facts), 0);
        return facts.st_mode & 07777U;
    }
    std::filesystem::path root_;
};

TEST_F(FilesTest, WhatIsNoRegularFileIsNotWaitedFor) {
    ASSERT_EQ(::mkfifo((root_ / "fifo").c_str(), 0600), 0);
    const Result<Bytes> read = read_file(root_ / "fifo", 10);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, Errc::io_error);
}

TEST_F(FilesTest, AllIsWrittenAndReadInManyPieces) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const Descriptor out(ends[0]);
    Descriptor in(ends[1]);
    const Bytes content(1U << 20U, std::byte{7});  // many times what a pipe holds
    bool written = false;
    std::thread writer([&] {
        written = write_all(in.get(), content);
        in.reset();
    });
    Bytes room(content.size() + 1);
    const std::optional<std::size_t> size = read_all(out.get(), room);
    writer.join();
    EXPECT_TRUE(written);
    ASSERT_EQ(size, content.size());
    room.resize(*size);
    EXPECT_EQ(room, content);
}

TEST_F(FilesTest, AFailedCallIsToldWithItsReason) {
    EXPECT_FALSE(write_all(-1, as_bytes("x")));
    EXPECT_EQ(os_error("write f").detail, "write f: Bad file descriptor");
    errno = ENOSPC;
    EXPECT_EQ(os_error("write f").detail, "write f: No space left on device; make room on the disk");
}

TEST_F(FilesTest, AReplacedFileHasTheNewContentAloneAndIsPrivate) {
    const auto file = root_ / "f";
    ASSERT_TRUE(replace_file(file, as_bytes("long content")));
    ASSERT_TRUE(replace_file(file, as_bytes("short")));
    EXPECT_EQ(content(file), "short");
    EXPECT_EQ(mode(file), 0600U);
    EXPECT_FALSE(std::filesystem::exists(root_ / "f.new"));
}

TEST_F(FilesTest, AnUnsyncedFileIsANewOneInTheOldOnesPlace) {
    const auto file = root_ / "f";
    ASSERT_TRUE(put_file_unsynced(file, as_bytes("long content")));
    std::filesystem::create_hard_link(file, root_ / "old");
    ASSERT_TRUE(put_file_unsynced(file, as_bytes("short")));
    EXPECT_EQ(content(file), "short");
    EXPECT_EQ(content(root_ / "old"), "long content");
    EXPECT_EQ(mode(file), 0600U);
    EXPECT_FALSE(std::filesystem::exists(root_ / "f.new"));
}

TEST_F(FilesTest, AFailureNamesThePathAndLeavesTheOldFile) {
    const auto absent = replace_file(root_ / "absent" / "f", as_bytes("x"));
    ASSERT_FALSE(absent);
    EXPECT_NE(absent.error().detail.find("absent/f.new"), std::string::npos) << absent.error().detail;

    const auto file = root_ / "f";
    ASSERT_TRUE(replace_file(file, as_bytes("old")));
    std::filesystem::create_directory(root_ / "f.new");  // in the way of the new one
    EXPECT_FALSE(replace_file(file, as_bytes("new")));
    EXPECT_EQ(content(file), "old");
}

TEST_F(FilesTest, ADirectoryIsMadeOnceAndPrivate) {
    ASSERT_TRUE(make_directory(root_ / "d"));
    ASSERT_TRUE(make_directory(root_ / "d"));
    EXPECT_EQ(mode(root_ / "d"), 0700U);
    EXPECT_FALSE(make_directory(root_ / "absent" / "d"));
}

}  // namespace
}  // namespace claviger
