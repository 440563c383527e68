#include "src/policy/authorize.hpp"

#include <gtest/gtest.h>

namespace claviger::policy {
namespace {

constexpr char kArn[] = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

Principal alice() {
    Principal principal;
    principal.account = AccountId("111122223333");
    principal.arn = "arn:aws:iam::111122223333:user/alice";
    return principal;
}

TEST(Authorize, APrincipalHasEveryRightInItsOwnAccount) {
    const Principal caller = alice();
    EXPECT_TRUE(authorize({caller, Action::encrypt, {caller.account, kArn, {}}}));
    EXPECT_TRUE(authorize({caller, Action::create_key, {caller.account, "*", {}}}));
}

TEST(Authorize, AnotherAccountIsRefusedWithoutLearningWhetherTheKeyExists) {
    const Principal caller = alice();
    const AccountId other("444455556666");
    const Request request{caller, Action::re_encrypt_from, {other, kArn, {}}};
    const Decision decision = authorize(request);
    EXPECT_FALSE(decision);
    EXPECT_EQ(
        denial_text(request, decision),
        "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: kms:ReEncryptFrom on this "
        "resource because the resource does not exist in this Region, no resource-based policies allow "
        "access, or a resource-based policy explicitly denies access");
    EXPECT_EQ(denial_text(request, decision), foreign_denial_text(caller, Action::re_encrypt_from));
}

TEST(DenialText, NamesTheLayerThatLacksAnAllow) {
    const Principal caller = alice();
    const Request request{caller, Action::generate_data_key, {caller.account, kArn, {}}};
    EXPECT_EQ(
        denial_text(request, {Verdict::implicit_deny_identity}),
        "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: kms:GenerateDataKey on "
        "resource: arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab because no "
        "identity-based policy allows the kms:GenerateDataKey action");
    EXPECT_EQ(
        denial_text(request, {Verdict::implicit_deny_resource}),
        "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: kms:GenerateDataKey on "
        "resource: arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab because no "
        "resource-based policy allows the kms:GenerateDataKey action");
}

}  // namespace
}  // namespace claviger::policy
