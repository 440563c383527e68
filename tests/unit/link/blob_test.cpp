#include "hsm/link/blob.hpp"

#include <gtest/gtest.h>

#include <claviger/base/encoding.hpp>

namespace claviger::link {
namespace {

KeyName some_name() {
    KeyName name;
    name.key_tag.fill(std::byte{0xa1});
    name.material.fill(std::byte{0xb2});
    return name;
}

Bytes blob(std::size_t iv, std::size_t plaintext) {
    const auto header = blob_header(some_name(), iv);
    Bytes out(header.begin(), header.end());
    out.resize(out.size() + iv + plaintext + kGcmTag, std::byte{0x5c});
    return out;
}

TEST(Blob, PartsAreFound) {
    const Bytes bytes = blob(12, 5);
    const auto view = parse_blob(bytes);
    ASSERT_TRUE(view);
    EXPECT_EQ(view->name, some_name());
    EXPECT_EQ(view->header.size(), kBlobHeader);
    EXPECT_EQ(view->iv.size(), 12U);
    EXPECT_EQ(view->ciphertext.size(), 5U);
    EXPECT_EQ(view->sealed.size(), 5 + kGcmTag);
}

TEST(Blob, EveryCutIsRefused) {
    const Bytes bytes = blob(12, 1);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(parse_blob(ByteView(bytes).first(size))) << size;
    }
}

TEST(Blob, AnotherVersionIsRefused) {
    Bytes bytes = blob(12, 1);
    bytes[0] = std::byte{2};
    EXPECT_FALSE(parse_blob(bytes));
}

TEST(Blob, IvLengthOutsideItsBoundsIsRefused) {
    EXPECT_TRUE(parse_blob(blob(1, 1)));
    EXPECT_TRUE(parse_blob(blob(16, 1)));
    EXPECT_FALSE(parse_blob(blob(0, 20)));
    EXPECT_FALSE(parse_blob(blob(17, 20)));
}

TEST(Blob, TheLargestIsAcceptedAndOneMoreRefused) {
    EXPECT_TRUE(parse_blob(blob(12, kMaxBlob - kBlobHeader - 12 - kGcmTag)));
    EXPECT_FALSE(parse_blob(blob(12, kMaxBlob - kBlobHeader - 12 - kGcmTag + 1)));
}

TEST(KeyTag, IsTheBeginningOfSha256OfAccountAndKeyId) {
    // printf '%s' 0001112223331234abcd-12ab-34cd-56ef-1234567890ab | sha256sum
    EXPECT_EQ(to_hex(key_tag("000111222333", "1234abcd-12ab-34cd-56ef-1234567890ab")),
              "587d5831e121ffbd0321a373887fcab6");
}

TEST(Context, PairsAreLengthPrefixedAndTheEmptyContextAppendsNothing) {
    Bytes out;
    append_context(out, {});
    EXPECT_TRUE(out.empty());
    const std::pair<std::string_view, std::string_view> pairs[] = {{"a", "bc"}, {"d", ""}};
    append_context(out, pairs);
    EXPECT_EQ(to_hex(out),
              "01000000"
              "61"
              "02000000"
              "6263"
              "01000000"
              "64"
              "00000000");
}

}  // namespace
}  // namespace claviger::link
