#include "src/model/constraints.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <stdexcept>

#include <boost/regex.hpp>

namespace claviger::model {
namespace {

// `text` is valid UTF-8: the parser refuses anything else.
std::wstring wide(std::string_view text) {
    static_assert(sizeof(wchar_t) == 4);
    std::wstring out;
    out.reserve(text.size());
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte & 0xc0) == 0x80) {
            out.back() = static_cast<wchar_t>(out.back() << 6 | (byte & 0x3f));
        } else {
            out += static_cast<wchar_t>(byte < 0x80   ? byte
                                        : byte < 0xe0 ? byte & 0x1f
                                                      : byte & (byte < 0xf0 ? 0x0f : 0x07));
        }
    }
    return out;
}

const boost::wregex& compiled(const Shape& shape) {
    static std::mutex mutex;
    static std::map<const Shape*, boost::wregex> cache;  // entries never move and never change
    const std::lock_guard lock(mutex);
    const auto [entry, added] = cache.try_emplace(&shape);
    if (added) {
        entry->second.assign(wide(shape.regex));
    }
    return entry->second;
}

bool matches(const Shape& shape, std::string_view text) {
    try {
        // As in Java, a dot is no line end.
        return boost::regex_match(wide(text), compiled(shape), boost::regex_constants::match_not_dot_newline);
    } catch (const std::runtime_error&) {  // boost::regex gives up on excessive backtracking
        return false;
    }
}

}  // namespace

std::size_t code_points(std::string_view text) noexcept {
    std::size_t n = 0;
    for (const char c : text) {
        n += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }
    return n;
}

std::vector<std::string> broken_lengths(const Shape& shape, std::size_t length) {
    std::vector<std::string> rules;
    if (shape.min != kUnbounded && static_cast<std::int64_t>(length) < shape.min) {
        rules.push_back("have length greater than or equal to " + std::to_string(shape.min));
    }
    if (shape.max != kUnbounded && static_cast<std::int64_t>(length) > shape.max) {
        rules.push_back("have length less than or equal to " + std::to_string(shape.max));
    }
    return rules;
}

std::vector<std::string> broken_rules(const Shape& shape, std::string_view text) {
    if (!shape.values.empty()) {
        if (std::ranges::find(shape.values, text) != shape.values.end()) {
            return {};
        }
        std::string rule = "satisfy enum value set: [";
        for (const std::string_view allowed : shape.values) {
            if (rule.back() != '[') {
                rule += ", ";
            }
            rule += allowed;
        }
        return {rule + "]"};
    }
    std::vector<std::string> rules;
    if (shape.min != kUnbounded || shape.max != kUnbounded) {
        rules = broken_lengths(shape, code_points(text));
    }
    // A text that is too long is not worth matching; a short one is reported with its pattern, as it may
    // be empty.
    const bool too_long = !rules.empty() && text.size() > static_cast<std::size_t>(shape.max);
    if (!shape.pattern.empty() && !too_long && !matches(shape, text)) {
        rules.push_back("satisfy regular expression pattern: " + std::string(shape.pattern));
    }
    return rules;
}

}  // namespace claviger::model
