#include "src/policy/document.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <boost/json.hpp>

#include "src/policy/strict_json.hpp"

namespace claviger::policy {
namespace {

namespace json = boost::json;

using Refused = std::optional<Malformed>;

Malformed malformed(std::string message) {
    return {std::move(message)};
}

Malformed invalid_principal() {
    return malformed("Policy contains a statement with one or more invalid principals.");
}

// One text or a list of texts; in conditions numbers and booleans are texts too.
enum class Scalars { text, any };
std::optional<std::vector<std::string>> texts_of(const json::value& value, Scalars allowed) {
    std::vector<std::string> out;
    const auto take = [&](const json::value& one) {
        if (const auto* text = one.if_string()) {
            out.emplace_back(*text);
            return true;
        }
        if (allowed == Scalars::any && (one.is_bool() || one.is_number())) {
            out.push_back(json::serialize(one));
            return true;
        }
        return false;
    };
    if (const auto* list = value.if_array()) {
        if (!std::ranges::all_of(*list, take)) {
            return std::nullopt;
        }
    } else if (!take(value)) {
        return std::nullopt;
    }
    return out;
}

bool is_account(std::string_view text) noexcept {
    return text.size() == 12 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// What AWS keeps in a saved policy of a principal that was deleted.
bool is_unique_id(std::string_view text) noexcept {
    return (text.starts_with("AIDA") || text.starts_with("AROA")) && text.size() >= 16 &&
           std::ranges::all_of(text, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

Refused read_aws(std::vector<std::string> texts, Principals& to) {
    for (std::string& text : texts) {
        if (text == "*") {
            to.anyone = true;
        } else if (is_account(text) || is_principal_arn(text) || is_unique_id(text)) {
            to.aws.push_back(std::move(text));
        } else {
            return invalid_principal();
        }
    }
    return std::nullopt;
}

Refused read_principals(const json::value& value, Principals& to) {
    if (value.is_string() && value.get_string() == "*") {
        to.anyone = true;
        return std::nullopt;
    }
    const auto* object = value.if_object();
    if (object == nullptr || object->empty()) {
        return invalid_principal();
    }
    for (const auto& member : *object) {
        auto texts = texts_of(member.value(), Scalars::text);
        if (!texts || texts->empty()) {
            return invalid_principal();
        }
        if (member.key() == "AWS") {
            if (auto refused = read_aws(*std::move(texts), to)) {
                return refused;
            }
        } else if (member.key() == "Service") {
            to.service = *std::move(texts);
        } else if (member.key() == "Federated") {
            to.federated = *std::move(texts);
        } else {
            return invalid_principal();
        }
    }
    return std::nullopt;
}

std::string_view without_modifiers(std::string_view op) noexcept {
    for (const std::string_view set : {"ForAnyValue:", "ForAllValues:"}) {
        if (op.starts_with(set)) {
            op.remove_prefix(set.size());
        }
    }
    constexpr std::string_view kIfExists = "IfExists";
    if (op.ends_with(kIfExists) && op != "NullIfExists") {
        op.remove_suffix(kIfExists.size());
    }
    return op;
}

bool is_operator(std::string_view op) {
    static constexpr std::array kOperators = std::to_array<std::string_view>({"ArnEquals",
                                                                              "ArnLike",
                                                                              "ArnNotEquals",
                                                                              "ArnNotLike",
                                                                              "BinaryEquals",
                                                                              "Bool",
                                                                              "DateEquals",
                                                                              "DateGreaterThan",
                                                                              "DateGreaterThanEquals",
                                                                              "DateLessThan",
                                                                              "DateLessThanEquals",
                                                                              "DateNotEquals",
                                                                              "IpAddress",
                                                                              "NotIpAddress",
                                                                              "Null",
                                                                              "NumericEquals",
                                                                              "NumericGreaterThan",
                                                                              "NumericGreaterThanEquals",
                                                                              "NumericLessThan",
                                                                              "NumericLessThanEquals",
                                                                              "NumericNotEquals",
                                                                              "StringEquals",
                                                                              "StringEqualsIgnoreCase",
                                                                              "StringLike",
                                                                              "StringNotEquals",
                                                                              "StringNotEqualsIgnoreCase",
                                                                              "StringNotLike"});
    return std::ranges::find(kOperators, without_modifiers(op)) != kOperators.end();
}

// For these keys every request has at most one value: over an absent one ForAllValues holds.
bool is_overly_permissive(std::string_view op, std::string_view key) {
    return op.starts_with("ForAllValues:") &&
           (key.starts_with("kms:EncryptionContext:") || key.starts_with("aws:RequestTag/"));
}

Refused read_conditions(const json::value& value, std::vector<Condition>& to) {
    const auto* operators = value.if_object();
    if (operators == nullptr) {
        return malformed("Condition must be an object.");
    }
    for (const auto& block : *operators) {
        const auto* keys = block.value().if_object();
        if (!is_operator(block.key()) || keys == nullptr) {
            return malformed("Unknown condition operator " + std::string(block.key()) + ".");
        }
        for (const auto& entry : *keys) {
            auto values = texts_of(entry.value(), Scalars::any);
            if (!values) {
                return malformed("The values of the condition key " + std::string(entry.key()) +
                                 " must be texts.");
            }
            if (is_overly_permissive(block.key(), entry.key())) {
                return malformed(
                    "OverlyPermissiveCondition: Using the ForAllValues set operator with a single-valued "
                    "condition "
                    "key matches requests without the specified " +
                    std::string(entry.key().starts_with("kms:") ? "encryption context" : "tag"));
            }
            to.push_back({std::string(block.key()), std::string(entry.key()), *std::move(values)});
        }
    }
    return std::nullopt;
}

class StatementReader {
public:
    explicit StatementReader(const json::object& from) : from_(from) {}

    Refused read(Statement& to) {
        for (const auto& member : from_) {
            static constexpr std::array kElements =
                std::to_array<std::string_view>({"Sid", "Effect", "Principal", "NotPrincipal", "Action",
                                                 "NotAction", "Resource", "NotResource", "Condition"});
            if (std::ranges::find(kElements, std::string_view(member.key())) == kElements.end()) {
                return malformed("A statement has no element " + std::string(member.key()) + ".");
            }
        }
        if (const auto* sid = from_.if_contains("Sid")) {
            if (!sid->is_string()) {
                return malformed("Sid must be a text.");
            }
            to.sid = sid->get_string();
        }
        if (auto refused = effect(to)) {
            return refused;
        }
        if (auto refused = principals(to)) {
            return refused;
        }
        if (auto refused = patterns("Action", "NotAction", to.actions)) {
            return refused;
        }
        if (auto refused = patterns("Resource", "NotResource", to.resources)) {
            return refused;
        }
        const auto* condition = from_.if_contains("Condition");
        return condition != nullptr ? read_conditions(*condition, to.conditions) : std::nullopt;
    }

private:
    Refused effect(Statement& to) const {
        const auto* value = from_.if_contains("Effect");
        if (value == nullptr || !value->is_string() ||
            (value->get_string() != "Allow" && value->get_string() != "Deny")) {
            return malformed("Effect must be Allow or Deny.");
        }
        to.effect = value->get_string() == "Allow" ? Effect::allow : Effect::deny;
        return std::nullopt;
    }

    Refused principals(Statement& to) const {
        const auto* these = from_.if_contains("Principal");
        const auto* others = from_.if_contains("NotPrincipal");
        if (these == nullptr && others == nullptr) {
            return malformed("Policy contains a statement with no principal.");
        }
        // Allow with NotPrincipal would open the key to the world.
        if ((these != nullptr && others != nullptr) || (others != nullptr && to.effect == Effect::allow)) {
            return invalid_principal();
        }
        to.principals.sense = others != nullptr ? Sense::all_others : Sense::these;
        return read_principals(these != nullptr ? *these : *others, to.principals);
    }

    Refused patterns(std::string_view element, std::string_view negated, Patterns& to) const {
        const auto* these = from_.if_contains(element);
        const auto* others = from_.if_contains(negated);
        if (these != nullptr && others != nullptr) {
            return malformed("A statement cannot have both " + std::string(element) + " and " +
                             std::string(negated) + ".");
        }
        if (these == nullptr && others == nullptr) {
            return std::nullopt;
        }
        auto texts = texts_of(these != nullptr ? *these : *others, Scalars::text);
        if (!texts) {
            return malformed(std::string(these != nullptr ? element : negated) +
                             " must be a text or a list of texts.");
        }
        to = {others != nullptr ? Sense::all_others : Sense::these, *std::move(texts)};
        return std::nullopt;
    }

    const json::object& from_;
};

Refused read_statements(const json::value& value, std::vector<Statement>& to) {
    const auto* list = value.if_array();
    const std::size_t count = list != nullptr ? list->size() : 1;
    for (std::size_t i = 0; i < count; ++i) {
        const auto* object = (list != nullptr ? (*list)[i] : value).if_object();
        if (object == nullptr) {
            break;
        }
        if (auto refused = StatementReader(*object).read(to.emplace_back())) {
            return refused;
        }
    }
    if (to.empty() || to.size() != count) {
        return malformed("Statement must be an object or a list of objects.");
    }
    return std::nullopt;
}

}  // namespace

bool is_principal_arn(std::string_view text) {
    std::array<std::string_view, 6> parts;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
        const std::size_t colon = text.find(':');
        if (colon == std::string_view::npos) {
            return false;
        }
        parts[i] = text.substr(0, colon);
        text.remove_prefix(colon + 1);
    }
    parts[5] = text;
    const auto named = [&](std::string_view kind) {
        return text.starts_with(kind) && text.size() > kind.size();
    };
    if (parts[0] != "arn" || !parts[1].starts_with("aws") || !parts[3].empty() || !is_account(parts[4]) ||
        text.find_first_of("*? ") != std::string_view::npos) {
        return false;
    }
    if (parts[2] == "iam") {
        return text == "root" || named("user/") || named("role/");
    }
    return parts[2] == "sts" && (named("assumed-role/") || named("federated-user/"));
}

Result<Document, Malformed> parse_key_policy(std::string_view text) {
    const auto root = parse_strict_json(text);
    if (!root || !root->is_object()) {
        return malformed("The policy must be one JSON object without repeated names.");
    }
    Document document;
    const json::value* statements = nullptr;
    for (const auto& member : root->get_object()) {
        if (member.key() == "Version") {
            const auto* version = member.value().if_string();
            if (version == nullptr || (*version != "2012-10-17" && *version != "2008-10-17")) {
                return malformed("Version must be 2012-10-17 or 2008-10-17.");
            }
            document.version = *version;
        } else if (member.key() == "Statement") {
            statements = &member.value();
        } else if (member.key() != "Id" || !member.value().is_string()) {
            return malformed("A policy has no element " + std::string(member.key()) + " of this form.");
        }
    }
    if (statements == nullptr) {
        return malformed("The policy must have the element Statement.");
    }
    if (auto refused = read_statements(*statements, document.statements)) {
        return *std::move(refused);
    }
    return document;
}

}  // namespace claviger::policy
