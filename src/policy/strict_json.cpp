#include "src/policy/strict_json.hpp"

#include <limits>
#include <set>
#include <string>
#include <vector>

#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>

namespace claviger::policy {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxDepth = 32;

// Follows the structure and keeps the names of the objects that are open.
class UniqueNames {
public:
    static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code&) {
        open_.emplace_back();
        return true;
    }
    bool on_object_end(std::size_t, json::error_code&) {
        open_.pop_back();
        return true;
    }
    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        name_.append(part.data(), part.size());
        return true;
    }
    bool on_key(json::string_view part, std::size_t, json::error_code& error) {
        name_.append(part.data(), part.size());
        if (!open_.back().insert(std::exchange(name_, {})).second) {
            error = json::error::syntax;
            return false;
        }
        return true;
    }
    bool on_array_begin(json::error_code&) { return true; }
    bool on_array_end(std::size_t, json::error_code&) { return true; }
    bool on_string_part(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_string(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t, json::string_view, json::error_code&) { return true; }
    bool on_uint64(std::uint64_t, json::string_view, json::error_code&) { return true; }
    bool on_double(double, json::string_view, json::error_code&) { return true; }
    bool on_bool(bool, json::error_code&) { return true; }
    bool on_null(json::error_code&) { return true; }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

private:
    std::vector<std::set<std::string>> open_;
    std::string name_;
};

}  // namespace

std::optional<json::value> parse_strict_json(std::string_view text) {
    json::parse_options options;
    options.max_depth = kMaxDepth;
    json::error_code error;
    json::basic_parser<UniqueNames> names(options);
    const std::size_t read = names.write_some(false, text.data(), text.size(), error);
    if (error || read != text.size()) {
        return std::nullopt;
    }
    json::value value = json::parse(text, error, {}, options);
    return error ? std::nullopt : std::optional(std::move(value));
}

}  // namespace claviger::policy
