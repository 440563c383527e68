#include "src/cloudhsm/command_table.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include <boost/json.hpp>

#include "src/cloudhsm/describe.hpp"
#include "src/cloudhsm/keys.hpp"

namespace claviger::cloudhsm {
namespace {

namespace json = boost::json;
using boost::asio::awaitable;

json::value strings(std::initializer_list<std::pair<std::string_view, std::string_view>> members) {
    json::object object;
    for (const auto& [name, value] : members) {
        object.emplace(name, value);
    }
    return object;
}

awaitable<Answer> cluster_activate(Line& line) {
    const Status<> status = co_await Users(line.manager).activate(line.id(), line.new_password());
    if (!status) {
        co_return status.error();
    }
    co_return json::value("Cluster activation successful");
}

awaitable<Answer> cluster_hsm_info(Line& line) {
    json::array hsms;
    std::vector<cluster::MemberView> members;
    if (const cluster::Cluster* running = line.manager.cluster(line.id())) {
        members = running->members();
    }
    for (const Hsm& hsm : line.cluster->hsms) {
        json::object one{{"vendor", "Claviger (simulated on a soft token)"},
                         {"model", "SoftHSM v2"},
                         {"serial-number", hsm.serial},
                         {"hardware-version-major", "2"},
                         {"hardware-version-minor", "6"},
                         {"firmware-version-major", "2"},
                         {"firmware-version-minor", "6"},
                         {"firmware-build-number", "1"},
                         {"firmware-id", "SoftHSM"},
                         {"fips-state", "0 [not validated]"},
                         {"hsm-id", hsm.record.id.value()},
                         {"availability-zone", hsm.record.zone},
                         {"state", to_string(hsm.record.state)}};
        for (const cluster::MemberView& member : members) {
            if (member.hsm_id == hsm.record.id.value()) {
                one["host-state"] = member.state;
                one["operations"] = std::to_string(member.operations);
                one["faults"] = std::to_string(member.faults);
                one["restarts"] = std::to_string(member.restarts);
                one["last-error"] = member.last_error;
            }
        }
        hsms.push_back(std::move(one));
    }
    co_return json::value{{"hsms", std::move(hsms)}};
}

awaitable<Answer> hsm_enroll(Line& line) {
    const HsmId id(std::string(line.option("--hsm-id")));
    const auto known =
        std::ranges::find(line.cluster->hsms, id, [](const Hsm& one) { return one.record.id; });
    if (known == line.cluster->hsms.end()) {
        co_return Error(Errc::not_found, "The cluster has no such HSM.");
    }
    Status<> status = co_await line.manager.enroll(id, line.new_password());
    if (!status) {
        co_return std::move(status).error();
    }
    co_return strings({{"message", "HSM enrolled successfully"}});
}

awaitable<Answer> login(Line& line) {
    const UserName user = line.named_user();
    const SecretBytes password = line.new_password();
    Status<> good = co_await Users(line.manager).check_admin(*line.cluster, user, password);
    if (!good) {
        co_return std::move(good).error();
    }
    co_return strings({{"username", user.name}, {"role", user.role}});
}

// What a token refused is in its HSM's row; one whose host serves still is asked.
awaitable<bool> has_locked_token(const Line& line) {
    cluster::Cluster* const running = line.manager.cluster(line.id());
    for (const Hsm& hsm : line.cluster->hsms) {
        bool locked = hsm.record.state == store::HsmState::pin_locked;
        if (hsm.record.state == store::HsmState::active && running != nullptr) {
            const Result<cluster::UserPin> told = co_await running->user_pin(hsm.record.id.value());
            locked = told && told->locked;
        }
        if (locked) {
            co_return true;
        }
    }
    co_return false;
}

// Admins are accounts of ours; the crypto user is the user of every token, if its PIN is ours.
awaitable<Answer> user_list(Line& line) {
    json::array users;
    const auto add = [&](std::string_view name, std::string_view role, bool locked, bool everywhere) {
        users.push_back({{"username", name},
                         {"role", role},
                         {"locked", locked ? "true" : "false"},
                         {"mfa", json::array()},
                         {"quorum", json::array()},
                         {"cluster-coverage", everywhere ? "full" : "partial"}});
    };
    if (line.cluster->users.empty()) {
        add("admin", "unactivated-admin", false, true);
    }
    for (const store::ClusterUserRecord& user : line.cluster->users) {
        bool locked = false;
        bool everywhere = true;
        if (user.role == kCryptoUser) {
            locked = co_await has_locked_token(line);
            everywhere = std::ranges::none_of(line.cluster->hsms, [](const Hsm& hsm) {
                return hsm.record.state == store::HsmState::pin_unknown;
            });
        }
        add(user.name, user.role, locked, everywhere);
    }
    co_return json::value{{"users", std::move(users)}};
}

awaitable<Answer> user_create(Line& line) {
    const UserName user = line.named_user();
    Status<> status = co_await Users(line.manager).create(line.id(), user, line.new_password());
    if (!status) {
        co_return std::move(status).error();
    }
    co_return strings({{"username", user.name}, {"role", user.role}});
}

awaitable<Answer> user_change_password(Line& line) {
    const UserName user = line.named_user();
    Status<> status = co_await Users(line.manager).change_password(line.id(), user, line.new_password());
    if (!status) {
        co_return std::move(status).error();
    }
    co_return strings({{"username", user.name}, {"role", user.role}});
}

awaitable<Answer> user_delete(Line& line) {
    const UserName user = line.named_user();
    Status<> status = co_await Users(line.manager).remove(line.id(), user);
    if (!status) {
        co_return std::move(status).error();
    }
    co_return strings({{"username", user.name}, {"role", user.role}});
}

// "--max-items 10", "--starting-token 10"
std::optional<std::size_t> number(std::string_view text, std::size_t otherwise) {
    if (text.empty()) {
        return otherwise;
    }
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

awaitable<Answer> key_list(Line& line) {
    Keys::Page page;
    page.filter = line.option("--filter");
    const auto first = number(line.option("--starting-token"), page.first);
    const auto most = number(line.option("--max-items"), page.most);
    if (!first || !most) {
        co_return Error(Errc::bad_config, "--starting-token and --max-items take a number.");
    }
    page.first = *first;
    page.most = *most;
    page.verbose = line.options.contains("--verbose");
    co_return co_await Keys(line.manager, line.user).list(line.id(), std::move(page));
}

awaitable<Answer> key_delete(Line& line) {
    Status<> status =
        co_await Keys(line.manager, line.user).remove(line.id(), std::string(line.option("--filter")));
    if (!status) {
        co_return std::move(status).error();
    }
    co_return strings({{"message", "Key deleted successfully"}});
}

awaitable<Answer> key_restore(Line& line) {
    Status<> status =
        co_await Keys(line.manager, line.user).restore(line.id(), std::string(line.option("--filter")));
    if (!status) {
        co_return std::move(status).error();
    }
    co_return strings({{"message", "Key restored successfully"}});
}

constexpr CommandRow kCommands[] = {
    {"cluster activate", Needs::nothing, AsksFor::new_password, "", "",
     "Gives an INITIALIZED cluster its first admin, with this password", cluster_activate},
    {"cluster hsm-info", Needs::nothing, AsksFor::nothing, "", "",
     "Each HSM of the cluster, and how its host is", cluster_hsm_info},
    {"hsm enroll", Needs::nothing, AsksFor::officer, "--hsm-id", "",  // its officer is asked, no admin
     "Lets in an HSM whose [[hsm]] has officer = \"operator\", or gives it a user PIN again", hsm_enroll},
    {"key delete", Needs::admin, AsksFor::nothing, "--filter", "",
     "Destroys the objects of one key on every HSM", key_delete},
    {"key list", Needs::admin, AsksFor::nothing, "", "--filter --verbose --max-items --starting-token",
     "Keys on the HSMs", key_list},
    {"key restore", Needs::admin, AsksFor::nothing, "--filter", "",
     "Puts a key back whose objects were destroyed on every HSM", key_restore},
    {"login", Needs::nothing, AsksFor::password, "--username --role", "",
     "In a session: logs in; as a single command: is this the password?", login},
    {"user change-password", Needs::admin, AsksFor::new_password, "--username --role", "",
     "Sets a user's password; kmsuser's is unlocked, too", user_change_password},
    {"user create", Needs::admin, AsksFor::new_password, "--username --role", "",
     "Makes another admin, or the crypto user kmsuser", user_create},
    {"user delete", Needs::admin, AsksFor::nothing, "--username --role", "", "Deletes a user", user_delete},
    {"user list", Needs::nothing, AsksFor::nothing, "", "", "The users of the cluster", user_list},
};

}  // namespace

std::span<const CommandRow> commands() noexcept {
    return kCommands;
}

}  // namespace claviger::cloudhsm
