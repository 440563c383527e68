#include "src/kms/key_policy.hpp"

#include "src/policy/document.hpp"

namespace claviger::kms {
namespace {

constexpr std::size_t kMaxPolicy = 32'768;  // bytes; the model's 131072 is a cap on characters

}  // namespace

std::optional<Failure> check_key_policy(const Call& call, std::string_view text, std::string_view arn,
                                        LockoutCheck lockout) {
    if (text.size() > kMaxPolicy) {
        return Failure(ErrorType::limit_exceeded,
                       "The key policy must not be larger than " + std::to_string(kMaxPolicy) + " bytes.");
    }
    auto document = policy::parse_key_policy(text);
    if (!document) {
        return Failure(ErrorType::malformed_policy, std::move(document).error().message);
    }
    if (lockout == LockoutCheck::run && !policy::keeps_policy_control(*document, call.principal(), arn)) {
        return Failure(ErrorType::malformed_policy,
                       "The new key policy will not allow you to update the key policy in the future.");
    }
    return std::nullopt;
}

std::string default_key_policy(std::string_view partition, std::string_view account) {
    std::string text = R"({
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : { "AWS" : "arn:)";
    text.append(partition).append(":iam::").append(account);
    return text.append(R"(:root" },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
})");
}

}  // namespace claviger::kms
