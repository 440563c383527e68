// What `claviger dev` and `claviger serve` boil down to: one set of values that the service is composed from.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "src/config/config.hpp"

namespace claviger::app {

enum class Kind { dev, production };  // of the store; fixed at its birth
// As shown, and as it stands in the cluster certificate's OU.
constexpr std::string_view kind_name(Kind kind) {
    return kind == Kind::dev ? "dev" : "production";
}
enum class Credentials { verified, any };
enum class OlderStore { refuse, accept };
enum class DevKeyStore { made, none };  // the custom key store that `claviger dev` begins with

struct Settings {
    Kind kind = Kind::production;
    config::Config config;
    std::filesystem::path ready_file;  // empty: none
    std::filesystem::path seed;        // dev only; empty: none
    DevKeyStore dev_key_store = DevKeyStore::made;
    Credentials credentials = Credentials::verified;
    OlderStore older_store = OlderStore::refuse;
    bool allow_core = false;             // HSM hosts may be dumped: for the memory test only
    std::filesystem::path host_program;  // claviger-hsm, beside this program
};

// Paths below the data directory.
struct Layout {
    std::filesystem::path root;
    std::filesystem::path store() const { return root / "store.db"; }
    std::filesystem::path lock() const { return root / "lock"; }
    std::filesystem::path env() const { return root / "env"; }
    std::filesystem::path customer_ca() const { return root / "customerCA.crt"; }  // of dev's key store
    std::filesystem::path first_access_key() const { return root / "first-access-key"; }
    std::filesystem::path admin_socket() const { return root / "admin.sock"; }
    std::filesystem::path hsm(const std::string& name) const { return root / "hsm" / name; }
    std::filesystem::path vault() const { return root / "vault"; }
    std::filesystem::path hsms() const { return root / "hsm"; }
    std::filesystem::path backups() const { return root / "backups"; }
    std::filesystem::path vaults() const { return root / "vaults"; }  // of the CloudHSM API's clusters
};

}  // namespace claviger::app
