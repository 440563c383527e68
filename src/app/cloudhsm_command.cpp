#include "src/app/cloudhsm_command.hpp"

#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>

#include <claviger/base/secret.hpp>

#include "src/app/admin_socket.hpp"

namespace claviger::app {
namespace {

namespace json = boost::json;
using Words = std::vector<std::string>;

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

std::string read_hidden(const char* prompt) {
    std::fputs(prompt, stderr);
    termios before{};
    const bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
    if (terminal) {
        termios quiet = before;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    std::string line;
    std::getline(std::cin, line);
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        std::fputs("\n", stderr);
    }
    return line;
}

bool has_option(const Words& words, std::string_view option) {
    return std::ranges::find(words, option) != words.end();
}

// Commands that set or check a password ask for one that is not given.
bool add_password(Words& words) {
    const bool sets =
        (words.size() >= 2 && words[0] == "cluster" && words[1] == "activate") ||
        (words.size() >= 2 && words[0] == "user" && (words[1] == "create" || words[1] == "change-password"));
    const bool checks = !words.empty() && words[0] == "login";
    if ((!sets && !checks) || has_option(words, "--password")) {
        return true;
    }
    const std::string password = read_hidden("Enter password:");
    if (sets && read_hidden("Confirm password:") != password) {
        std::fputs("The passwords differ.\n", stderr);
        return false;
    }
    words.emplace_back("--password");
    words.push_back(password);
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

int run_once(const CloudHsmCommand& command, Words words) {
    const char* role = std::getenv("CLOUDHSM_ROLE");
    const char* pin = std::getenv("CLOUDHSM_PIN");
    const Session session{role == nullptr ? "" : role, pin == nullptr ? "" : pin};
    return add_password(words) ? ask(command, words, session) : 1;
}

// `login` and `logout` change the session; the service checks the password at each command.
int run_line(const CloudHsmCommand& command, Words words, Session& session) {
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
    if (!command.words.empty()) {
        return run_once(command, command.words);
    }
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
        std::istringstream split(line);
        Words words;
        for (std::string word; split >> word;) {
            words.push_back(word);
        }
        if (!words.empty()) {
            status |= run_line(command, std::move(words), session);
        }
    }
}

}  // namespace claviger::app
