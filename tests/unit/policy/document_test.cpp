#include "src/policy/document.hpp"

#include <gtest/gtest.h>

#include "src/policy/strict_json.hpp"

namespace claviger::policy {
namespace {

constexpr char kArn[] = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

Principal alice() {
    Principal principal;
    principal.account = AccountId("111122223333");
    principal.arn = "arn:aws:iam::111122223333:user/alice";
    principal.principal_id = "AIDAEXAMPLEEXAMPLE";
    return principal;
}

std::string policy(const std::string& statements) {
    return R"({"Version":"2012-10-17","Id":"p","Statement":)" + statements + "}";
}

std::string statement(const std::string& members) {
    return policy(R"({"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*")" + members + "}");
}

std::string refusal(const std::string& text) {
    const auto parsed = parse_key_policy(text);
    return parsed ? "accepted" : parsed.error().message;
}

TEST(KeyPolicy, ReadsEveryElement) {
    const auto parsed = parse_key_policy(policy(
        R"([{"Sid":"one two","Effect":"Deny","NotPrincipal":{"AWS":["111122223333","arn:aws:iam::111122223333:role/x/y"]},)"
        R"("NotAction":["kms:Get*"],"NotResource":"*",)"
        R"("Condition":{"ForAnyValue:StringLikeIfExists":{"kms:ViaService":["a","b"]},"Bool":{"x:y":true}}},)"
        R"({"Effect":"Allow","Principal":{"Service":"logs.amazonaws.com"}}])"));
    ASSERT_TRUE(parsed);
    ASSERT_EQ(parsed->statements.size(), 2U);
    const Statement& one = parsed->statements[0];
    EXPECT_EQ(one.sid, "one two");
    EXPECT_EQ(one.effect, Effect::deny);
    EXPECT_EQ(one.principals.sense, Sense::all_others);
    EXPECT_EQ(one.principals.aws.size(), 2U);
    EXPECT_EQ(one.actions.sense, Sense::all_others);
    ASSERT_EQ(one.conditions.size(), 2U);
    EXPECT_EQ(one.conditions[0].values, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(one.conditions[1].values, (std::vector<std::string>{"true"}));
    EXPECT_EQ(parsed->statements[1].principals.service, (std::vector<std::string>{"logs.amazonaws.com"}));
}

TEST(KeyPolicy, RefusesWhatTheGrammarDoesNotKnow) {
    for (const std::string& text :
         {std::string("no"), std::string("[]"), std::string("{}"), std::string(R"({"Statement":[]})"),
          std::string(R"({"Statement":"x"})"), policy("[1]"), statement(R"(,"Effect2":"Allow")"),
          statement(R"(,"Effect":"Deny")"),  // twice
          statement(R"(,"NotAction":"kms:*")"), statement(R"(,"NotResource":"*")"),
          statement(R"(,"Condition":[])"), statement(R"(,"Condition":{"StringSimilar":{"a":"b"}})"),
          statement(R"(,"Condition":{"Bool":{"a":{}}})"), statement(R"(,"Sid":5)"),
          std::string(R"({"Version":"2020-01-01","Statement":{}})"),
          policy(R"({"Effect":"allow","Principal":"*","Action":"kms:*","Resource":"*"})"),
          policy(R"({"Effect":"Allow","Principal":"*","Action":5,"Resource":"*"})")}) {
        EXPECT_NE(refusal(text), "accepted") << text;
    }
    EXPECT_EQ(refusal(statement("")), "accepted");
    EXPECT_EQ(refusal(statement("") + " \n"), "accepted");
}

TEST(KeyPolicy, RefusesPrincipalsThatCannotBe) {
    for (const char* principal :
         {R"({"AWS":"arn:aws:iam::111122223333:group/g"})", R"({"AWS":"arn:aws:iam::111122223333:user/*"})",
          R"({"AWS":"alice"})", R"({"AWS":[]})", "{}", R"("alice")", R"({"CanonicalUser":"x"})",
          R"({"AWS":"arn:aws:iam::1111:root"})"}) {
        EXPECT_EQ(refusal(policy(R"({"Effect":"Allow","Action":"kms:*","Resource":"*","Principal":)" +
                                 std::string(principal) + "}")),
                  "Policy contains a statement with one or more invalid principals.")
            << principal;
    }
    EXPECT_EQ(refusal(policy(R"({"Effect":"Allow","Action":"kms:*","Resource":"*"})")),
              "Policy contains a statement with no principal.");
    EXPECT_EQ(refusal(policy(R"({"Effect":"Allow","NotPrincipal":"*","Action":"kms:*","Resource":"*"})")),
              "Policy contains a statement with one or more invalid principals.");
}

TEST(KeyPolicy, RefusesForAllValuesOverAKeyThatMayBeAbsent) {
    EXPECT_EQ(
        refusal(statement(R"(,"Condition":{"ForAllValues:StringEquals":{"kms:EncryptionContext:a":"b"}})")),
        "OverlyPermissiveCondition: Using the ForAllValues set operator with a single-valued condition key "
        "matches requests without the specified encryption context");
}

struct Control {
    const char* statements;
    bool kept;
};

class PolicyControl : public testing::TestWithParam<Control> {};

TEST_P(PolicyControl, IsKeptOnlyByAnAllowThatNoDenyOverrides) {
    const auto parsed = parse_key_policy(policy(GetParam().statements));
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(keeps_policy_control(*parsed, alice(), kArn), GetParam().kept) << GetParam().statements;
}

INSTANTIATE_TEST_SUITE_P(
    All, PolicyControl,
    testing::Values(
        Control{R"({"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"})", true},
        Control{R"({"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"*","Resource":"*"})", true},
        Control{
            R"({"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"KMS:put*","Resource":"*"})",
            true},
        Control{
            R"({"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/alice"},"Action":"kms:PutKeyPolicy",)"
            R"("Resource":"arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"})",
            true},
        Control{
            R"({"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/bob"},"Action":"kms:*","Resource":"*"})",
            false},
        Control{R"({"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"kms:*","Resource":"*"})",
                false},
        Control{R"({"Effect":"Allow","Principal":"*","Action":"kms:Get*","Resource":"*"})", false},
        Control{R"({"Effect":"Allow","Principal":"*","NotAction":"kms:Put*","Resource":"*"})", false},
        Control{R"({"Effect":"Allow","Principal":"*","NotAction":"kms:Get*","Resource":"*"})", true},
        Control{R"({"Effect":"Allow","Principal":"*","Resource":"*"})", false},
        Control{R"({"Effect":"Allow","Principal":"*","Action":"kms:*"})", false},
        Control{
            R"({"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"arn:aws:kms:us-west-2:111122223333:key/x"})",
            false},
        Control{R"([{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"},)"
                R"({"Effect":"Deny","Principal":{"AWS":"111122223333"},"Action":"kms:Put*","Resource":"*"}])",
                false},
        Control{
            R"([{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"},)"
            R"({"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::111122223333:user/alice"},"Action":"*","Resource":"*"}])",
            true},
        Control{
            R"([{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"},{"Effect":"Deny","Principal":"*",)"
            R"("Action":"kms:*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}}])",
            true}));

TEST(Glob, StarsSpanAnythingAndQuestionMarksOneCharacter) {
    EXPECT_TRUE(glob_matches("*", ""));
    EXPECT_TRUE(glob_matches("a*b?d", "axxbxbcd"));
    EXPECT_TRUE(glob_matches("kms:*", "kms:Encrypt"));
    EXPECT_FALSE(glob_matches("kms:?", "kms:"));
    EXPECT_FALSE(glob_matches("a*b", "axxc"));
    EXPECT_FALSE(glob_matches("", "a"));
    const std::string hostile(2000, 'a');
    EXPECT_FALSE(glob_matches("*a*a*a*a*a*a*a*a*a*a*b", hostile));
}

TEST(StrictJson, FindsRepeatedNamesAtAnyDepth) {
    EXPECT_TRUE(parse_strict_json(R"({"a":{"b":1},"b":[{"a":1},{"a":2}]})"));
    EXPECT_FALSE(parse_strict_json(R"({"a":{"b":1,"b":2}})"));
    EXPECT_FALSE(parse_strict_json(R"({"a":1,"\u0061":2})"));
    EXPECT_FALSE(parse_strict_json(R"({"a":1} x)"));
    EXPECT_FALSE(parse_strict_json(std::string(40, '[') + std::string(40, ']')));
}

}  // namespace
}  // namespace claviger::policy
