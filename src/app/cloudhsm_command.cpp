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
#include "src/cloudhsm/command_words.hpp"

namespace claviger::app {
namespace {

namespace json = boost::json;
using Words = std::vector<std::string>;

constexpr std::size_t kMaxPassword = 4096;
constexpr std::string_view kPassword = "--password";
constexpr std::string_view kClusterId = "--cluster-id";
constexpr std::string_view kPrompt = "aws-cloudhsm > ";

// The login that commands are made with: of the environment, or of an interactive session.
struct Session {
    std::string role;
    std::string pin;  // "admin:password"

    std::string user() const { return cloudhsm::user_name(pin.substr(0, pin.find(':'))); }
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
        } else if (cloudhsm::takes_value(name) && i + 1 < typed.size() &&
                   !cloudhsm::is_option(typed[i + 1])) {
            value = typed[++i];
        }
        if (name == kClusterId && value) {
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

std::vector<std::string_view> views_of(const Words& words) {
    return {words.begin(), words.end()};
}

// As the service answers.
int answer(int code, std::string_view data) {
    std::string text;
    print({{"error_code", code}, {"data", data}}, text, "");
    std::puts(text.c_str());
    return code;
}

// Commands that set or check a password ask for one that is not given. What it returns is the reason why
// there is none.
std::optional<std::string_view> add_password(cloudhsm::AsksFor what, Words& words) {
    using cloudhsm::AsksFor;
    if (what == AsksFor::nothing || std::ranges::find(words, kPassword) != words.end()) {
        return std::nullopt;
    }
    const std::optional<SecretBytes> password = read_hidden_line(
        what == AsksFor::officer ? "Enter the PIN of the token's officer (SO):" : "Enter password:",
        kMaxPassword);
    if (!password) {
        return "No password was given.";
    }
    if (what == AsksFor::new_password) {
        const std::optional<SecretBytes> again = read_hidden_line("Confirm password:", kMaxPassword);
        if (!again || *again != *password) {
            return "The passwords differ.";
        }
    }
    words.emplace_back(kPassword);
    words.emplace_back(as_text(password->reveal(SecretAccess())));
    return std::nullopt;
}

// What CLOUDHSM_ROLE and CLOUDHSM_PIN must look like where they are set.
std::optional<std::string_view> check_environment(const Session& session) {
    if (!session.role.empty() && session.role != cloudhsm::kAdmin && session.role != cloudhsm::kCryptoUser) {
        return "CLOUDHSM_ROLE must be admin or crypto-user.";
    }
    if (!session.pin.empty() && session.pin.find(':') == std::string::npos) {
        return "CLOUDHSM_PIN must be USER:PASSWORD.";
    }
    return std::nullopt;
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

// `words` are complete when it returns.
int run_words(const CloudHsmCommand& command, Words& words, const Session& session) {
    const std::vector<std::string_view> typed = views_of(words);
    const Result<cloudhsm::ReadCommand> read = cloudhsm::read_command(typed, cloudhsm::Password::later);
    if (!read) {
        return answer(1, read.error().detail);
    }
    if (const auto bad = check_environment(session); bad && read->row->needs == cloudhsm::Needs::admin) {
        return answer(1, *bad);
    }
    if (const auto none = add_password(read->row->password, words)) {
        return answer(1, *none);
    }
    return ask(command, words, session);
}

// Did it print help instead?
bool print_help(const Words& words) {
    const std::vector<std::string_view> typed = views_of(words);
    const bool asked = cloudhsm::asks_for_help(typed);
    if (asked) {
        std::fputs(cloudhsm::help_on(typed).c_str(), stdout);
    }
    return asked;
}

int run_once(CloudHsmCommand command) {
    Words words = plain_words(command.words, command.cluster);
    const char* role = std::getenv("CLOUDHSM_ROLE");
    const char* pin = std::getenv("CLOUDHSM_PIN");
    const Session session{role == nullptr ? "" : role, pin == nullptr ? "" : pin};
    return print_help(words) ? 0 : run_words(command, words, session);
}

// `login`, `logout` and a new password of one's own change the session; the service checks the password at
// each command.
int run_line(CloudHsmCommand command, const Words& typed, Session& session) {
    Words words = plain_words(typed, command.cluster);
    if (words.empty() || print_help(words)) {
        return 0;
    }
    if (words.front() == "logout") {
        session = Session{};
        return answer(0, "Logout successful");
    }
    const int status = run_words(command, words, session);
    if (status != 0) {
        return status;
    }
    const cloudhsm::UserName user{cloudhsm::user_name(option_of(words, "--username")),
                                  option_of(words, "--role")};
    const bool own = words.size() >= 2 && words[1] == "change-password" && user.name == session.user() &&
                     user.role == session.role;
    if (own || words.front() == "login") {
        session = {user.role, user.name + ":" + option_of(words, kPassword)};
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
