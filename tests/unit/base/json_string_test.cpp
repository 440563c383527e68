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

TEST(JsonString, ErrorsKeepWhatIsUtf8AndLeaveOutAnEmptyMessage) {
    EXPECT_EQ(error_body("NotFoundException", "message", "alias/caf\xc3\xa9 \"x\""),
              "{\"__type\":\"NotFoundException\",\"message\":\"alias/caf\xc3\xa9 \\\"x\\\"\"}");
    EXPECT_EQ(error_body("InternalFailure", "Message", ""), "{\"__type\":\"InternalFailure\"}");
}

}  // namespace
}  // namespace claviger
