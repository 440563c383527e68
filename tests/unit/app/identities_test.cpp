#include "src/app/identities.hpp"

#include <gtest/gtest.h>

namespace claviger::app {
namespace {

// The account that tools read out of an access key id (authorization reference, section 7.1).
std::string account_of(const std::string& id) {
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    std::uint64_t bits = 0;
    for (const char c : id.substr(4, 10)) {  // 50 bits; the first 48 are z
        bits = bits << 5 | kAlphabet.find(c);
    }
    const std::uint64_t z = bits >> 2;
    std::string digits = std::to_string((z & 0x7fffffffff80) >> 7);
    return std::string(12 - digits.size(), '0') + digits;
}

TEST(AccessKeyId, DecodesToItsAccount) {
    ASSERT_EQ(account_of("AKIARZPUZDIKGB2VALC4"), "123456789012");  // a published pair
    SystemRandom random;
    for (const std::string account : {"000000000000", "123456789012", "999999999999"}) {
        const std::string id = make_access_key_id(account, random);
        EXPECT_EQ(id.size(), 20u);
        EXPECT_EQ(account_of(id), account) << id;
    }
    EXPECT_NE(make_access_key_id("000000000000", random), make_access_key_id("000000000000", random));
}

}  // namespace
}  // namespace claviger::app
