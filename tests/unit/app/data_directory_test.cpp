#include "src/app/data_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace claviger::app {
namespace {

using testing::HasSubstr;

class DataDirectoryTest : public testing::Test {
protected:
    DataDirectoryTest() {
        char name[] = "/tmp/claviger-data-XXXXXX";
        root_ = mkdtemp(name);
    }
    ~DataDirectoryTest() override { std::filesystem::remove_all(root_); }
    std::filesystem::path root_;
};

TEST_F(DataDirectoryTest, IsMadeForItsOwnerAlone) {
    ASSERT_TRUE(DataDirectory::open(root_ / "new"));
    struct stat status {};
    ASSERT_EQ(stat((root_ / "new").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST_F(DataDirectoryTest, ASecondHolderIsToldWhoHasIt) {
    const auto first = DataDirectory::open(root_);
    ASSERT_TRUE(first);
    const auto second = DataDirectory::open(root_);
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().detail, HasSubstr("process " + std::to_string(getpid())));
}

TEST_F(DataDirectoryTest, ReleasingItLetsTheNextOneIn) {
    { ASSERT_TRUE(DataDirectory::open(root_)); }
    EXPECT_TRUE(DataDirectory::open(root_));
}

TEST_F(DataDirectoryTest, OpenToOthersIsRefusedWithTheRemedy) {
    ASSERT_EQ(chmod(root_.c_str(), 0755), 0);
    const auto opened = DataDirectory::open(root_);
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().detail, HasSubstr("chmod 700"));
}

TEST_F(DataDirectoryTest, AFileInItsPlaceIsRefused) {
    std::ofstream(root_ / "file") << "x";
    EXPECT_FALSE(DataDirectory::open(root_ / "file"));
    const auto below = DataDirectory::open(root_ / "file" / "below");
    ASSERT_FALSE(below);
    EXPECT_THAT(below.error().detail, HasSubstr("service.data"));
}

TEST_F(DataDirectoryTest, APathTooLongForSocketsIsRefusedBeforeAnythingIsMade) {
    const auto opened = DataDirectory::open(root_ / std::string(90, 'x'));
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().detail, HasSubstr("at most"));
}

}  // namespace
}  // namespace claviger::app
