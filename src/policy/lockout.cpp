// Whoever writes a key policy must be able to write the next one.
#include <algorithm>

#include "src/policy/document.hpp"

namespace claviger::policy {
namespace {

constexpr std::string_view kAction = "kms:putkeypolicy";

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return out;
}

bool names(const Principals& principals, const Principal& caller) {
    if (principals.anyone) {
        return true;
    }
    const std::string& account = caller.account.value();
    return std::ranges::any_of(principals.aws, [&](const std::string& text) {
        return text == account || text == caller.arn || text == caller.principal_id ||
               text.ends_with(":iam::" + account + ":root");
    });
}

bool covers(const Statement& statement, const Principal& caller, std::string_view arn) {
    const auto applies = [](const Patterns& patterns, auto matches) {
        return !patterns.patterns.empty() &&
               std::ranges::any_of(patterns.patterns, matches) == (patterns.sense == Sense::these);
    };
    return names(statement.principals, caller) == (statement.principals.sense == Sense::these) &&
           applies(statement.actions, [](const std::string& p) { return glob_matches(lower(p), kAction); }) &&
           applies(statement.resources,
                   [&](const std::string& p) { return p == "*" || glob_matches(p, arn); });
}

}  // namespace

bool keeps_policy_control(const Document& document, const Principal& caller, std::string_view arn) {
    bool allowed = false;
    for (const Statement& statement : document.statements) {
        if (!covers(statement, caller, arn)) {
            continue;
        }
        if (statement.effect == Effect::allow) {
            allowed = true;
        } else if (statement.conditions.empty()) {
            return false;
        }
    }
    return allowed;
}

bool glob_matches(std::string_view pattern, std::string_view text) noexcept {
    std::size_t p = 0, t = 0;
    std::size_t star = std::string_view::npos, resume = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {  // let the last star take one more
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') {
        ++p;
    }
    return p == pattern.size();
}

}  // namespace claviger::policy
