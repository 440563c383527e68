#include <claviger/base/descriptor.hpp>

#include <fcntl.h>

#include <utility>

#include <gtest/gtest.h>

namespace claviger {
namespace {

int open_one() {
    return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}
bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) != -1;
}

TEST(Descriptor, IsClosedOnceByItsLastOwner) {
    const int fd = open_one();
    {
        Descriptor first(fd);
        {
            const Descriptor second(std::move(first));
            EXPECT_EQ(second.get(), fd);
        }
        EXPECT_FALSE(is_open(fd));
        // The number is used again; the owner that was moved from must not close it.
        ASSERT_EQ(open_one(), fd);
    }
    EXPECT_TRUE(is_open(fd));
    Descriptor(fd).reset();
    EXPECT_FALSE(is_open(fd));
}

TEST(Descriptor, AssignmentClosesWhatWasHeld) {
    const int held = open_one();
    const int next = open_one();
    Descriptor owner(held);
    owner = Descriptor(next);
    EXPECT_FALSE(is_open(held));
    EXPECT_EQ(owner.get(), next);
    EXPECT_TRUE(is_open(next));
}

TEST(Descriptor, ReleasedIsTheCallersToClose) {
    const int fd = open_one();
    Descriptor owner(fd);
    EXPECT_EQ(owner.release(), fd);
    EXPECT_FALSE(owner);
    owner.reset();
    EXPECT_TRUE(is_open(fd));
    Descriptor(fd).reset();
}

}  // namespace
}  // namespace claviger
