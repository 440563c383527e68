#include "src/http/chunked.hpp"

#include <gtest/gtest.h>

#include <string>

namespace claviger::http {
namespace {

struct Decoded {
    unsigned refused = 0;
    bool done = false;
    std::string body;
    std::size_t consumed = 0;
};

Decoded decode(std::string_view wire, std::size_t piece, std::size_t limit = 1000) {
    ChunkedDecoder decoder(limit);
    SecretBytes::Buffer body;
    Decoded out;
    for (std::size_t at = 0; at < wire.size() && !decoder.done();) {
        std::size_t taken = 0;
        const auto refusal = decoder.consume(as_bytes(wire.substr(at, piece)), body, taken);
        if (refusal) {
            out.refused = refusal->status;
            return out;
        }
        at += taken;
        out.consumed = at;
    }
    out.done = decoder.done();
    out.body = as_text(body);
    return out;
}

class ChunkedInPiecesOf : public testing::TestWithParam<std::size_t> {};

TEST_P(ChunkedInPiecesOf, WellFormedBodyIsDecodedAndTheRestIsLeft) {
    const auto decoded = decode("5\r\nhello\r\n1\r\n \r\n00B\r\nhello world\r\n0\r\n\r\nGET", GetParam());
    EXPECT_TRUE(decoded.done);
    EXPECT_EQ(decoded.body, "hello hello world");
    EXPECT_EQ(decoded.consumed, 39u);
}

TEST_P(ChunkedInPiecesOf, EveryCutIsIncomplete) {
    const std::string wire = "5\r\nhello\r\n0\r\n\r\n";
    for (std::size_t size = 0; size < wire.size(); ++size) {
        const auto decoded = decode(wire.substr(0, size), GetParam());
        EXPECT_FALSE(decoded.done) << size;
        EXPECT_EQ(decoded.refused, 0u) << size;
    }
}

TEST_P(ChunkedInPiecesOf, EverythingOddIsRefused) {
    for (const std::string_view wire :
         {"\r\n{}\r\n0\r\n\r\n", "+2\r\n{}\r\n", "-2\r\n{}\r\n", "0x2\r\n{}\r\n", "2 \r\n{}\r\n",
          " 2\r\n{}\r\n", "2;a=b\r\n{}\r\n", "2\n{}\r\n", "2\r{}\r\n", "2\r\n{}X\r\n", "2\r\n{}\n",
          "000000002\r\n{}\r\n", "g\r\n", "0\r\nA: b\r\n\r\n", "2_\r\n"}) {
        EXPECT_EQ(decode(wire, GetParam()).refused, 400u) << wire;
    }
}

TEST_P(ChunkedInPiecesOf, BodyOverTheLimitIs413BeforeItsBytesAreTaken) {
    EXPECT_EQ(decode("a\r\n0123456789\r\n0\r\n\r\n", GetParam(), 10).body.size(), 10u);
    EXPECT_EQ(decode("a\r\n0123456789\r\n1\r\n", GetParam(), 10).refused, 413u);
    EXPECT_EQ(decode("ffffffff\r\n", GetParam(), 10).refused, 413u);
}

INSTANTIATE_TEST_SUITE_P(Bytes, ChunkedInPiecesOf, testing::Values(1u, 2u, 3u, 7u, 1000u));

}  // namespace
}  // namespace claviger::http
