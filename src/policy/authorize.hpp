// Who may do what, as a pure function: no clock, no store, no log. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include <claviger/base/id.hpp>

#include "src/policy/action.hpp"
#include "src/policy/principal.hpp"

namespace claviger::policy {

// What is acted on. Operations without a key act on "*" of the caller's account.
struct Resource {
    const AccountId& account;
    std::string_view arn;         // "*" if none
    std::string_view key_policy;  // the JSON text; empty for aliases and "*"
};

struct Request {
    const Principal& principal;
    Action action;
    Resource resource;
};

enum class Verdict {
    allow,
    implicit_deny_identity,  // no identity policy allows it
    implicit_deny_resource,  // the key policy neither names nor delegates to the caller
    implicit_deny_other_account,
};

struct Decision {
    Verdict verdict;
    explicit operator bool() const noexcept { return verdict == Verdict::allow; }
};

// The default key policy delegates to the key's account, and each principal has full rights in its own
// account.
Decision authorize(const Request& request);

// The text of AccessDeniedException. For Verdict::allow it is a bug to ask.
std::string denial_text(const Request& request, const Decision& decision);

// A key of another account that is unknown or refused: the two must not be told apart.
std::string foreign_denial_text(const Principal& principal, Action action);

}  // namespace claviger::policy
