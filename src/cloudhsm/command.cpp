#include "src/cloudhsm/command.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <vector>

#include <boost/json.hpp>

#include "src/cloudhsm/absent_commands.hpp"
#include "src/cloudhsm/describe.hpp"
#include "src/cloudhsm/keys.hpp"
#include "src/cloudhsm/users.hpp"
#include "src/model/arena.hpp"
#include "src/model/validate.hpp"

namespace claviger::cloudhsm {
namespace {

namespace json = boost::json;
using boost::asio::awaitable;

// One command on its way: words until the first option, then options with one value each.
struct Line {
    Manager& manager;
    ClusterPtr cluster;
    std::string name;                                         // "user create"
    std::map<std::string, SecretBytes, std::less<>> options;  // all of them, as --password is one
    std::optional<std::string> role;
    std::string user;  // of the login, with its password
    SecretBytes password;

    const ClusterId& id() const { return cluster->record.id; }
    std::string_view option(std::string_view key) const {
        const auto found = options.find(key);
        return found == options.end() ? std::string_view() : as_text(found->second.reveal(SecretAccess()));
    }
    UserName named_user() const { return {std::string(option("--username")), std::string(option("--role"))}; }
    SecretBytes new_password() const { return SecretBytes(option("--password")); }
};

using Answer = Result<json::value>;

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

awaitable<Answer> login(Line& line) {
    co_return strings({{"username", line.user}, {"role", *line.role}});
}

awaitable<Answer> user_list(Line& line) {
    json::array users;
    const auto add = [&](std::string_view name, std::string_view role) {
        users.push_back({{"username", name},
                         {"role", role},
                         {"locked", "false"},
                         {"mfa", json::array()},
                         {"quorum", json::array()},
                         {"cluster-coverage", "full"}});
    };
    if (line.cluster->users.empty()) {
        add("admin", "unactivated-admin");
    }
    for (const store::ClusterUserRecord& user : line.cluster->users) {
        add(user.name, user.role);
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

enum class Needs { nothing, admin };

struct CommandRow {
    std::string_view name;
    Needs needs;
    std::array<std::string_view, 3> required;  // options; empty ends the list
    awaitable<Answer> (*run)(Line&);
};

constexpr std::string_view kNone{};
constexpr std::string_view kVerbose = "--verbose";  // the one option without a value
constexpr CommandRow kCommands[] = {
    {"cluster activate", Needs::nothing, {"--password", kNone, kNone}, cluster_activate},
    {"cluster hsm-info", Needs::nothing, {kNone, kNone, kNone}, cluster_hsm_info},
    {"key delete", Needs::admin, {"--filter", kNone, kNone}, key_delete},
    {"key list", Needs::admin, {kNone, kNone, kNone}, key_list},
    {"key restore", Needs::admin, {"--filter", kNone, kNone}, key_restore},
    {"login", Needs::admin, {kNone, kNone, kNone}, login},
    {"user change-password", Needs::admin, {"--username", "--role", "--password"}, user_change_password},
    {"user create", Needs::admin, {"--username", "--role", "--password"}, user_create},
    {"user delete", Needs::admin, {"--username", "--role", kNone}, user_delete},
    {"user list", Needs::nothing, {kNone, kNone, kNone}, user_list},
};

Error sentence(std::string text) {
    return Error(Errc::bad_config, std::move(text));
}

// Whatever options follow: those of a command that does not exist cannot be read.
Status<> refuse_absent(const json::object& request) {
    std::string name;
    const json::value* const words = request.if_contains("command");
    for (const json::value& word :
         words != nullptr && words->is_array() ? words->get_array() : json::array()) {
        if (!word.is_string() || word.get_string().starts_with("--")) {
            break;
        }
        name.append(name.empty() ? "" : " ").append(word.get_string());
    }
    for (const AbsentCommand& absent : kAbsentCommands) {
        if (name == absent.words || name.starts_with(std::string(absent.words) + " ")) {
            return sentence("Claviger has no '" + std::string(absent.words) + "'. " +
                            std::string(absent.why));
        }
    }
    return done;
}

Status<> read_words(const json::object& request, Line& line) {
    const json::value* words = request.if_contains("command");
    if (words == nullptr || !words->is_array()) {
        return sentence("No command was given; try help.");
    }
    const json::array& all = words->get_array();
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (!all[i].is_string()) {
            return sentence("The command is not a list of words.");
        }
        std::string word(all[i].get_string());
        if (!word.starts_with("--")) {
            line.name += (line.name.empty() ? "" : " ") + word;
        } else if (word == kVerbose) {
            line.options[std::move(word)] = SecretBytes(std::string_view("true"));
        } else if (i + 1 < all.size() && all[i + 1].is_string()) {
            line.options[std::move(word)] = SecretBytes(std::string_view(all[++i].get_string()));
        } else {
            return sentence("The option " + word + " needs a value.");
        }
    }
    return done;
}

void read_login(const json::object& request, Line& line) {
    if (const json::value* role = request.if_contains("role"); role != nullptr && role->is_string()) {
        line.role = std::string(role->get_string());
    }
    if (const json::value* pin = request.if_contains("pin"); pin != nullptr && pin->is_string()) {
        const std::string_view text = pin->get_string();
        const std::size_t colon = text.find(':');
        line.user = text.substr(0, colon);
        line.password = colon == std::string_view::npos ? SecretBytes() : SecretBytes(text.substr(colon + 1));
    }
}

Status<> check(const CommandRow& row, Line& line) {
    for (const std::string_view option : row.required) {
        if (!option.empty() && line.option(option).empty()) {
            return sentence("The option " + std::string(option) + " is missing.");
        }
    }
    if (const std::string_view role = line.option("--role");
        !role.empty() && role != kAdmin && role != kCryptoUser) {
        return sentence("The role must be admin or crypto-user.");
    }
    if (row.needs == Needs::nothing) {
        return done;
    }
    if (!line.role || line.user.empty()) {
        return sentence("This command needs a login: set CLOUDHSM_ROLE and CLOUDHSM_PIN, or log in first.");
    }
    if (*line.role != kAdmin) {
        return sentence("Only an admin may do this; what a crypto user does, the key service does for him.");
    }
    return Users(line.manager).check_admin(*line.cluster, line.user, line.password);
}

awaitable<Answer> answer(Manager& manager, const json::object& request) {
    if (Status<> exists = refuse_absent(request); !exists) {
        co_return std::move(exists).error();
    }
    const json::value* wanted = request.if_contains("cluster");
    Result<ClusterPtr> cluster = choose_cluster(
        manager, wanted != nullptr && wanted->is_string() ? std::string_view(wanted->get_string()) : "");
    if (!cluster) {
        co_return std::move(cluster).error();
    }
    Line line{manager, *std::move(cluster), {}, {}, {}, {}, {}};
    if (Status<> read = read_words(request, line); !read) {
        co_return std::move(read).error();
    }
    read_login(request, line);
    const auto row = std::ranges::find(kCommands, line.name, &CommandRow::name);
    if (row == std::end(kCommands)) {
        std::string all = "'" + line.name + "' is not a command that Claviger has. It has:";
        for (const CommandRow& known : kCommands) {
            all.append(" ").append(known.name).append(";");
        }
        co_return sentence(std::move(all));
    }
    if (Status<> good = check(*row, line); !good) {
        co_return std::move(good).error();
    }
    co_return co_await row->run(line);
}

}  // namespace

Result<ClusterPtr> choose_cluster(const Manager& manager, std::string_view id) {
    std::vector<ClusterPtr> all = manager.parts().inventory.clusters();
    std::erase_if(all, [&](const ClusterPtr& one) {
        return one->record.state == store::ClusterState::deleted ||
               (!id.empty() && one->record.id.value() != id);
    });
    if (all.size() == 1) {
        return all.front();
    }
    return sentence(!id.empty()   ? "There is no such cluster."
                    : all.empty() ? "There is no cluster yet: aws cloudhsmv2 create-cluster makes one."
                                  : "There are several clusters: name one with --cluster-id.");
}

awaitable<std::string> answer_command(Manager& manager, std::string request) {
    model::WipingArena arena;
    const std::optional<json::value> parsed = model::parse_json(as_bytes(request), arena);
    wipe(request);
    json::object out;
    if (!parsed || !parsed->is_object()) {
        out = {{"error_code", 1}, {"data", "The request is not a JSON object."}};
    } else {
        Answer answered = co_await answer(manager, parsed->get_object());
        out["error_code"] = answered ? 0 : 1;
        out["data"] = answered ? *std::move(answered) : json::value(answered.error().detail);
    }
    co_return json::serialize(out) + "\n";
}

}  // namespace claviger::cloudhsm
