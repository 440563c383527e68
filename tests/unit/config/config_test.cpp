#include "src/config/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace claviger::config {
namespace {

using testing::HasSubstr;

constexpr std::string_view kHsm = "[[hsm]]\nname = \"hsm-a\"\nzone = \"a\"\n";

std::string refusal(std::string text) {
    const auto config = Config::parse(text, "test.toml");
    return config ? "accepted" : config.error().detail;
}

TEST(Config, TheManualShowsTheDefaults) {
    const auto manual = Config::load(CLAVIGER_DEPLOY "/claviger.toml");
    ASSERT_TRUE(manual) << manual.error().detail;
    const auto defaults = Config::parse(kHsm, "defaults");
    ASSERT_TRUE(defaults);
    EXPECT_TRUE(*manual == *defaults);
}

TEST(Config, AMisspeltOptionIsRefusedWithItsLine) {
    EXPECT_THAT(refusal("[http]\nlisten = \"127.0.0.1:1\"\nthread = 2\n" + std::string(kHsm)),
                HasSubstr("test.toml:3: http.thread is not an option"));
    EXPECT_THAT(refusal("[htp]\n" + std::string(kHsm)), HasSubstr("[htp] is not a section"));
}

TEST(Config, WrongTypesAndRangesSayWhatIsExpected) {
    EXPECT_THAT(refusal("[http]\nthreads = \"two\"\n" + std::string(kHsm)),
                HasSubstr("a number from 0 to 256"));
    EXPECT_THAT(refusal("[audit]\nsync = \"sometimes\"\n" + std::string(kHsm)),
                HasSubstr("\"off\" \"always\""));
    EXPECT_THAT(refusal("[service]\ndata = \"relative\"\n" + std::string(kHsm)),
                HasSubstr("an absolute path"));
    EXPECT_THAT(refusal("[service]\naccount = \"12\"\n" + std::string(kHsm)), HasSubstr("twelve digits"));
    EXPECT_THAT(refusal("[service]\naccount = 111122223333\n" + std::string(kHsm)),
                HasSubstr("account must be twelve digits, in quotes"));
    EXPECT_THAT(refusal("[http]\nlisten = \"4599\"\n" + std::string(kHsm)), HasSubstr("address:port"));
}

TEST(Config, RegionsAreAListWithoutRepetitions) {
    const auto two =
        Config::parse("[service]\nregions = [\"eu-west-1\", \"eu-west-2\"]\n" + std::string(kHsm), "test");
    ASSERT_TRUE(two) << two.error().detail;
    EXPECT_THAT(two->service.regions, testing::ElementsAre("eu-west-1", "eu-west-2"));
    EXPECT_EQ(two->service.home_region(), "eu-west-1");
    EXPECT_THAT(refusal("[service]\nregions = [\"a-b-1\", \"a-b-1\"]\n" + std::string(kHsm)),
                HasSubstr("names a Region twice"));
    EXPECT_THAT(refusal("[service]\nregions = \"a-b-1\"\n" + std::string(kHsm)),
                HasSubstr("a list of texts"));
}

TEST(Config, PlainHttpOffLoopbackIsRefused) {
    EXPECT_THAT(refusal("[http]\nlisten = \"0.0.0.0:4599\"\n" + std::string(kHsm)),
                HasSubstr("tls-certificate"));
}

TEST(Config, ASealingKeyInsideTheDataDirectoryIsRefused) {
    EXPECT_THAT(refusal("[service]\ndata = \"/srv/c\"\nsealing-key = \"/srv/c/key\"\n" + std::string(kHsm)),
                HasSubstr("inside service.data"));
}

TEST(Config, MembershipAndRecoveryAreWordsOfTwo) {
    const auto config = Config::parse(
        "[cluster]\nmembership = \"sealed\"\nrecovery-key = \"/k.pem\"\n" + std::string(kHsm), "test.toml");
    ASSERT_TRUE(config) << config.error().detail;
    EXPECT_EQ(config->cluster.membership, Membership::sealed);
    EXPECT_EQ(config->cluster.recovery, Recovery::offline);
    EXPECT_EQ(config->cluster.recovery_key, "/k.pem");
    EXPECT_THAT(refusal("[cluster]\nmembership = \"closed\"\n" + std::string(kHsm)),
                HasSubstr("\"open\" \"sealed\""));
}

TEST(Config, HsmsOfThePoolAreApartFromThoseOfTheDefaultCluster) {
    const std::string pooled = "[[hsm]]\nname = \"p\"\nzone = \"b\"\nuse = \"cloudhsm\"\n";
    const auto config = Config::parse(std::string(kHsm) + pooled, "test.toml");
    ASSERT_TRUE(config) << config.error().detail;
    ASSERT_EQ(config->pool.size(), 1U);
    EXPECT_EQ(config->pool[0].name, "p");
    EXPECT_EQ(config->hsms.size(), 1U);
    EXPECT_THAT(refusal(pooled), HasSubstr("no [[hsm]]"));
    EXPECT_THAT(refusal(std::string(kHsm) + pooled + pooled), HasSubstr("two HSMs are named"));
    EXPECT_THAT(refusal(std::string(kHsm) + "use = \"x\"\n"), HasSubstr("\"cloudhsm\""));
}

TEST(Config, AnHsmOfThePoolCanBeATokenThatExists) {
    const auto pooled = [](std::string_view name, std::string_view more) {
        return std::string("[[hsm]]\nname = \"") + std::string(name) +
               "\"\nzone = \"b\"\nuse = \"cloudhsm\"\n" + std::string(more);
    };
    const std::string token = "serial = \"0123456789abcdef\"\nofficer-pin-file = \"/etc/p.pin\"\n";
    const auto config = Config::parse(std::string(kHsm) + pooled("p", token), "test.toml");
    ASSERT_TRUE(config) << config.error().detail;
    EXPECT_EQ(config->pool[0].serial, "0123456789abcdef");
    EXPECT_EQ(config->pool[0].officer_pin_file, "/etc/p.pin");
    EXPECT_EQ(config->pool[0].wipe, Wipe::objects);
    EXPECT_THAT(refusal(std::string(kHsm) + pooled("p", token) + pooled("q", token)),
                HasSubstr("two HSMs are the token 0123456789abcdef"));
    EXPECT_THAT(refusal(std::string(kHsm) + token), HasSubstr("use = \"cloudhsm\" only"));
    EXPECT_THAT(refusal(std::string(kHsm) + pooled("p", "serial = \"1\"\n")),
                HasSubstr("officer-pin-file together"));
    const std::string module = "module = \"/usr/lib/vendor.so\"\n";
    EXPECT_THAT(refusal(std::string(kHsm) + pooled("p", module)), HasSubstr("others must exist"));
    EXPECT_TRUE(Config::parse(std::string(kHsm) + pooled("p", module + token), "test.toml"));
    EXPECT_THAT(refusal(std::string(kHsm) + pooled("p", "serial = \"0123456789abcdefg\"\n")),
                HasSubstr("1 to 16 characters"));
    const std::string asked = "serial = \"0123456789abcdef\"\nofficer = \"operator\"\n";
    const auto typed = Config::parse(std::string(kHsm) + pooled("p", asked), "test.toml");
    ASSERT_TRUE(typed) << typed.error().detail;
    EXPECT_EQ(typed->pool[0].officer, Officer::people);
    EXPECT_THAT(refusal(std::string(kHsm) + pooled("p", token + "officer = \"operator\"\n")),
                HasSubstr("one of the two"));
    EXPECT_THAT(refusal(std::string(kHsm) + pooled("p", "officer = \"operator\"\n")),
                HasSubstr("officer-pin-file together"));
    EXPECT_THAT(refusal(std::string(kHsm) + pooled("p", asked + "wipe = \"init-token\"\n")),
                HasSubstr("asks nobody"));
    const std::string wipe = "wipe = \"init-token\"\n";
    const auto anew = Config::parse(std::string(kHsm) + pooled("p", token + wipe), "test.toml");
    ASSERT_TRUE(anew) << anew.error().detail;
    EXPECT_EQ(anew->pool[0].wipe, Wipe::init_token);
    EXPECT_THAT(refusal(std::string(kHsm) + pooled("p", wipe)), HasSubstr("with serial only"));
    EXPECT_THAT(refusal("[service]\ndata = \"/etc\"\nsealing-key = \"/k\"\n" + std::string(kHsm) +
                        pooled("p", token)),
                HasSubstr("hsm.officer-pin-file of \"p\" lies inside service.data"));
}

TEST(Config, HsmsNeedNamesThatDifferAndAKnownReplication) {
    EXPECT_THAT(refusal(""), HasSubstr("no [[hsm]]"));
    EXPECT_THAT(refusal(std::string(kHsm) + std::string(kHsm)), HasSubstr("two HSMs are named"));
    EXPECT_THAT(refusal("[[hsm]]\nname = \"a\"\n"), HasSubstr("needs name and zone"));
    EXPECT_THAT(refusal(std::string(kHsm) + "replication = \"native\"\n"), HasSubstr("not built yet"));
    EXPECT_THAT(refusal("[[hsm]]\nname = \"../a\"\nzone = \"a\"\n"), HasSubstr("letters, digits and dashes"));
}

TEST(Endpoint, ParsesBothAddressFamilies) {
    EXPECT_EQ(*Endpoint::parse("[::1]:80"), (Endpoint{"::1", 80}));
    EXPECT_EQ(*Endpoint::parse("10.0.0.1:65535"), (Endpoint{"10.0.0.1", 65535}));
    EXPECT_FALSE(Endpoint::parse("10.0.0.1:65536"));
    EXPECT_FALSE(Endpoint::parse(":80"));
}

}  // namespace
}  // namespace claviger::config
