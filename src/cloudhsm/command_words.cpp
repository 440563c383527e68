#include "src/cloudhsm/command_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "src/cloudhsm/absent_commands.hpp"

namespace claviger::cloudhsm {
namespace {

struct OptionRow {
    std::string_view name;
    std::string_view value;  // as help calls it; empty: it has none
    std::string_view about;
};

constexpr OptionRow kOptions[] = {
    {"--cluster-id", "CLUSTER_ID", "which cluster; without it, the only one there is"},
    {"--filter", "FILTER", "attr.label=VALUE, attr.id=0xVALUE or key-reference=0xVALUE"},
    {"--hsm-id", "HSM_ID", "as describe-clusters has it"},
    {"--max-items", "NUMBER", "how many keys are shown"},
    {"--password", "PASSWORD", "without it, it is asked for"},
    {"--role", "ROLE", "admin or crypto-user"},
    {"--starting-token", "TOKEN", "the next-token of the page before"},
    {"--username", "USERNAME", "the user's name"},
    {"--verbose", "", "with the attributes of each key"},
};

struct NamedRow {
    std::string_view name;
    std::string_view about;
};

constexpr NamedRow kGroups[] = {
    {"cluster", "The cluster as a whole"},
    {"hsm", "One HSM of the cluster"},
    {"key", "Keys of the cluster's custom key store"},
    {"user", "Users of the cluster"},
};

constexpr NamedRow kOfTheTerminal[] = {
    {"help", "This text, or with the words of a command what that does"},
    {"interactive", "A session: one login for many commands"},
    {"logout", "In a session: ends the login"},
    {"quit", "Ends a session"},
};

constexpr std::string_view kUsage = "claviger cloudhsm [--data DIR] ";

Error wrong(std::string text) {
    return Error(Errc::bad_config, std::move(text));
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

std::vector<std::string_view> required_of(const CommandRow& row) {
    std::vector<std::string_view> all = words_of(row.required);
    if (row.password != AsksFor::nothing) {
        all.push_back("--password");
    }
    return all;
}

bool is_help(std::string_view word) noexcept {
    return word == "--help" || word == "-h";
}

// The words of the command itself.
std::string name_of(Words words) {
    std::string name;
    for (const std::string_view word : words) {
        if (word.starts_with("--") || is_help(word)) {
            break;
        }
        name.append(name.empty() ? "" : " ").append(word);
    }
    return name;
}

// Does `name` begin with these words?
bool begins(std::string_view name, std::string_view with) noexcept {
    return name.starts_with(with) && (with.empty() || name.size() == with.size() || name[with.size()] == ' ');
}

Error unknown(const std::string& name) {
    for (const AbsentCommand& absent : kAbsentCommands) {
        if (begins(name, absent.words)) {
            return wrong(fmt::format("Claviger has no '{}'. {}", absent.words, absent.why));
        }
    }
    for (const NamedRow& row : kOfTheTerminal) {
        if (name == row.name) {
            return wrong(fmt::format("'{}' is a word for {} session.", name,
                                     name == "interactive" ? "the beginning of a" : "the prompt of a"));
        }
    }
    std::string below;
    std::string all;
    for (const CommandRow& row : commands()) {
        all.append(all.empty() ? "" : ", ").append(row.name);
        if (begins(row.name, name)) {
            below.append(below.empty() ? "" : ", ").append(row.name);
        }
    }
    for (const NamedRow& row : kOfTheTerminal) {
        all.append(", ").append(row.name);
    }
    if (name.empty()) {
        return wrong("No command was given; try help.");
    }
    // Without the words: one of them may be a PIN that belongs behind an option.
    return below.empty()
               ? wrong(fmt::format("This is not a command that Claviger has. It has {}.", all))
               : wrong(fmt::format("'{}' wants another word: {}. Try {} --help.", name, below, name));
}

Error no_such_option(const CommandRow& row, std::string_view option) {
    std::string has;
    for (const std::vector<std::string_view>& list : {required_of(row), words_of(row.optional)}) {
        for (const std::string_view one : list) {
            has.append(" ").append(one);
        }
    }
    return wrong(fmt::format("'{}' has no option {}; {}{}.", row.name, option.substr(0, option.find('=')),
                             has.empty() ? "it has none" : "it has", has));
}

// "--username <USERNAME>"
std::string shown(std::string_view option) {
    const auto* const row = std::ranges::find(kOptions, option, &OptionRow::name);
    return row->value.empty() ? std::string(option) : fmt::format("{} <{}>", option, row->value);
}

std::string help_on_command(const CommandRow& row) {
    std::string usage = fmt::format("{}\n\nUsage: {}{}", row.about, kUsage, row.name);
    std::string list;
    const auto add = [&](std::string_view option, std::string_view about) {
        list += fmt::format("  {:<28}{}\n", shown(option), about);
    };
    const auto about = [](std::string_view option) {
        return std::ranges::find(kOptions, option, &OptionRow::name)->about;
    };
    for (const std::string_view option : words_of(row.required)) {
        usage += " " + shown(option);
        add(option, about(option));
    }
    std::vector<std::string_view> optional = words_of(row.optional);
    if (row.password == AsksFor::officer) {
        usage += fmt::format(" [{}]", shown("--password"));
        add("--password", "the PIN of the token's officer (SO); without it, it is asked for");
    } else if (row.password != AsksFor::nothing) {
        optional.emplace_back("--password");
    }
    optional.emplace_back("--cluster-id");
    for (const std::string_view option : optional) {
        usage += fmt::format(" [{}]", shown(option));
        add(option, about(option));
    }
    const std::string_view login =
        row.needs == Needs::admin
            ? "\nNeeds an admin: log in first, or export CLOUDHSM_ROLE=admin CLOUDHSM_PIN=USER:PASSWORD.\n"
            : "";
    return fmt::format("{}\n\nOptions:\n{}{}", usage, list, login);
}

// A group, or everything.
std::string help_on_several(std::string_view name, std::string_view about) {
    std::string list;
    for (const CommandRow& row : commands()) {
        if (begins(row.name, name)) {
            list += fmt::format("  {:<24}{}\n", row.name, row.about);
        }
    }
    for (const NamedRow& row : kOfTheTerminal) {
        list += name.empty() ? fmt::format("  {:<24}{}\n", row.name, row.about) : "";
    }
    const std::string_view blank = name.empty() ? "" : " ";
    return fmt::format("{}\n\nUsage: {}{}{}COMMAND\n\nCommands:\n{}\nEach of them takes --help.\n", about,
                       kUsage, name, blank, list);
}

}  // namespace

bool is_option(std::string_view word) noexcept {
    const std::string_view name = word.substr(0, word.find('='));
    return is_help(name) || std::ranges::find(kOptions, name, &OptionRow::name) != std::end(kOptions);
}

bool takes_value(std::string_view word) noexcept {
    const auto* const row = std::ranges::find(kOptions, word, &OptionRow::name);
    return row != std::end(kOptions) && !row->value.empty();
}

Result<ReadCommand> read_command(Words words, Password password) {
    const std::string name = name_of(words);
    const auto row = std::ranges::find(commands(), name, &CommandRow::name);
    if (row == commands().end()) {
        return unknown(name);
    }
    const std::vector<std::string_view> required = required_of(*row);
    const std::vector<std::string_view> optional = words_of(row->optional);
    ReadCommand read{&*row, {}};
    for (std::size_t i = words_of(name).size(); i < words.size(); ++i) {
        const std::string_view option = words[i];
        if (!option.starts_with("--")) {
            return wrong("Behind the options of '" + name + "' is a word that belongs to none of them; try " +
                         name + " --help.");
        }
        const bool has_value = i + 1 < words.size() && !is_option(words[i + 1]);
        if (takes_value(option) && !has_value) {
            return wrong("The option " + std::string(option) + " needs a value.");
        }
        if (std::ranges::find(required, option) == required.end() &&
            std::ranges::find(optional, option) == optional.end()) {
            return no_such_option(*row, option);
        }
        read.options[std::string(option)] =
            SecretBytes(takes_value(option) ? words[++i] : std::string_view("true"));
    }
    for (const std::string_view option : required) {
        const auto given = read.options.find(option);
        const bool later = option == "--password" && password == Password::later;
        if (given == read.options.end() ? !later : given->second.empty()) {
            return wrong("The option " + std::string(option) + " is missing.");
        }
    }
    if (const auto role = read.options.find("--role"); role != read.options.end()) {
        const std::string_view value = as_text(role->second.reveal(SecretAccess()));
        if (value != kAdmin && value != kCryptoUser) {
            return wrong("The role must be admin or crypto-user.");
        }
    }
    return read;
}

bool asks_for_help(Words words) noexcept {
    return !words.empty() && (words.front() == "help" || std::ranges::any_of(words, is_help));
}

std::string help_on(Words words) {
    const std::string name = name_of(!words.empty() && words.front() == "help" ? words.subspan(1) : words);
    const auto row = std::ranges::find(commands(), name, &CommandRow::name);
    if (row != commands().end()) {
        return help_on_command(*row);
    }
    for (const NamedRow& other : kOfTheTerminal) {
        if (name == other.name) {
            return std::string(other.about) + "\n";
        }
    }
    for (const NamedRow& group : kGroups) {
        if (name == group.name) {
            return help_on_several(name, group.about);
        }
    }
    if (!name.empty()) {
        return unknown(name).detail + "\n";
    }
    return help_on_several("", "What cloudhsm-cli does, against the running service.");
}

}  // namespace claviger::cloudhsm
