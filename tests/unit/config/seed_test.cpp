#include "src/config/seed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace claviger::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::string refusal(std::string_view text) {
    const auto seed = Seed::parse(text, "seed.toml");
    return seed ? "accepted" : seed.error().detail;
}

TEST(Seed, EveryOption) {
    const auto seed = Seed::parse(R"(
[[key]]
id = "a"
spec = "HMAC_256"
usage = "GENERATE_VERIFY_MAC"
description = "d"
policy = "{}"
enabled = false
rotation-days = 90
aliases = ["alias/x", "alias/y"]
tags = { k = "v" }
materials = ["AA=="]
[[key.grant]]
name = "n"
grantee = "g"
retiring = "r"
operations = ["Decrypt"]
encryption-context-equals = { e = "1" }
encryption-context-subset = { s = "2" }
[[key]]
id = "b"
pem = "p"
)",
                                  "seed.toml");
    ASSERT_TRUE(seed) << seed.error().detail;
    ASSERT_EQ(seed->keys.size(), 2u);
    const SeedKey& key = seed->keys[0];
    EXPECT_EQ(key.id + key.spec + key.usage + key.description + key.policy,
              "aHMAC_256GENERATE_VERIFY_MACd{}");
    EXPECT_FALSE(key.enabled);
    EXPECT_EQ(key.rotation_days, 90);
    EXPECT_THAT(key.aliases, ElementsAre("alias/x", "alias/y"));
    EXPECT_THAT(key.tags, ElementsAre(Pair("k", "v")));
    EXPECT_THAT(key.materials, ElementsAre("AA=="));
    ASSERT_EQ(key.grants.size(), 1u);
    EXPECT_EQ(key.grants[0].name + key.grants[0].grantee + key.grants[0].retiring, "ngr");
    EXPECT_THAT(key.grants[0].operations, ElementsAre("Decrypt"));
    EXPECT_THAT(key.grants[0].context_equals, ElementsAre(Pair("e", "1")));
    EXPECT_THAT(key.grants[0].context_subset, ElementsAre(Pair("s", "2")));
    EXPECT_EQ(seed->keys[1].pem, "p");
    EXPECT_EQ(seed->keys[1].spec, "SYMMETRIC_DEFAULT");
    EXPECT_TRUE(seed->keys[1].enabled);
}

TEST(Seed, MistakesAreNamedWithTheirLine) {
    EXPECT_THAT(refusal("[[key]]\nspec = \"x\"\n"), HasSubstr("seed.toml:1: seed.key needs an id"));
    EXPECT_THAT(refusal("[[key]]\nid = \"a\"\nallias = 1\n"),
                HasSubstr("seed.toml:3: seed.key.allias is not an option; see docs/seeding.md"));
    EXPECT_THAT(refusal("[[key]]\nid = \"a\"\naliases = [1]\n"), HasSubstr("must be a list of texts"));
    EXPECT_THAT(refusal("[[key]]\nid = \"a\"\ntags = { a = 1 }\n"), HasSubstr("must be a table of texts"));
    EXPECT_THAT(refusal("[[key]]\nid = \"a\"\nrotation-days = 89\n"), HasSubstr("from 90 to 2560"));
    EXPECT_THAT(refusal("[[key]]\nid = \"a\"\npem = \"p\"\nmaterials = [\"AA==\"]\n"),
                HasSubstr("choose one"));
    EXPECT_THAT(refusal("[[key]]\nid = \"a\"\nspec = \"HMAC_256\"\nmaterials = [\"AA==\", \"AA==\"]\n"),
                HasSubstr("several materials"));
    EXPECT_THAT(refusal("[[key]]\nid = \"a\"\n[[key.grant]]\nname = \"n\"\n"),
                HasSubstr("seed.key.grant needs name, grantee and operations"));
    EXPECT_THAT(refusal("[[key]\n"), HasSubstr("seed.toml:1"));
    EXPECT_THAT(refusal("key = 1\n"), HasSubstr("must be a list of tables"));
    EXPECT_EQ(refusal(""), "accepted");
}

}  // namespace
}  // namespace claviger::config
