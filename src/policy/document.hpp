// Policy documents as values: what a key policy, and later an identity policy, says. See the grammar in AWS's
// IAM user guide, "Grammar of the IAM JSON policy language".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <claviger/base/result.hpp>

#include "src/policy/principal.hpp"

namespace claviger::policy {

enum class Effect { allow, deny };
enum class Sense { these, all_others };  // Action and NotAction; Resource and NotResource

struct Principals {
    Sense sense = Sense::these;
    bool anyone = false;               // "*"
    std::vector<std::string> aws;      // account ids and ARNs, as written
    std::vector<std::string> service;  // kms.amazonaws.com
    std::vector<std::string> federated;
};

struct Patterns {
    Sense sense = Sense::these;
    std::vector<std::string> patterns;  // with * and ?; empty: the element is missing
};

struct Condition {
    std::string op;  // with its modifiers: ForAnyValue:StringLikeIfExists
    std::string key;
    std::vector<std::string> values;
};

struct Statement {
    std::string sid;
    Effect effect = Effect::deny;
    Principals principals;
    Patterns actions;
    Patterns resources;
    std::vector<Condition> conditions;
};

struct Document {
    std::string version;  // empty: 2008-10-17
    std::vector<Statement> statements;
};

// Why a document is refused: the text of MalformedPolicyDocumentException.
struct Malformed {
    std::string message;
};

// Reads a key policy. Strict: one JSON object, no element twice, no element that the grammar does not know. A
// statement without Action or Resource is accepted and has no effect, as in AWS KMS. Thread-safe, pure.
Result<Document, Malformed> parse_key_policy(std::string_view json);

// arn:aws:iam::111122223333:root, :user/…, :role/…, and the ARNs of sessions. No group, no wildcard.
bool is_principal_arn(std::string_view text);

// Would the caller, who has every right in its own account, still be allowed kms:PutKeyPolicy on the key
// `arn` under `document`? Conditions are not evaluated: a conditional Allow counts, a conditional Deny does
// not, so that only a certain lock-out is refused.
bool keeps_policy_control(const Document& document, const Principal& caller, std::string_view arn);

// `*` matches any run, `?` one character; linear memory, no recursion.
bool glob_matches(std::string_view pattern, std::string_view text) noexcept;

}  // namespace claviger::policy
