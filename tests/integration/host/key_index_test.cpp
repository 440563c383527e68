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

TEST(KeyIndex, TheLeastRecentlyUsedKeyGoesFirst) {
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

}  // namespace
}  // namespace claviger::host
