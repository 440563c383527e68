#include "src/base/json_string.hpp"

#include <gtest/gtest.h>

namespace claviger {
namespace {

TEST(JsonString, EscapesControlsAndRepairsWhatIsNoUtf8) {
    std::string out;
    append_json_string(
        out, std::string_view("a\"\\\n\x01\x7f\xc3\xa9\xed\xa0\x80\xc0\x80\xf0\x9f\x94\x91\xe2\x82"));
    EXPECT_EQ(out,
              "\"a\\\"\\\\\\n\\u0001\x7f\xc3\xa9"
              "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
              "\xef\xbf\xbd\xef\xbf\xbd"
              "\xf0\x9f\x94\x91"
              "\xef\xbf\xbd\xef\xbf\xbd\"");
    out.clear();
    append_json_string(out, {});
    EXPECT_EQ(out, "\"\"");
}

// Texts are looked at sixteen bytes at once: a byte must be seen wherever it stands.
TEST(JsonString, OneByteIsEscapedAtEveryPlaceOfEveryLength) {
    for (std::size_t size = 1; size <= 50; ++size) {
        for (std::size_t at = 0; at < size; ++at) {
            for (const char c : {'"', '\\', '\n', '\x1f', '\0', '\x80', '\xff'}) {
                std::string text(size, 'a');
                text[at] = c;
                std::string alone;
                append_json_string(alone, std::string_view(&c, 1));
                ASSERT_NE(alone.substr(1, alone.size() - 2), std::string(1, c));
                const std::string expected = '"' + std::string(at, 'a') + alone.substr(1, alone.size() - 2) +
                                             std::string(size - at - 1, 'a') + '"';
                std::string out;
                append_json_string(out, text);
                ASSERT_EQ(out, expected) << size << ' ' << at << ' ' << int{c};
                std::string member;
                append_json_text(member, "name", text, false);
                ASSERT_EQ(member, ",\"name\":" + expected);
            }
        }
        std::string plain;
        append_json_string(plain, std::string(size, '\x7f'));
        ASSERT_EQ(plain, '"' + std::string(size, '\x7f') + '"');
    }
}

TEST(JsonString, ErrorsKeepWhatIsUtf8AndLeaveOutAnEmptyMessage) {
    EXPECT_EQ(error_body("NotFoundException", "message", "alias/caf\xc3\xa9 \"x\""),
              "{\"__type\":\"NotFoundException\",\"message\":\"alias/caf\xc3\xa9 \\\"x\\\"\"}");
    EXPECT_EQ(error_body("InternalFailure", "Message", ""), "{\"__type\":\"InternalFailure\"}");
}

}  // namespace
}  // namespace claviger
