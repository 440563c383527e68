// Tables of TOML files, read key by key; for this folder alone.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "src/config/config.hpp"

namespace claviger::config {

inline Error bad(std::string_view file, const toml::node* node, std::string_view what) {
    const auto line = node == nullptr ? 0 : node->source().begin.line;
    return Error(Errc::bad_config,
                 line == 0 ? fmt::format("{}: {}", file, what) : fmt::format("{}:{}: {}", file, line, what));
}

// Reads one table key by key and remembers which were asked for, so that a misspelt option cannot pass
// silently.
class Section {
public:
    Section(std::string_view file, const toml::table* table, std::string name,
            std::string_view guide = "deploy/claviger.toml")
        : file_(file), table_(table), name_(std::move(name)), guide_(guide) {}

    template <class T, class Assign>
    void read(std::string_view key, std::string_view expected, Assign assign) {
        known_.emplace(key);
        const toml::node* const node = table_ == nullptr ? nullptr : table_->get(key);
        if (node == nullptr || error_) {
            return;
        }
        const std::optional<T> value = node->value_exact<T>();
        if (!value || !assign(*value)) {
            const bool unquoted = std::is_same_v<T, std::string> && !value;
            error_ =
                bad(file_, node,
                    fmt::format("{}.{} must be {}{}", name_, key, expected, unquoted ? ", in quotes" : ""));
        }
    }
    void text(std::string_view key, std::string& to) {
        read<std::string>(key, "a text", [&](const std::string& value) {
            to = value;
            return !value.empty();
        });
    }
    void flag(std::string_view key, bool& to) {
        read<bool>(key, "true or false", [&](bool value) {
            to = value;
            return true;
        });
    }
    // What the keys together must be; `what` follows the section's name.
    void require(bool holds, std::string_view what) {
        if (!holds && !error_) {
            error_ = bad(file_, table_, fmt::format("{} {}", name_, what));
        }
    }
    void texts(std::string_view key, std::vector<std::string>& to) {
        known_.emplace(key);
        const toml::node* const node = table_ == nullptr ? nullptr : table_->get(key);
        const toml::array* const list = node == nullptr ? nullptr : node->as_array();
        for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
            if (const auto value = (*list)[i].value_exact<std::string>()) {
                to.push_back(*value);
            }
        }
        if (node != nullptr && (list == nullptr || to.size() != list->size())) {
            fail(node, key, "a list of texts");
        }
    }
    void pairs(std::string_view key, std::map<std::string, std::string>& to) {
        known_.emplace(key);
        const toml::node* const node = table_ == nullptr ? nullptr : table_->get(key);
        const toml::table* const table = node == nullptr ? nullptr : node->as_table();
        if (table != nullptr) {
            for (const auto& [name, value] : *table) {
                if (const auto text = value.value_exact<std::string>()) {
                    to.emplace(name.str(), *text);
                }
            }
        }
        if (node != nullptr && (table == nullptr || to.size() != table->size())) {
            fail(node, key, "a table of texts");
        }
    }
    // Each table of [[name.key]]; `each` takes its Section and returns what is wrong in it.
    template <class Each>
    void tables(std::string_view key, Each each) {
        known_.emplace(key);
        const toml::node* const node = table_ == nullptr ? nullptr : table_->get(key);
        const toml::array* const list = node == nullptr ? nullptr : node->as_array();
        if (node != nullptr && list == nullptr) {
            fail(node, key, "a list of tables");
            return;
        }
        for (std::size_t i = 0; list != nullptr && i < list->size() && !error_; ++i) {
            const toml::table* const table = (*list)[i].as_table();
            if (table == nullptr) {
                fail(node, key, "a list of tables");
            } else {
                error_ = each(Section(file_, table, fmt::format("{}.{}", name_, key), guide_));
            }
        }
    }
    void path(std::string_view key, std::filesystem::path& to) {
        read<std::string>(key, "an absolute path", [&](const std::string& value) {
            to = value;
            return to.is_absolute();
        });
    }
    void endpoint(std::string_view key, Endpoint& to) {
        read<std::string>(key, "address:port, for instance \"127.0.0.1:4599\"",
                          [&](const std::string& value) {
                              auto parsed = Endpoint::parse(value);
                              if (parsed) {
                                  to = *parsed;
                              }
                              return parsed.has_value();
                          });
    }
    template <class Number>
    void number(std::string_view key, Number& to, std::int64_t low, std::int64_t high) {
        read<std::int64_t>(key, fmt::format("a number from {} to {}", low, high), [&](std::int64_t value) {
            to = static_cast<Number>(value);
            return value >= low && value <= high;
        });
    }
    template <class Duration>
    void duration(std::string_view key, Duration& to, std::int64_t low, std::int64_t high) {
        std::int64_t count = to.count();
        number(key, count, low, high);
        to = Duration(count);
    }
    template <class Enum, std::size_t N>
    void choice(std::string_view key, Enum& to, const std::pair<std::string_view, Enum> (&values)[N]) {
        std::string expected = "one of";
        for (const auto& [text, unused] : values) {
            expected += fmt::format(" \"{}\"", text);
        }
        read<std::string>(key, expected, [&](const std::string& value) {
            for (const auto& [text, meaning] : values) {
                if (text == value) {
                    to = meaning;
                    return true;
                }
            }
            return false;
        });
    }
    // The first problem met, an unknown key included.
    std::optional<Error> finish() {
        if (!error_ && table_ != nullptr) {
            for (const auto& [key, node] : *table_) {
                if (!known_.contains(key.str())) {
                    return bad(file_, &node,
                               fmt::format("{}.{} is not an option; see {}", name_, key.str(), guide_));
                }
            }
        }
        return error_;
    }

private:
    void fail(const toml::node* node, std::string_view key, std::string_view expected) {
        if (!error_) {
            error_ = bad(file_, node, fmt::format("{}.{} must be {}", name_, key, expected));
        }
    }

    std::string file_;
    const toml::table* table_;
    std::string name_;
    std::string_view guide_;
    std::set<std::string, std::less<>> known_;
    std::optional<Error> error_;
};

}  // namespace claviger::config
