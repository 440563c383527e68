// The smallest identity source: one account, one user with full rights in it, access keys with sealed
// secrets.
#pragma once

#include <filesystem>
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

// Makes the account, its first user and an access key in one transaction if the store has no access key yet.
// Blocks until it is durable. `file` gets the lines to source before the row is there: whatever ends the
// start afterwards, no key exists that nobody was told. Empty: no file.
Status<> ensure_first_access_key(store::Store& store, const store::Contents& contents,
                                 const store::SealingKey& key, const std::string& account,
                                 const std::string& user, WallTime now, Random& random,
                                 const std::filesystem::path& file);

// "export AWS_ACCESS_KEY_ID=…" and the secret, appended to what has room for 1 kB: a string that grows would
// leave the secret in the block it left. The caller wipes.
void append_credentials(std::string& to, const std::string& id, const SecretBytes& secret);

// Active access keys of principals that exist. A secret that does not open is left out and named in
// `refused`.
std::vector<AccessKey> open_access_keys(const store::Contents& contents, const store::SealingKey& key,
                                        std::vector<std::string>& refused);

// AKIA and 16 characters that tools decode to the account (base32 of the account number; authorization
// reference 7.1). `account` has twelve digits.
std::string make_access_key_id(const std::string& account, Random& random);

}  // namespace claviger::app
