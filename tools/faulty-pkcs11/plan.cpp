#include "tools/faulty-pkcs11/plan.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tools/faulty-pkcs11/functions.hpp"

namespace claviger::faulty {
namespace {

std::optional<unsigned long> number(std::string_view text) {
    const bool hex = text.starts_with("0x");
    if (hex) {
        text.remove_prefix(2);
    }
    unsigned long value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
    if (error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

struct ActionRow {
    std::string_view name;
    Action action;
    bool argument;
};
constexpr ActionRow kActions[] = {
    {"pass", Action::pass, false},
    {"rv", Action::answer, true},
    {"rv-after", Action::answer_after, true},
    {"delay", Action::delay, true},
    {"hang", Action::hang, false},
    {"abort", Action::abort, false},
    {"kill", Action::kill, false},
    {"kill-within", Action::kill_within, true},
    {"kill-parent-within", Action::kill_parent_within, true},
    {"swap", Action::swap, false},
    {"swap-call", Action::swap_call, false},
    {"forget", Action::forget, true},
    {"pin-limit", Action::pin_limit, true},
};

// Empty if the option is understood, else what is wrong with it.
std::string apply_option(Rule& rule, std::string_view key, std::string_view value) {
    if (key == "where") {
        rule.where = value;
        return {};
    }
    if (key == "times" && value == "always") {
        rule.times = 0;
        return {};
    }
    const std::optional<unsigned long> count = number(value);
    if (key == "skip" && count) {
        rule.skip = *count;
        return {};
    }
    if (key == "times" && count && *count > 0) {
        rule.times = *count;
        return {};
    }
    return "bad option '" + std::string(key) + "=" + std::string(value) + "'";
}

std::string parse_rule(const std::vector<std::string>& words, Rule& rule) {
    rule.row = words[0] == "*" ? kFunctions.size() : row_of(words[0]);
    if (rule.row == kFunctions.size() && words[0] != "*") {
        return "unknown function '" + words[0] + "'";
    }
    std::size_t next = 1;
    for (; next < words.size(); ++next) {
        const std::size_t equals = words[next].find('=');
        if (equals == std::string::npos) {
            break;
        }
        const std::string_view word = words[next];
        if (std::string error = apply_option(rule, word.substr(0, equals), word.substr(equals + 1));
            !error.empty()) {
            return error;
        }
    }
    if (next == words.size()) {
        return "no action";
    }
    for (const ActionRow& row : kActions) {
        if (words[next] != row.name) {
            continue;
        }
        rule.action = row.action;
        rule.text = words[0] + " " + words[next];
        const std::size_t expected = next + (row.argument ? 2 : 1);
        if (words.size() != expected) {
            return "'" + words[next] + (row.argument ? "' takes one argument" : "' takes no argument");
        }
        if (row.argument) {
            const std::optional<unsigned long> value = number(words[next + 1]);
            if (!value) {
                return "'" + words[next + 1] + "' is not a number";
            }
            rule.argument = *value;
            rule.text += " " + words[next + 1];
        }
        return {};
    }
    return "unknown action '" + words[next] + "'";
}

std::string read_all(int file) {
    std::string text;
    char chunk[4096];
    for (;;) {
        const ssize_t got = ::pread(file, chunk, sizeof chunk, static_cast<off_t>(text.size()));
        if (got <= 0) {
            return text;
        }
        text.append(chunk, static_cast<std::size_t>(got));
    }
}

// How often "<index> " opens a line.
unsigned long count_uses(std::string_view log, std::size_t index) {
    const std::string prefix = std::to_string(index) + " ";
    unsigned long uses = 0;
    while (!log.empty()) {
        uses += log.starts_with(prefix) ? 1 : 0;
        const std::size_t end = log.find('\n');
        log.remove_prefix(end == std::string_view::npos ? log.size() : end + 1);
    }
    return uses;
}

}  // namespace

std::optional<ParsedPlan> parse_plan(std::string_view text) {
    ParsedPlan plan;
    std::istringstream lines{std::string(text)};
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
        std::istringstream stream(line.substr(0, line.find('#')));
        const std::vector<std::string> words{std::istream_iterator<std::string>(stream), {}};
        if (words.empty()) {
            continue;
        }
        if (words.size() == 1 && words[0] == "end") {
            return plan;
        }
        Rule rule;
        const std::string error = parse_rule(words, rule);
        if (!error.empty() && plan.error.empty()) {
            plan.error = "line " + std::to_string(number) + ": " + error;
        }
        plan.rules.push_back(std::move(rule));
    }
    return std::nullopt;
}

Plan::Plan(std::string path) : path_(std::move(path)) {
    if (const char* place = std::getenv("SOFTHSM2_CONF")) {
        place_ = place;
    }
}

std::optional<Rule> Plan::take(std::size_t row, bool swappable) {
    reload_if_changed();
    for (std::size_t index = 0; index < rules_.size(); ++index) {
        Rule& rule = rules_[index];
        const bool function_matches = rule.row == row || rule.row == kFunctions.size();
        if (!function_matches || rule.action == Action::pin_limit || !here(rule)) {
            continue;
        }
        const bool needs_partner = rule.action == Action::swap || rule.action == Action::swap_call;
        if (needs_partner && !swappable) {
            continue;
        }
        if (rule.seen < rule.skip) {
            ++rule.seen;
            continue;
        }
        if (use_up(index, rule)) {
            return rule;
        }
    }
    return std::nullopt;
}

unsigned long Plan::pin_limit() {
    reload_if_changed();
    for (const Rule& rule : rules_) {
        if (rule.action == Action::pin_limit && here(rule)) {
            return rule.argument;
        }
    }
    return 0;
}

void Plan::reload_if_changed() {
    struct stat status {};
    if (path_.empty() || ::stat(path_.c_str(), &status) != 0) {
        stamp_ = {};
        rules_.clear();
        return;
    }
    const Stamp stamp{status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_size, status.st_ino};
    if (stamp == stamp_) {
        return;
    }
    std::ifstream file(path_, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    std::optional<ParsedPlan> plan = parse_plan(text);
    if (!plan) {
        return;
    }
    if (!plan->error.empty()) {
        std::fprintf(stderr, "faulty-pkcs11: %s: %s\n", path_.c_str(), plan->error.c_str());
        std::abort();
    }
    stamp_ = stamp;
    rules_ = std::move(plan->rules);
}

bool Plan::here(const Rule& rule) const {
    return rule.where.empty() || place_.find(rule.where) != std::string::npos;
}

bool Plan::use_up(std::size_t index, const Rule& rule) {
    const std::string name = path_ + ".applied";
    const int file = ::open(name.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) {
        std::perror(("faulty-pkcs11: " + name).c_str());
        std::abort();
    }
    ::flock(file, LOCK_EX);
    const unsigned long uses = count_uses(read_all(file), index);
    const bool mine = rule.times == 0 || uses < rule.times;
    // A rule without end is recorded once: the file stays small and still says that the fault was reached.
    if (mine && (rule.times != 0 || uses == 0)) {
        const std::string line = std::to_string(index) + " " + rule.text + "\n";
        if (::write(file, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
            std::perror(("faulty-pkcs11: " + name).c_str());
            std::abort();
        }
    }
    ::close(file);
    return mine;
}

}  // namespace claviger::faulty
