#include "src/app/command_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "src/app/command_options.hpp"

namespace claviger::app {
namespace {

// The words of a command, what its usage says behind them, what it does, and who reads the rest of the line.
struct Row {
    std::string_view words;
    std::string_view rest;
    std::string_view about;
    Result<Command> (*read)(const Row& row, const Arguments& behind);
    std::string_view request = {};  // of ask_request
};

// A command that is one line to the running service.
Result<Command> ask(const Row& row, const Arguments& arguments, std::string request) {
    const po::options_description options = service_options();
    auto values = parse(arguments, options);
    if (!values) {
        return std::move(values).error();
    }
    if (values->contains("help")) {
        return Command(help(
            fmt::format("claviger {}{}{}: {}\n", row.words, row.rest.empty() ? "" : " ", row.rest, row.about),
            options));
    }
    return Command(AskService{admin_socket(*values), std::move(request)});
}

Result<Command> advance_clock(const Row& row, const Arguments& arguments) {
    const bool has_duration = !arguments.empty() && !arguments[0].starts_with("-");
    if (!has_duration && (arguments.empty() || !is_help(arguments[0]))) {
        return usage("claviger dev clock advance takes a duration, 8d for example");
    }
    return ask(row, {arguments.begin() + (has_duration ? 1 : 0), arguments.end()},
               "clock advance " + (has_duration ? arguments[0] : std::string()));
}

Result<Command> ask_request(const Row& row, const Arguments& behind) {
    return ask(row, behind, std::string(row.request));
}

template <Result<Command> (*kParse)(const Arguments&)>
Result<Command> read_by(const Row&, const Arguments& behind) {
    return kParse(behind);
}

// The host's own command line: it is the only program that loads a PKCS#11 module.
Result<Command> run_doctor(const Row&, const Arguments& behind) {
    RunHost run{{"doctor"}};
    run.arguments.insert(run.arguments.end(), behind.begin(), behind.end());
    return Command(std::move(run));
}

constexpr Row kCommands[] = {
    {"dev", "", "provisions SoftHSM tokens, founds a cluster of them and serves on loopback",
     read_by<parse_dev>},
    {"dev clock advance", "8d", "moves the clock of keys' lives forward, in a dev store", advance_clock},
    {"serve", "", "production: serves what claviger.toml describes", read_by<parse_serve>},
    {"status", "", "what the running service is doing: members, keys, faults", ask_request, "status"},
    {"report leftovers", "", "objects in the tokens that no key in the store accounts for", ask_request,
     "report leftovers"},
    {"admin clock accept", "", "ends the hold on destruction that a leap of the wall clock began",
     ask_request, "clock accept"},
    {"audit verify", "DIR", "checks the hash chains of audit files", read_by<parse_audit_verify>},
    {"cloudhsm", "...", "activates a cluster, manages its users: the commands of cloudhsm-cli",
     read_by<parse_cloudhsm>},
    {"backup", "...", "makes a backup of a cluster, checks a backup's file, takes one in",
     read_by<parse_backup>},
    {"cluster recover", "...", "what an HSM that waits asks the recovery key's holder, and his answer",
     read_by<parse_cluster_recover>},
    {"recovery", "...", "for that holder: makes the recovery key, answers a request",
     read_by<parse_recovery>},
    {"hsm doctor", "--module LIB ...", "what a PKCS#11 module can do and enforces", run_doctor},
};

constexpr std::string_view kOverview = R"(claviger: an AWS KMS API whose keys live in your own HSMs.

{}
Each of them takes --help. claviger --version prints the version.
)";

// The commands that begin with these words and have more.
std::string listed(std::string_view first) {
    std::string text;
    for (const Row& row : kCommands) {
        if (first.empty() || row.words.starts_with(std::string(first) + ' ')) {
            text += fmt::format("  claviger {}{}{}   {}\n", row.words, row.rest.empty() ? "" : " ", row.rest,
                                row.about);
        }
    }
    return text;
}

// "clock accept": what can follow the first word of commands.
std::string words_behind(std::string_view first) {
    std::vector<std::string_view> words;
    for (const Row& row : kCommands) {
        if (row.words.starts_with(std::string(first) + ' ')) {
            words.push_back(row.words.substr(first.size() + 1));
        }
    }
    return fmt::format("{}", fmt::join(words, " or "));
}

// The words that a command line begins with: up to its first option, or to what can be no word of a command.
std::string leading_words(const Arguments& arguments) {
    const auto end = std::ranges::find_if(arguments, [](const std::string& word) {
        return word.starts_with("-") || word.find(' ') != word.npos;
    });
    return fmt::format("{}", fmt::join(arguments.begin(), end, " "));
}

// The command with the most words that the line begins with.
const Row* find_command(std::string_view line) {
    const Row* found = nullptr;
    for (const Row& row : kCommands) {
        const bool begins = line == row.words || line.starts_with(std::string(row.words) + ' ');
        if (begins && (found == nullptr || row.words.size() > found->words.size())) {
            found = &row;
        }
    }
    return found;
}

}  // namespace

Result<Command> parse_command_line(const Arguments& arguments, const std::filesystem::path& self) {
    const std::string first = arguments.empty() ? "--help" : arguments[0];
    if (is_help(first) || first == "help") {
        return Command(ShowText{fmt::format(kOverview, listed(""))});
    }
    if (first == "--version") {
        return Command(ShowText{"claviger " CLAVIGER_VERSION "\n"});
    }
    const std::string line = leading_words(arguments);
    const Row* const row = find_command(line);
    const std::string below = row == nullptr || row->words != line ? listed(line) : std::string();
    if (!line.empty() && !below.empty()) {  // "admin clock": the first words of commands, but no command
        const auto words = static_cast<std::size_t>(1 + std::ranges::count(line, ' '));
        if (arguments.size() > words && is_help(arguments[words])) {
            return Command(ShowText{below});
        }
        return usage(fmt::format("claviger {} wants another word; try claviger {} --help", line, line));
    }
    if (row == nullptr) {
        const std::string known = words_behind(first);
        return usage(known.empty()
                         ? fmt::format("\"{}\" is not a command; try claviger --help", first)
                         : fmt::format("claviger {0} takes {1}; try claviger {0} --help", first, known));
    }
    const auto words = 1 + std::ranges::count(row->words, ' ');
    Result<Command> command = row->read(*row, Arguments(arguments.begin() + words, arguments.end()));
    if (command) {
        if (Run* const run = std::get_if<Run>(&*command)) {
            run->settings.host_program = self.parent_path() / "claviger-hsm";
        }
    }
    return command;
}

}  // namespace claviger::app
