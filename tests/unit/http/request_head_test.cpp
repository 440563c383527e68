#include "src/http/request_head.hpp"

#include <gtest/gtest.h>

#include <string>

namespace claviger::http {
namespace {

unsigned refused(const std::string& text, std::size_t max_fields = 100) {
    RequestHead head;
    const auto refusal = parse_head(text, max_fields, head);
    return refusal ? refusal->status : 0;
}

TEST(RequestHead, FieldsAreKeptInArrivalOrderAsSent) {
    RequestHead head;
    const std::string text =
        "POST /p?q=1 HTTP/1.1\r\nhost: a:1\r\nX-B:  two words \t\r\nx-b:\r\nContent-Length: 7\r\n\r\n";
    ASSERT_FALSE(parse_head(text, 100, head));
    EXPECT_EQ(head.method, "POST");
    EXPECT_EQ(head.target, "/p?q=1");
    ASSERT_EQ(head.fields.size(), 4u);
    EXPECT_EQ(head.fields[1].name, "X-B");
    EXPECT_EQ(head.fields[1].value, "two words");
    EXPECT_EQ(head.fields[2].value, "");
    EXPECT_EQ(head.content_length, 7u);
    EXPECT_FALSE(head.chunked);
}

TEST(RequestHead, ReusedObjectForgetsTheLastRequest) {
    RequestHead head;
    const std::string first =
        "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::string second = "GET /x HTTP/1.0\r\n\r\n";
    ASSERT_FALSE(parse_head(first, 100, head));
    EXPECT_TRUE(head.chunked);
    ASSERT_FALSE(parse_head(second, 100, head));
    EXPECT_FALSE(head.chunked);
    EXPECT_EQ(head.expectation, Expectation::none);
    EXPECT_EQ(head.version, Version::http_1_0);
    EXPECT_EQ(head.persistence, Persistence::close);
    EXPECT_TRUE(head.fields.empty());
}

TEST(RequestHead, AbsoluteFormIsReducedToOriginFormIfItNamesTheHost) {
    RequestHead head;
    const std::string good = "POST https://KMS.local:1/a?b HTTP/1.1\r\nHost: kms.local:1\r\n\r\n";
    ASSERT_FALSE(parse_head(good, 100, head));
    EXPECT_EQ(head.target, "/a?b");
    const std::string bare = "POST http://kms.local HTTP/1.1\r\nHost: kms.local\r\n\r\n";
    ASSERT_FALSE(parse_head(bare, 100, head));
    EXPECT_EQ(head.target, "/");
    EXPECT_EQ(refused("POST http://evil/ HTTP/1.1\r\nHost: kms.local\r\n\r\n"), 400u);
    EXPECT_EQ(refused("POST ftp://kms.local/ HTTP/1.1\r\nHost: kms.local\r\n\r\n"), 400u);
    EXPECT_EQ(refused("CONNECT kms.local:443 HTTP/1.1\r\nHost: kms.local\r\n\r\n"), 400u);
}

TEST(RequestHead, FieldCountIsLimited) {
    std::string text = "POST / HTTP/1.1\r\nHost: a\r\n";
    for (int i = 0; i < 9; ++i) {
        text += "X: y\r\n";
    }
    EXPECT_EQ(refused(text + "\r\n", 10), 0u);
    EXPECT_EQ(refused(text + "X: y\r\n\r\n", 10), 431u);
}

TEST(RequestHead, AmbiguousFramingIsRefused) {
    const std::string start = "POST / HTTP/1.1\r\nHost: a\r\n";
    for (const char* const fields :
         {"Content-Length: 2\r\nContent-Length: 2\r\n", "Content-Length: 2, 2\r\n", "Content-Length: +2\r\n",
          "Content-Length: 0x2\r\n", "Content-Length: \r\n", "Content-Length: 9999999999999999\r\n",
          "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
          "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", "Transfer-Encoding: gzip, chunked\r\n",
          "Transfer-Encoding: identity\r\n", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
          "Transfer-Encoding:\r\n", "X: a\r\n b\r\n", "X : a\r\n", "X: a\nY: b\r\n", "Host: b\r\n",
          "X-Amz-Target: a.b\r\nx-amz-target: a.b\r\n"}) {
        EXPECT_EQ(refused(start + fields + "\r\n"), 400u) << fields;
    }
    EXPECT_EQ(refused(start + "Expect: tea\r\n\r\n"), 417u);
}

TEST(RequestHead, NoCutOrFlippedByteCrashes) {
    const std::string good =
        "POST /a%20b HTTP/1.1\r\nHost: kms.local\r\nContent-Length: 3\r\nX-Amz-Target: T.Op\r\nConnection: "
        "close\r\n\r\n";
    RequestHead head;
    ASSERT_FALSE(parse_head(good, 100, head));
    for (std::size_t i = 0; i < good.size(); ++i) {
        EXPECT_TRUE(parse_head(good.substr(0, i), 100, head)) << i;
        for (int bit = 0; bit < 8; ++bit) {
            std::string bad = good;
            bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
            static_cast<void>(parse_head(bad, 100, head));
        }
    }
}

}  // namespace
}  // namespace claviger::http
