#include "src/cloudhsm/command.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include <boost/json.hpp>

#include "src/cloudhsm/absent_commands.hpp"
#include "src/cloudhsm/command_table.hpp"
#include "src/model/arena.hpp"
#include "src/model/validate.hpp"

namespace claviger::cloudhsm {
namespace {

namespace json = boost::json;
using boost::asio::awaitable;

constexpr std::size_t kEchoed = 64;  // of a word that is no id

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

std::vector<std::string_view> words_of(std::string_view list) {
    std::vector<std::string_view> words;
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(' '), list.size());
        words.push_back(list.substr(0, end));
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return words;
}

std::string listed(const std::vector<std::string_view>& options) {
    std::string text;
    for (const std::string_view option : options) {
        text.append(" ").append(option);
    }
    return text;
}

awaitable<Status<>> check(const CommandRow& row, Line& line) {
    const std::vector<std::string_view> required = words_of(row.required);
    const std::vector<std::string_view> optional = words_of(row.optional);
    for (const auto& [option, value] : line.options) {
        if (std::ranges::find(required, option) == required.end() &&
            std::ranges::find(optional, option) == optional.end()) {
            co_return sentence("'" + line.name + "' has no option " + option +
                               (required.empty() && optional.empty() ? "; it has none." : "; it has") +
                               listed(required) + listed(optional));
        }
    }
    for (const std::string_view option : required) {
        if (line.option(option).empty()) {
            co_return sentence("The option " + std::string(option) + " is missing.");
        }
    }
    if (const std::string_view role = line.option("--role");
        !role.empty() && role != kAdmin && role != kCryptoUser) {
        co_return sentence("The role must be admin or crypto-user.");
    }
    if (row.needs == Needs::nothing) {
        co_return done;
    }
    if (!line.role || line.user.empty()) {
        co_return sentence(
            line.cluster->users.empty()
                ? "This cluster has no admin yet: cluster activate makes one."
                : "This command needs a login: set CLOUDHSM_ROLE and CLOUDHSM_PIN, or log in first.");
    }
    if (*line.role != kAdmin) {
        co_return sentence(
            "Only an admin may do this; what a crypto user does, the key service does for him.");
    }
    co_return co_await Users(line.manager).check_admin(*line.cluster, line.user, line.password);
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
    const auto row = std::ranges::find(commands(), line.name, &CommandRow::name);
    if (row == commands().end()) {
        std::string all = "'" + line.name + "' is not a command that Claviger has. It has:";
        for (const CommandRow& known : commands()) {
            all.append(" ").append(known.name).append(";");
        }
        co_return sentence(std::move(all));
    }
    if (Status<> good = co_await check(*row, line); !good) {
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
    if (!id.empty()) {
        return sentence("There is no cluster " + std::string(id.substr(0, kEchoed)) + ".");
    }
    if (all.empty()) {
        return sentence("There is no cluster yet: aws cloudhsmv2 create-cluster makes one.");
    }
    std::string ids;
    for (const ClusterPtr& one : all) {
        ids.append(ids.empty() ? "" : ", ").append(one->record.id.value());
    }
    return sentence("There are several clusters, " + ids + ": name one with --cluster-id.");
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
