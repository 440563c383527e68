// Users of a cluster: the admin, who is an account of ours, and kmsuser, who is the user of every token
// (docs/architecture.md). Control thread.
#pragma once

#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include <claviger/base/secret.hpp>

#include "src/cloudhsm/manager.hpp"

namespace claviger::cloudhsm {

inline constexpr std::string_view kAdmin = "admin";
inline constexpr std::string_view kCryptoUser = "crypto-user";
inline constexpr std::string_view kKmsUser = "kmsuser";

// Who is meant, as cloudhsm-cli names users.
struct UserName {
    std::string name;
    std::string role;
};

// As it is shown and told apart: in lower case.
std::string user_name(std::string_view typed);

class Users {
public:
    explicit Users(Manager& manager) : manager_(manager) {}

    // Errors are sentences for the person at the terminal (Errc::conflict, not_found, bad_config).
    // The first password of `admin`; an INITIALIZED cluster becomes ACTIVE.
    boost::asio::awaitable<Status<>> activate(ClusterId cluster, SecretBytes password);
    // Is this an admin, and his password? A crypto user's password is known to the tokens only and not
    // tried.
    boost::asio::awaitable<Status<>> check_admin(const ClusterView& cluster, UserName user,
                                                 const SecretBytes& password);
    boost::asio::awaitable<Status<>> create(ClusterId cluster, UserName user, SecretBytes password);
    boost::asio::awaitable<Status<>> change_password(ClusterId cluster, UserName user, SecretBytes password);
    boost::asio::awaitable<Status<>> remove(ClusterId cluster, UserName user);

private:
    boost::asio::awaitable<Status<>> record(ClusterId cluster, std::string event, std::string user,
                                            std::function<Status<>(store::Txn&)> work);
    Manager& manager_;
};

}  // namespace claviger::cloudhsm
