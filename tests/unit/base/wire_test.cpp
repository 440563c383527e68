#include <claviger/base/wire.hpp>

#include <gtest/gtest.h>

namespace claviger {
namespace {

TEST(Wire, ReadsBackWhatWasWritten) {
    Bytes buffer;
    WireWriter(buffer).number<std::uint16_t>(0x1234).text("key").number<std::uint64_t>(1ULL << 63);
    WireReader reader(buffer);
    EXPECT_EQ(reader.number<std::uint16_t>(), 0x1234);
    EXPECT_EQ(reader.text(3), "key");
    EXPECT_EQ(reader.number<std::uint64_t>(), 1ULL << 63);
    EXPECT_TRUE(reader.at_end());
}

TEST(Wire, EveryTruncationFailsForGood) {
    Bytes buffer;
    WireWriter(buffer).text("abcdef").number<std::uint32_t>(7);
    for (std::size_t size = 0; size < buffer.size(); ++size) {
        WireReader reader(ByteView(buffer).first(size));
        reader.text(100);
        reader.number<std::uint32_t>();
        EXPECT_FALSE(reader.ok()) << size;
        EXPECT_EQ(reader.number<std::uint32_t>(), 0u);
    }
}

TEST(Wire, LengthOverTheLimitIsRefused) {
    Bytes buffer;
    WireWriter(buffer).text("abcdef");
    WireReader reader(buffer);
    EXPECT_TRUE(reader.text(5).empty());
    EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace claviger
