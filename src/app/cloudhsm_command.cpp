#include "src/app/cloudhsm_command.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <boost/program_options/parsers.hpp>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <optional>

#include <claviger/base/terminal.hpp>

#include "src/app/admin_socket.hpp"
#include "src/app/service.hpp"
#include "src/cloudhsm/command.hpp"

namespace claviger::app {
namespace {

namespace json = boost::json;
using Words = std::vector<std::string>;

constexpr std::size_t kMaxPassword = 4096;
constexpr std::string_view kPrompt = "aws-cloudhsm > ";

// The login that commands are made with: of the environment, or of an interactive session.
struct Session {
    std::string role;
    std::string pin;  // "admin:password"
};

// Two spaces a level, as cloudhsm-cli prints.
void print(const json::value& value, std::string& out, const std::string& indent) {
    const std::string deeper = indent + "  ";
    if (const json::object* object = value.if_object(); object != nullptr && !object->empty()) {
        out += "{\n";
        for (const auto& member : *object) {
            out += (&member == object->begin() ? "" : ",\n") + deeper + json::serialize(member.key()) + ": ";
            print(member.value(), out, deeper);
        }
        out += "\n" + indent + "}";
    } else if (const json::array* list = value.if_array(); list != nullptr && !list->empty()) {
        out += "[\n";
        for (const json::value& element : *list) {
            out += (&element == list->begin() ? "" : ",\n") + deeper;
            print(element, out, deeper);
        }
        out += "\n" + indent + "]";
    } else {
        out += json::serialize(value);
    }
}

// "--name=value" is two words, and --cluster-id may stand behind the command too.
Words plain_words(const Words& typed, std::string& cluster) {
    Words words;
    for (std::size_t i = 0; i < typed.size(); ++i) {
        std::string name = typed[i];
        std::optional<std::string> value;
        if (const std::size_t equal = name.find('='); name.starts_with("--") && equal != std::string::npos) {
            value = name.substr(equal + 1);
            name.resize(equal);
        } else if (name.starts_with("--") && name != cloudhsm::kVerbose && i + 1 < typed.size()) {
            value = typed[++i];
        }
        if (name == "--cluster-id" && value) {
            cluster = *std::move(value);
            continue;
        }
        words.push_back(std::move(name));
        if (value) {
            words.push_back(*std::move(value));
        }
    }
    return words;
}

bool has_option(const Words& words, std::string_view option) {
    return std::ranges::find(words, option) != words.end();
}

// Commands that set or check a password ask for one that is not given.
bool add_password(Words& words) {
    const bool sets =
        (words.size() >= 2 && words[0] == "cluster" && words[1] == "activate") ||
        (words.size() >= 2 && words[0] == "user" && (words[1] == "create" || words[1] == "change-password"));
    const bool officers = words.size() >= 2 && words[0] == "hsm" && words[1] == "enroll";
    const bool checks = officers || (!words.empty() && words[0] == "login");
    if ((!sets && !checks) || has_option(words, "--password")) {
        return true;
    }
    const std::optional<SecretBytes> password = read_hidden_line(
        officers ? "Enter the PIN of the token's officer (SO):" : "Enter password:", kMaxPassword);
    if (!password) {
        std::fputs("No password was given.\n", stderr);
        return false;
    }
    if (sets) {
        const std::optional<SecretBytes> again = read_hidden_line("Confirm password:", kMaxPassword);
        if (!again || *again != *password) {
            std::fputs("The passwords differ.\n", stderr);
            return false;
        }
    }
    words.emplace_back("--password");
    words.emplace_back(as_text(password->reveal(SecretAccess())));
    return true;
}

std::string option_of(const Words& words, std::string_view option) {
    const auto found = std::ranges::find(words, option);
    return found == words.end() || found + 1 == words.end() ? std::string() : *(found + 1);
}

int ask(const CloudHsmCommand& command, const Words& words, const Session& session) {
    json::object request{{"command", json::value_from(words)}};
    if (!command.cluster.empty()) {
        request["cluster"] = command.cluster;
    }
    if (!session.role.empty()) {
        request["role"] = session.role;
        request["pin"] = session.pin;
    }
    const Result<std::string> answer = ask_service(command.socket, "cloudhsm " + json::serialize(request));
    if (!answer) {
        std::fprintf(stderr, "claviger: %s\n", answer.error().detail.c_str());
        return 1;
    }
    const json::value parsed = json::parse(*answer);
    std::string text;
    print(parsed, text, "");
    std::puts(text.c_str());
    return parsed.at("error_code").to_number<int>();
}

int run_once(CloudHsmCommand command) {
    Words words = plain_words(command.words, command.cluster);
    const char* role = std::getenv("CLOUDHSM_ROLE");
    const char* pin = std::getenv("CLOUDHSM_PIN");
    const Session session{role == nullptr ? "" : role, pin == nullptr ? "" : pin};
    return add_password(words) ? ask(command, words, session) : 1;
}

// `login` and `logout` change the session; the service checks the password at each command.
int run_line(CloudHsmCommand command, const Words& typed, Session& session) {
    Words words = plain_words(typed, command.cluster);
    if (words.empty()) {
        return 0;
    }
    if (words.front() == "logout") {
        session = Session{};
        std::puts("{\n  \"error_code\": 0,\n  \"data\": \"Logout successful\"\n}");
        return 0;
    }
    if (!add_password(words)) {
        return 1;
    }
    if (words.front() != "login") {
        return ask(command, words, session);
    }
    Session next{option_of(words, "--role"),
                 option_of(words, "--username") + ":" + option_of(words, "--password")};
    const int status = ask(command, {"login"}, next);
    if (status == 0) {
        session = std::move(next);
    }
    return status;
}

}  // namespace

int run_cloudhsm(const CloudHsmCommand& command) {
    protect_process();  // it holds passwords
    if (!command.words.empty()) {
        return run_once(command);
    }
    std::setvbuf(stdin, nullptr, _IONBF, 0);  // passwords are read past its buffer
    Session session;
    int status = 0;
    const bool terminal = isatty(STDIN_FILENO) == 1;
    for (std::string line;;) {
        if (terminal) {
            std::fputs(std::string(kPrompt).c_str(), stdout);
            std::fflush(stdout);
        }
        if (!std::getline(std::cin, line) || line == "quit") {
            return status;
        }
        Words words;
        try {
            words = boost::program_options::split_unix(line);
        } catch (const std::exception&) {
            std::fputs("The line ends inside quotes or behind a backslash.\n", stderr);
            status = 1;
        }
        if (!words.empty()) {
            status |= run_line(command, words, session);
        }
    }
}

}  // namespace claviger::app
