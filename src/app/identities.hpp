// The smallest identity source: one account, one user with full rights in it, access keys with sealed
// secrets.
#pragma once

#include <string>
#include <vector>

#include <claviger/base/clock.hpp>
#include <claviger/base/result.hpp>
#include <claviger/base/secret.hpp>

#include "src/policy/principal.hpp"
#include "src/store/seal.hpp"
#include "src/store/store.hpp"

namespace claviger::app {

// An access key as it can be used: its secret opened.
struct AccessKey {
    std::string id;
    SecretBytes secret;
    policy::Principal principal;
};

enum class FirstKey { made_now, there_already };

// Makes the account, its first user and an access key in one transaction if the store has no access key yet.
// Blocks until it is durable.
Result<FirstKey> ensure_first_access_key(store::Store& store, const store::Contents& contents,
                                         const store::SealingKey& key, const std::string& account,
                                         const std::string& user, WallTime now, Random& random);

// Active access keys of principals that exist. A secret that does not open is left out and named in
// `refused`.
std::vector<AccessKey> open_access_keys(const store::Contents& contents, const store::SealingKey& key,
                                        std::vector<std::string>& refused);

// AKIA and 16 characters that tools decode to the account (base32 of the account number; authorization
// reference 7.1). `account` has twelve digits.
std::string make_access_key_id(const std::string& account, Random& random);

}  // namespace claviger::app
