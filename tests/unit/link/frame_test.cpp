#include "hsm/link/frame.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace claviger::link {
namespace {

void feed(FrameReader& reader, ByteView bytes) {
    while (!bytes.empty()) {
        const std::span<std::byte> space = reader.space();
        ASSERT_FALSE(space.empty());
        const std::size_t size = std::min(space.size(), bytes.size());
        std::memcpy(space.data(), bytes.data(), size);
        reader.filled(size);
        bytes = bytes.subspan(size);
    }
}

WipedBuffer frame(std::uint64_t id, std::uint8_t code, std::uint64_t deadline, std::string_view payload) {
    WipedBuffer out;
    const std::size_t start = begin_frame(out, id, code, deadline);
    WireWriter(out).raw_bytes(as_bytes(payload));
    end_frame(out, start);
    return out;
}

TEST(Frame, LayoutIsLengthIdCodeDeadlinePayload) {
    const WipedBuffer bytes = frame(0x0102030405060708, 9, 0x1112131415161718, "ab");
    const std::array<unsigned char, 23> expected{
        2, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1, 9, 0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11, 'a', 'b'};
    ASSERT_EQ(bytes.size(), expected.size());
    EXPECT_EQ(std::memcmp(bytes.data(), expected.data(), expected.size()), 0);
}

TEST(FrameReader, GivesEveryCompleteFrameInOrder) {
    FrameReader reader;
    WipedBuffer stream;
    for (std::uint64_t id = 1; id <= 5; ++id) {
        const WipedBuffer one = frame(id, 3, 77, std::string(id, 'x'));
        stream.insert(stream.end(), one.begin(), one.end());
    }
    feed(reader, ByteView(stream));
    for (std::uint64_t id = 1; id <= 5; ++id) {
        const auto got = reader.next();
        ASSERT_TRUE(got);
        EXPECT_EQ(got->id, id);
        EXPECT_EQ(got->code, 3);
        EXPECT_EQ(got->deadline, 77U);
        EXPECT_EQ(as_text(got->payload), std::string(id, 'x'));
    }
    EXPECT_FALSE(reader.next());
    EXPECT_FALSE(reader.broken());
}

TEST(FrameReader, BytesMayArriveOneByOne) {
    FrameReader reader;
    const WipedBuffer stream = frame(7, 1, 0, "payload");
    for (std::size_t i = 0; i < stream.size(); ++i) {
        EXPECT_FALSE(reader.next());
        feed(reader, ByteView(stream).subspan(i, 1));
    }
    const auto got = reader.next();
    ASSERT_TRUE(got);
    EXPECT_EQ(as_text(got->payload), "payload");
}

TEST(FrameReader, FramesLargerThanTheFirstBufferGrowIt) {
    FrameReader reader;
    const WipedBuffer stream = frame(7, 1, 0, std::string(kMaxFrame, 'y'));
    feed(reader, ByteView(stream));
    const auto got = reader.next();
    ASSERT_TRUE(got);
    EXPECT_EQ(got->payload.size(), kMaxFrame);
}

TEST(FrameReader, OneByteOverTheLimitBreaksItForGood) {
    FrameReader reader;
    WipedBuffer stream = frame(7, 1, 0, std::string(kMaxFrame + 1, 'y'));
    feed(reader, ByteView(stream).first(kFrameHeader));
    EXPECT_FALSE(reader.next());
    EXPECT_TRUE(reader.broken());
    feed(reader, ByteView(frame(8, 1, 0, "good")));
    EXPECT_FALSE(reader.next());
    EXPECT_TRUE(reader.broken());
}

TEST(FrameReader, ConsumedFramesAreWipedAndTheRestIsKept) {
    FrameReader reader;
    WipedBuffer stream = frame(1, 1, 0, "secret");
    const WipedBuffer half = frame(2, 1, 0, "second");
    stream.insert(stream.end(), half.begin(), half.begin() + 24);
    feed(reader, ByteView(stream));
    const auto got = reader.next();
    ASSERT_TRUE(got);
    const std::byte* at = got->payload.data();
    reader.consume();
    EXPECT_TRUE(std::all_of(at, at + 6, [](std::byte b) { return b == std::byte{0}; }));

    const std::span<std::byte> space = reader.space();
    EXPECT_EQ(reader.pending(), 24U);
    // Behind the rest that moved to the front nothing of either frame is left.
    EXPECT_TRUE(
        std::all_of(space.begin(), space.begin() + 64, [](std::byte b) { return b == std::byte{0}; }));
    feed(reader, ByteView(half).subspan(24));
    const auto second = reader.next();
    ASSERT_TRUE(second);
    EXPECT_EQ(as_text(second->payload), "second");
}

TEST(WipeFront, MovesTheRestAndWipesItsOldPlace) {
    WipedBuffer buffer;
    WireWriter(buffer).raw_bytes(as_bytes("secretrest"));
    const std::byte* memory = buffer.data();
    wipe_front(buffer, 6);
    EXPECT_EQ(as_text(ByteView(buffer)), "rest");
    EXPECT_TRUE(std::all_of(memory + 4, memory + 10, [](std::byte b) { return b == std::byte{0}; }));
}

TEST(WipeAndClear, LeavesNothingInTheCapacity) {
    WipedBuffer buffer;
    WireWriter(buffer).raw_bytes(as_bytes("secret"));
    const std::byte* memory = buffer.data();
    wipe_and_clear(buffer);
    EXPECT_TRUE(buffer.empty());
    EXPECT_TRUE(std::all_of(memory, memory + 6, [](std::byte b) { return b == std::byte{0}; }));
}

TEST(ErrorReplyFrame, ErrorsSurviveTheLinkAndLongDetailsAreCut) {
    WipedBuffer out;
    append_error(out, 9, Error(Errc::hsm_fault, std::string(2000, 'd'), 0x30));
    FrameReader reader;
    feed(reader, ByteView(out));
    const auto got = reader.next();
    ASSERT_TRUE(got);
    EXPECT_EQ(got->code, static_cast<std::uint8_t>(ReplyStatus::failed));
    const Error error = to_error(got->payload);
    EXPECT_EQ(error.code, Errc::hsm_fault);
    EXPECT_EQ(error.ckr, 0x30U);
    EXPECT_EQ(error.detail, std::string(kMaxDetail, 'd'));
}

TEST(ErrorReplyFrame, GarbageBecomesAProtocolError) {
    EXPECT_EQ(to_error(as_bytes("garbage")).code, Errc::protocol_error);
}

TEST(Deadline, RoundTripsAndSaturates) {
    const MonoTime now = SystemClock().mono();
    EXPECT_EQ(from_wire(to_wire(now)), now);
    EXPECT_EQ(from_wire(~std::uint64_t{0}), from_wire(std::uint64_t{0x7fffffffffffffff}));
    EXPECT_GT(from_wire(~std::uint64_t{0}), now);
}

}  // namespace
}  // namespace claviger::link
