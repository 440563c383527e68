#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/claviger-bench/kms_traffic.hpp"
#include "tools/claviger-bench/latency.hpp"
#include "tools/claviger-bench/phases.hpp"

namespace claviger::bench {
namespace {

using std::chrono::nanoseconds;
using testing::DoubleNear;
using testing::HasSubstr;
using testing::Not;

TEST(LatencyHistogram, QuantilesAreWithinTwoPercent) {
    LatencyHistogram histogram;
    for (int value = 1; value <= 100000; ++value) {
        histogram.add(nanoseconds(value * 10));
    }
    EXPECT_NEAR(static_cast<double>(histogram.quantile(0.50).count()), 500000, 10000);
    EXPECT_NEAR(static_cast<double>(histogram.quantile(0.99).count()), 990000, 20000);
    EXPECT_EQ(histogram.slowest(), nanoseconds(1000000));
    EXPECT_EQ(histogram.total(), 100000U);
}

TEST(LatencyHistogram, SumOfTwoHoldsBoth) {
    LatencyHistogram fast;
    LatencyHistogram slow;
    fast.add(nanoseconds(100));
    slow.add(nanoseconds(9000000));
    fast.add(slow);
    EXPECT_EQ(fast.total(), 2U);
    EXPECT_EQ(fast.slowest(), nanoseconds(9000000));
    EXPECT_NEAR(static_cast<double>(fast.quantile(0).count()), 100, 2);
}

Row point(std::string part, unsigned width, double rate) {
    Row row;
    row.part = std::move(part);
    row.operation = "Encrypt";
    row.width = width;
    row.rate = rate;
    return row;
}

TEST(Report, KeepsTheBestOfEachPointAndEveryFailure) {
    Report first;
    first.rows = {point("raw", 1, 10), point("http", 16, 7)};
    first.failures = {"wrong"};
    Report second;
    second.rows = {point("raw", 1, 9), point("http", 16, 8), point("http", 64, 6)};
    second.notes = {"second"};
    Report report;
    report.keep_best(std::move(first));
    report.keep_best(std::move(second));
    ASSERT_EQ(report.rows.size(), 3U);
    EXPECT_EQ(report.find("raw", "Encrypt", 1)->rate, 10);
    EXPECT_EQ(report.find("http", "Encrypt", 16)->rate, 8);
    EXPECT_EQ(report.find("http", "Encrypt", 64)->rate, 6);
    EXPECT_THAT(report.notes, testing::ElementsAre("second"));
    EXPECT_THAT(report.failures, testing::ElementsAre("wrong"));
}

TEST(RequestId, IsReadFromTheHead) {
    const RequestId id =
        request_id_of("HTTP/1.1 200 OK\r\nx-amzn-RequestId: 00112233-4455-4677-8899-aabbccddeeff\r\n\r\n");
    for (unsigned i = 0; i < id.size(); ++i) {
        if (i != 6) {
            EXPECT_EQ(std::to_integer<unsigned>(id[i]), i * 0x11);
        }
    }
    EXPECT_EQ(std::to_integer<unsigned>(id[6]), 0x46U);
}

TEST(RequestId, AnswerWithoutOneGivesNone) {
    EXPECT_EQ(request_id_of("HTTP/1.1 200 OK\r\n\r\n"), RequestId{});
    EXPECT_EQ(request_id_of("HTTP/1.1 200 OK\r\nx-amzn-RequestId: short\r\n\r\n"), RequestId{});
    EXPECT_EQ(request_id_of("\r\nx-amzn-RequestId: 00112233-4455-4677-8899-aabbccddeefg\r\n"), RequestId{});
}

TEST(Signer, RequestCarriesBodyLengthAndScope) {
    Signer signer({"AKIAIOSFODNN7EXAMPLE", "secret", "eu-central-1"}, "127.0.0.1:4599");
    std::string request;
    signer.request(request, "Encrypt", "{}");
    EXPECT_THAT(request, testing::StartsWith("POST / HTTP/1.1\r\nHost: 127.0.0.1:4599\r\n"));
    EXPECT_THAT(request, HasSubstr("\r\nX-Amz-Target: TrentService.Encrypt\r\n"));
    EXPECT_THAT(request, HasSubstr("/eu-central-1/kms/aws4_request, SignedHeaders="));
    EXPECT_THAT(request, testing::EndsWith("\r\nContent-Length: 2\r\n\r\n{}"));
    EXPECT_THAT(request, Not(HasSubstr("secret")));
}

Row row(const char* part, const char* operation, unsigned width, double rate) {
    Row made;
    made.part = part;
    made.operation = operation;
    made.width = width;
    made.rate = rate;
    return made;
}

class Ratios : public testing::Test {
protected:
    Ratios() {
        options_.cores = 2;
        options_.operations = {"Encrypt", "DescribeKey"};
        report_.rows = {row("raw", "Encrypt", 1, 100000),          row("raw", "Encrypt", 2, 150000),
                        row("noop", "GenerateDataKey", 64, 60000), row("nginx", "GenerateDataKey", 64, 75000),
                        row("replay", "Encrypt", 64, 45000),       row("replay", "DescribeKey", 64, 30000),
                        row("link", "Encrypt", 16, 90000)};
        add_ratios(options_, report_);
    }

    const Ratio& ratio(const std::string& start) const {
        for (const Ratio& one : report_.ratios) {
            if (one.name.starts_with(start)) {
                return one;
            }
        }
        throw std::runtime_error("no ratio " + start);
    }

    Options options_;
    Report report_;
};

TEST_F(Ratios, LimitJoinsTheFasterServerAndTheTokensOfAllCores) {
    const Ratio& encrypt = ratio("replay Encrypt at 64");  // limit 1 / (1/75000 + 1/150000) = 50000
    EXPECT_THAT(encrypt.value, DoubleNear(0.9, 1e-9));
    EXPECT_TRUE(encrypt.reached());
}

TEST_F(Ratios, DescribeKeyIsHeldAgainstTheServerAlone) {
    const Ratio& describe = ratio("replay DescribeKey at 64");
    EXPECT_THAT(describe.value, DoubleNear(0.4, 1e-9));
    EXPECT_FALSE(describe.reached());
}

TEST_F(Ratios, LinkIsHeldAgainstOneToken) {
    EXPECT_THAT(ratio("link Encrypt at depth 16").value, DoubleNear(0.9, 1e-9));
}

TEST_F(Ratios, TableAndJsonShowWhatWasMissed) {
    EXPECT_THAT(to_table(report_), HasSubstr("MISSED"));
    EXPECT_THAT(to_json(report_), HasSubstr("\"reached\":false"));
}

}  // namespace
}  // namespace claviger::bench
