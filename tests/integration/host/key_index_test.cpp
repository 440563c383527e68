#include "hsm/host/key_index.hpp"

#include <gtest/gtest.h>

#include "hsm/state.hpp"

namespace claviger::host {
namespace {

link::KeyName name(unsigned char tag) {
    link::KeyName made;
    made.key_tag.fill(std::byte{tag});
    return made;
}

// The index never looks into a key.
std::unique_ptr<hsm::Key> some_key() {
    return std::make_unique<hsm::Key>(nullptr);
}

TEST(KeyIndex, AKeyThatWasNotUsedGoesFirst) {
    KeyIndex index(2);
    EXPECT_TRUE(index.insert(name(1), some_key()).empty());
    EXPECT_TRUE(index.insert(name(2), some_key()).empty());
    EXPECT_NE(index.find(name(1)), nullptr);
    EXPECT_EQ(index.insert(name(3), some_key()).size(), 1U);
    EXPECT_EQ(index.find(name(2)), nullptr);
    EXPECT_NE(index.find(name(1)), nullptr);
    EXPECT_EQ(index.size(), 2U);
    EXPECT_EQ(index.evictions(), 1U);
}

TEST(KeyIndex, WhereAllWereUsedTheOldestGoes) {
    KeyIndex index(2);
    index.insert(name(1), some_key());
    index.insert(name(2), some_key());
    index.find(name(1));
    index.find(name(2));
    index.insert(name(3), some_key());
    EXPECT_EQ(index.find(name(1)), nullptr);
    index.insert(name(4), some_key());
    EXPECT_EQ(index.find(name(2)), nullptr) << "its use was long ago";
    EXPECT_NE(index.find(name(3)), nullptr);
    EXPECT_NE(index.find(name(4)), nullptr);
}

TEST(KeyIndex, ASecondKeyOfTheSameNameReplacesTheFirst) {
    KeyIndex index(2);
    auto first = some_key();
    const hsm::Key* first_key = first.get();
    index.insert(name(1), std::move(first));
    const auto gone = index.insert(name(1), some_key());
    ASSERT_EQ(gone.size(), 1U);
    EXPECT_EQ(gone[0].get(), first_key);
    EXPECT_EQ(index.size(), 1U);
    EXPECT_EQ(index.evictions(), 0U);
}

TEST(KeyIndex, RemovedKeysAreNotFound) {
    KeyIndex index(2);
    index.insert(name(1), some_key());
    EXPECT_NE(index.remove(name(1)), nullptr);
    EXPECT_EQ(index.remove(name(1)), nullptr);
    EXPECT_EQ(index.find(name(1)), nullptr);
}

TEST(KeyIndex, ARemovalLeavesTheOthersInPlace) {
    KeyIndex index(3);
    for (unsigned char tag = 1; tag <= 3; ++tag) {
        index.insert(name(tag), some_key());
    }
    const hsm::Key* const last = index.find(name(3));
    index.remove(name(1));
    EXPECT_EQ(index.find(name(3)), last);
    EXPECT_NE(index.remove(name(3)), nullptr);
    EXPECT_NE(index.find(name(2)), nullptr);
    EXPECT_EQ(index.size(), 1U);
}

}  // namespace
}  // namespace claviger::host
