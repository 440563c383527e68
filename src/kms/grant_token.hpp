// Grant tokens: handles that name a grant, opaque to callers. Each CreateGrant answers another one; all
// tokens of a grant are as good as each other. They are not stored and never logged.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "src/kms/operation.hpp"

namespace claviger::kms {

struct GrantToken {
    std::string account;  // of the key
    std::string region;
    std::string key;
    std::string grant;
};

std::string make_grant_token(const Call& call, const store::GrantRecord& grant);

// nullopt: not one that this service made. The grant may be gone meanwhile.
std::optional<GrantToken> read_grant_token(const Call& call, std::string_view text);

}  // namespace claviger::kms
