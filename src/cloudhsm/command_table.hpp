// The commands of `claviger cloudhsm`: one row and one function each.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/json/value.hpp>

#include <claviger/base/secret.hpp>

#include "src/cloudhsm/manager.hpp"
#include "src/cloudhsm/users.hpp"

namespace claviger::cloudhsm {

// One command on its way; lives as long as it.
struct Line {
    Manager& manager;
    ClusterPtr cluster;
    std::map<std::string, SecretBytes, std::less<>> options;  // all of them, as --password is one
    std::optional<std::string> role;
    std::string user;  // of the login, with its password
    SecretBytes password;

    const ClusterId& id() const { return cluster->record.id; }
    std::string_view option(std::string_view key) const {
        const auto found = options.find(key);
        return found == options.end() ? std::string_view() : as_text(found->second.reveal(SecretAccess()));
    }
    UserName named_user() const { return {user_name(option("--username")), std::string(option("--role"))}; }
    SecretBytes new_password() const { return SecretBytes(option("--password")); }
};

// What the terminal shows; the detail of an error is a sentence for it.
using Answer = Result<boost::json::value>;

enum class Needs { nothing, admin };

// Who knows the --password that a command takes, which the terminal asks for where it is not given.
enum class AsksFor { nothing, password, new_password, officer };

struct CommandRow {
    std::string_view name;
    Needs needs;
    AsksFor password;
    std::string_view required;  // options, a blank between two
    std::string_view optional;  // and that are all it takes, but for --password
    std::string_view about;
    boost::asio::awaitable<Answer> (*run)(Line&);
};

std::span<const CommandRow> commands() noexcept;  // by name

}  // namespace claviger::cloudhsm
