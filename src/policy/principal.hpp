// Who is calling, as a value: `auth` makes it, everything below takes it as an argument.
#pragma once

#include <string>

#include <claviger/base/id.hpp>

namespace claviger::policy {

enum class PrincipalKind { root, user };

struct Principal {
    AccountId account;
    std::string arn;  // arn:aws:iam::111122223333:user/alice
    PrincipalKind kind = PrincipalKind::user;
    std::string principal_id;  // AIDA…; the account id for root
    std::string user_name;     // empty for root
    std::string access_key_id;
};

}  // namespace claviger::policy
