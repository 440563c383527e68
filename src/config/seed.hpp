// What `claviger dev --seed FILE` makes: keys with fixed ids and everything that belongs to them
// (docs/seeding.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <claviger/base/result.hpp>

namespace claviger::config {

struct SeedGrant {
    std::string name;  // what makes a second start find it again
    std::string grantee;
    std::string retiring;  // empty: none
    std::vector<std::string> operations;
    std::map<std::string, std::string> context_equals;
    std::map<std::string, std::string> context_subset;
};

// Texts are as the KMS API takes them; empty ones are left out of its requests.
struct SeedKey {
    std::string id;
    std::string description;
    std::string spec = "SYMMETRIC_DEFAULT";
    std::string usage = "ENCRYPT_DECRYPT";
    std::string policy;  // JSON
    bool enabled = true;
    std::int64_t rotation_days = 0;  // 0: no automatic rotation
    std::vector<std::string> aliases;
    std::map<std::string, std::string> tags;
    std::vector<std::string> materials;  // base64, oldest first; empty with no pem: made in the HSM
    std::string pem;                     // of a private key
    std::vector<SeedGrant> grants;
};

struct Seed {
    std::vector<SeedKey> keys;

    // bad_config with file, line and what to do.
    static Result<Seed> load(const std::filesystem::path& file);
    static Result<Seed> parse(std::string_view text, std::string_view name);
};

}  // namespace claviger::config
