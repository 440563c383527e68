#include "src/cloudhsm/users.hpp"

#include <algorithm>

#include "src/api/submit.hpp"
#include "src/cloudhsm/describe.hpp"
#include "src/cloudhsm/operator_record.hpp"
#include "src/cloudhsm/password.hpp"

namespace claviger::cloudhsm {
namespace {

using boost::asio::awaitable;

constexpr std::size_t kShortest = 7;  // CloudHSM user guide: 7 to 32 characters
constexpr std::size_t kLongest = 32;
constexpr std::string_view kOneUser =
    "A PKCS#11 token has one user, and the cluster's is kmsuser: no other crypto user can be created.";

constexpr std::string_view kActivated = "The cluster was activated before.";
constexpr std::size_t kLongestName = 31;  // reference of CloudHSM: letters, digits and _
constexpr std::string_view kNameLetters = "abcdefghijklmnopqrstuvwxyz0123456789_";

Status<> check_name(const UserName& user) {
    if (user.name.size() > kLongestName || user.name.find_first_not_of(kNameLetters) != std::string::npos) {
        return Error(Errc::bad_config, "A user name has 1 to 31 characters: letters, digits and _.");
    }
    if (user.name == kKmsUser && user.role != kCryptoUser) {
        return Error(Errc::conflict,
                     "kmsuser is the crypto user that custom key stores log in as: its role is crypto-user.");
    }
    return done;
}

auto find_user(const ClusterView& cluster, std::string_view name) {
    return std::ranges::find(cluster.users, name,
                             [](const store::ClusterUserRecord& row) { return user_name(row.name); });
}

Status<> check_length(const SecretBytes& password) {
    if (password.size() < kShortest || password.size() > kLongest) {
        return Error(Errc::bad_config, "The password must have 7 to 32 characters.");
    }
    return done;
}

}  // namespace

std::string user_name(std::string_view typed) {
    std::string name(typed);
    for (char& letter : name) {
        letter = letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    }
    return name;
}

awaitable<Status<>> Users::record(ClusterId cluster, std::string event, std::string user,
                                  std::function<Status<>(store::Txn&)> work) {
    const ManagerParts& parts = manager_.parts();
    const ClusterPtr view = parts.inventory.cluster(cluster);
    Status<> decided = done;
    store::Store::Work decide = [&](store::Txn& txn) {
        decided = work(txn);
        if (decided) {
            decided = txn.audit(operator_record(parts, view->record, event, {{"username", user}}));
        }
        return decided.has_value();
    };
    const Result<std::uint64_t> committed = co_await api::submit(parts.store, std::move(decide));
    if (!decided) {
        co_return decided;
    }
    if (!committed) {
        co_return committed.error();
    }
    co_return done;
}

awaitable<Status<>> Users::activate(ClusterId cluster, SecretBytes password) {
    const ManagerParts& parts = manager_.parts();
    const ClusterPtr view = parts.inventory.cluster(cluster);
    if (view->record.state != store::ClusterState::initialized) {
        co_return Error(Errc::conflict, view->record.state == store::ClusterState::active
                                            ? std::string(kActivated)
                                            : "The cluster is " + std::string(to_string(view->record.state)) +
                                                  ": it is activated when it is INITIALIZED.");
    }
    if (view->active_hsms() == 0) {
        co_return Error(Errc::conflict,
                        "The cluster has no ACTIVE HSM: aws cloudhsmv2 create-hsm makes one.");
    }
    if (Status<> good = check_length(password); !good) {
        co_return good;
    }
    const auto hashing = [&] { return hash_password(password, parts.random); };
    auto hash = co_await manager_.aside().run(hashing);
    if (!hash) {
        co_return std::move(hash).error();
    }
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) -> Status<> {
        auto row = txn.cloudhsm_cluster(cluster);
        if (!row || !*row || (*row)->state != store::ClusterState::initialized) {
            return Error(Errc::conflict, std::string(kActivated));
        }
        (*row)->state = store::ClusterState::active;
        const Status<> put = txn.put(**std::move(row));
        store::ClusterUserRecord admin{.cluster = cluster,
                                       .name = std::string(kAdmin),
                                       .role = std::string(kAdmin),
                                       .password_hash = *std::move(hash),
                                       .created = parts.life.now()};
        return put ? txn.put(std::move(admin)) : put;
    };
    const Status<> recorded =
        co_await record(cluster, "ClusterActivate", std::string(kAdmin), std::move(work));
    if (recorded) {
        const Result<BackupId> begun = co_await manager_.begin_backup(cluster);
        if (begun) {
            manager_.take_up(*begun);
        }
    }
    co_return recorded;
}

awaitable<Status<>> Users::check_admin(const ClusterView& cluster, UserName user,
                                       const SecretBytes& password) {
    if (cluster.users.empty()) {
        co_return Error(Errc::conflict, "This cluster has no admin yet: cluster activate makes one.");
    }
    if (user.role != kAdmin) {
        co_return Error(Errc::conflict,
                        "Only an admin may do this; what a crypto user does, the key service does for him.");
    }
    const auto known = find_user(cluster, user.name);
    bool good = known != cluster.users.end() && known->role == kAdmin;
    if (good) {
        const auto hashing = [&] { return is_password(password, known->password_hash); };
        good = co_await manager_.aside().run(hashing);
    }
    if (!good) {
        co_return Error(Errc::conflict, "The username or password is incorrect.");
    }
    co_return done;
}

awaitable<Status<>> Users::create(ClusterId cluster, UserName user, SecretBytes password) {
    const ManagerParts& parts = manager_.parts();
    const ClusterPtr view = parts.inventory.cluster(cluster);
    if (Status<> good = check_name(user); !good) {
        co_return good;
    }
    if (Status<> good = check_length(password); !good) {
        co_return good;
    }
    if (find_user(*view, user.name) != view->users.end()) {
        co_return Error(Errc::conflict, "The user exists already.");
    }
    store::ClusterUserRecord row{.cluster = cluster,
                                 .name = user.name,
                                 .role = user.role,
                                 .password_hash = {},
                                 .created = parts.life.now()};
    if (user.role == kCryptoUser) {
        if (user.name != kKmsUser) {
            co_return Error(Errc::conflict, std::string(kOneUser));
        }
        if (Status<> set = co_await manager_.set_user_password(cluster, std::move(password)); !set) {
            co_return set;
        }
    } else {
        const auto hashing = [&] { return hash_password(password, parts.random); };
        auto hash = co_await manager_.aside().run(hashing);
        if (!hash) {
            co_return std::move(hash).error();
        }
        row.password_hash = *std::move(hash);
    }
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) { return txn.put(row); };
    co_return co_await record(cluster, "UserCreate", user.name, std::move(work));
}

awaitable<Status<>> Users::change_password(ClusterId cluster, UserName user, SecretBytes password) {
    const ManagerParts& parts = manager_.parts();
    const ClusterPtr view = parts.inventory.cluster(cluster);
    const auto there = find_user(*view, user.name);
    if (there == view->users.end() || there->role != user.role) {
        co_return Error(Errc::not_found, "Specified user does not exist");
    }
    if (Status<> good = check_length(password); !good) {
        co_return good;
    }
    store::ClusterUserRecord row = *there;
    if (user.role == kCryptoUser) {
        if (Status<> set = co_await manager_.set_user_password(cluster, std::move(password)); !set) {
            co_return set;
        }
    } else {
        const auto hashing = [&] { return hash_password(password, parts.random); };
        auto hash = co_await manager_.aside().run(hashing);
        if (!hash) {
            co_return std::move(hash).error();
        }
        row.password_hash = *std::move(hash);
    }
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) { return txn.put(row); };
    co_return co_await record(cluster, "UserChangePassword", user.name, std::move(work));
}

awaitable<Status<>> Users::remove(ClusterId cluster, UserName user) {
    const ClusterPtr view = manager_.parts().inventory.cluster(cluster);
    const auto there = find_user(*view, user.name);
    if (there == view->users.end() || there->role != user.role) {
        co_return Error(Errc::not_found, "Specified user does not exist");
    }
    const auto admins = std::ranges::count(view->users, kAdmin, &store::ClusterUserRecord::role);
    if (user.role == kAdmin && admins == 1) {
        co_return Error(Errc::conflict, "The last admin cannot be deleted.");
    }
    if (user.role == kCryptoUser) {
        // The password that was known becomes nobody's.
        SecretBytes drawn_by_token;
        if (Status<> set = co_await manager_.set_user_password(cluster, std::move(drawn_by_token)); !set) {
            co_return set;
        }
    }
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) {
        return txn.erase_cluster_user(cluster, there->name);
    };
    co_return co_await record(cluster, "UserDelete", user.name, std::move(work));
}

}  // namespace claviger::cloudhsm
