#include <claviger/base/encoding.hpp>

#include <gtest/gtest.h>

namespace claviger {
namespace {

// RFC 4648 section 10.
TEST(Base64, MatchesTheVectorsOfTheStandard) {
    const std::pair<std::string_view, std::string_view> vectors[] = {
        {"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
        {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, encoded] : vectors) {
        EXPECT_EQ(to_base64(as_bytes(plain)), encoded);
        const auto decoded = from_base64(encoded);
        ASSERT_TRUE(decoded.has_value());
        EXPECT_EQ(as_text(*decoded), plain);
    }
}

TEST(Base64, RefusesWhatIsNotExactlyTheEncoding) {
    for (const std::string_view bad : {"Zg=", "Zg", "Zh==", "Zm9=", "Zm 9v", "Zm9v\n",
                                       "====", "Z===", "Zg==Zg==", "Zm9v=", "_m9v", "-m9v"}) {
        EXPECT_FALSE(from_base64(bad).has_value()) << bad;
    }
}

TEST(Hex, RoundTripsAndRefusesOddOrForeignCharacters) {
    EXPECT_EQ(to_hex(as_bytes("\x01\xff")), "01ff");
    EXPECT_EQ(from_hex("01Ff"), to_bytes(as_bytes("\x01\xff")));
    EXPECT_FALSE(from_hex("0").has_value());
    EXPECT_FALSE(from_hex("0g").has_value());
}

TEST(Uuid, HasTheFormOfVersionFour) {
    const std::array<std::byte, 16> zero{};
    EXPECT_EQ(to_uuid(zero), "00000000-0000-4000-8000-000000000000");
    EXPECT_TRUE(is_uuid("1234abcd-12ab-34cd-56ef-1234567890ab"));
    EXPECT_FALSE(is_uuid("1234ABCD-12ab-34cd-56ef-1234567890ab"));
    EXPECT_FALSE(is_uuid("1234abcd12ab34cd56ef1234567890ab"));
}

}  // namespace
}  // namespace claviger
