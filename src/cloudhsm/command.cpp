#include "src/cloudhsm/command.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include <boost/json.hpp>

#include "src/cloudhsm/command_words.hpp"
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

Result<ReadCommand> read_words(const json::object& request) {
    const json::value* given = request.if_contains("command");
    if (given == nullptr || !given->is_array()) {
        return sentence("No command was given; try help.");
    }
    std::vector<std::string_view> words;
    for (const json::value& word : given->get_array()) {
        if (!word.is_string()) {
            return sentence("The command is not a list of words.");
        }
        words.push_back(word.get_string());
    }
    return read_command(words, Password::now);
}

void read_login(const json::object& request, Line& line) {
    if (const json::value* role = request.if_contains("role"); role != nullptr && role->is_string()) {
        line.role = std::string(role->get_string());
    }
    if (const json::value* pin = request.if_contains("pin"); pin != nullptr && pin->is_string()) {
        const std::string_view text = pin->get_string();
        const std::size_t colon = text.find(':');
        line.user = user_name(text.substr(0, colon));
        line.password = colon == std::string_view::npos ? SecretBytes() : SecretBytes(text.substr(colon + 1));
    }
}

awaitable<Status<>> check_login(const Line& line) {
    if (!line.cluster->users.empty() && (!line.role || line.user.empty())) {
        co_return sentence(
            "This command needs a login: set CLOUDHSM_ROLE and CLOUDHSM_PIN, or log in first.");
    }
    UserName user{line.user, line.role.value_or(std::string())};
    co_return co_await Users(line.manager).check_admin(*line.cluster, std::move(user), line.password);
}

awaitable<Answer> answer(Manager& manager, const json::object& request) {
    Result<ReadCommand> read = read_words(request);
    if (!read) {
        co_return std::move(read).error();
    }
    const json::value* wanted = request.if_contains("cluster");
    Result<ClusterPtr> cluster = choose_cluster(
        manager, wanted != nullptr && wanted->is_string() ? std::string_view(wanted->get_string()) : "");
    if (!cluster) {
        co_return std::move(cluster).error();
    }
    Line line{manager, *std::move(cluster), std::move(read->options), {}, {}, {}};
    read_login(request, line);
    if (read->row->needs == Needs::admin) {
        if (Status<> good = co_await check_login(line); !good) {
            co_return std::move(good).error();
        }
    }
    co_return co_await read->row->run(line);
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
