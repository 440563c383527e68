#include "src/attestation/cbor.hpp"

#include <gtest/gtest.h>

#include <claviger/base/encoding.hpp>

namespace claviger::attestation {
namespace {

Bytes hex(std::string_view text) {
    return from_hex(text).value();
}

// RFC 8949 appendix A.
TEST(CborReader, ReadsTheExamplesOfTheRfc) {
    const auto number = [](std::string_view text) { return CborReader(hex(text)).take_number(); };
    EXPECT_EQ(number("00"), 0u);
    EXPECT_EQ(number("17"), 23u);
    EXPECT_EQ(number("1818"), 24u);
    EXPECT_EQ(number("1903e8"), 1000u);
    EXPECT_EQ(number("1a000f4240"), 1000000u);
    EXPECT_EQ(number("1bffffffffffffffff"), ~std::uint64_t{0});
    EXPECT_EQ(CborReader(hex("3863")).take_negative(), 99u);  // -100
    const Bytes bytes = hex("4401020304");
    EXPECT_EQ(to_bytes(CborReader(bytes).take_bytes().value()), hex("01020304"));
    const Bytes text = hex("6449455446");
    EXPECT_EQ(CborReader(text).take_text(), "IETF");
    EXPECT_TRUE(CborReader(hex("f6")).take_null());
    for (const char* item : {"83010203", "a201020304", "826161a161626163",
                             "c074323031332d30332d32315432303a30343a30305a", "f5", "80", "a0", "60", "40"}) {
        const Bytes whole = hex(item);
        CborReader in(whole);
        EXPECT_TRUE(in.skip()) << item;
        EXPECT_TRUE(in.at_end()) << item;
        if (whole.size() > 1) {
            EXPECT_FALSE(CborReader(ByteView(whole).first(whole.size() - 1)).skip()) << item;
        }
    }
}

TEST(CborReader, BelievesNoLengthBeyondTheBytesThatAreLeft) {
    for (const char* text : {"5bffffffffffffffff", "5affffffff00", "7903e800"}) {
        EXPECT_FALSE(CborReader(hex(text)).skip()) << text;
    }
    EXPECT_FALSE(CborReader(hex("9bffffffffffffffff")).take_array());
    EXPECT_FALSE(CborReader(hex("bb7fffffffffffffff0000")).take_map());
    EXPECT_FALSE(CborReader(hex("8401")).take_array());  // four elements in one byte
}

TEST(CborReader, RefusesIndefiniteLengthsReservedHeadsAndDepth) {
    for (const char* text : {"5f42010243030405ff", "9fff", "bfff", "1c", "1d", "1e", "ff", ""}) {
        EXPECT_FALSE(CborReader(hex(text)).skip()) << text;
    }
    EXPECT_TRUE(CborReader(hex("8181818181818100")).skip());
    EXPECT_FALSE(CborReader(hex("818181818181818100")).skip());
}

TEST(CborReader, StaysWhereItWasAfterAnItemOfAnotherType) {
    const Bytes bytes = hex("0a");
    CborReader in(bytes);
    EXPECT_FALSE(in.take_text() || in.take_bytes() || in.take_map() || in.take_array() || in.take_tag() ||
                 in.take_null() || in.take_negative());
    EXPECT_EQ(in.take_number(), 10u);
}

TEST(AppendCbor, HeadsAreTheShortest) {
    const auto head = [](std::uint64_t value) {
        Bytes out;
        append_cbor_head(out, CborType::bytes, value);
        return to_hex(out);
    };
    EXPECT_EQ(head(0), "40");
    EXPECT_EQ(head(23), "57");
    EXPECT_EQ(head(24), "5818");
    EXPECT_EQ(head(255), "58ff");
    EXPECT_EQ(head(256), "590100");
    EXPECT_EQ(head(65536), "5a00010000");
    EXPECT_EQ(head(std::uint64_t{1} << 32U), "5b0000000100000000");
}

}  // namespace
}  // namespace claviger::attestation
