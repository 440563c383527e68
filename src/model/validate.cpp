#include "src/model/validate.hpp"

#include <cmath>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>

#include <boost/json.hpp>
#include <boost/regex.hpp>

#include <claviger/base/encoding.hpp>

#include "src/model/arena.hpp"

namespace claviger::model {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxEcho = 2048;  // bytes of an offending value that a message repeats

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

std::string_view type_name(Type type) noexcept {
    switch (type) {
        case Type::structure:
        case Type::map: return "an object";
        case Type::list: return "a list";
        case Type::string: return "a string";
        case Type::blob: return "a base64 string";
        case Type::integer: return "an integer";
        case Type::boolean: return "a boolean";
        case Type::timestamp: return "a number";
    }
    return {};
}

// The value as the messages of AWS print it: bare text and numbers, lists in brackets.
std::string printed(const json::value& value) {
    std::string out;
    if (const auto* text = value.if_string()) {
        out.assign(text->data(), text->size());
    } else if (const auto* number = value.if_int64()) {
        out = std::to_string(*number);
    } else if (const auto* list = value.if_array()) {
        out = "[";
        for (const json::value& element : *list) {
            if (out.size() > 1) {
                out += ", ";
            }
            out += printed(element);
            if (out.size() > kMaxEcho) {
                break;
            }
        }
        out += "]";
    }
    if (out.size() > kMaxEcho) {
        std::size_t cut = kMaxEcho;
        while (cut > 0 && (static_cast<unsigned char>(out[cut]) & 0xc0) == 0x80) {
            --cut;
        }
        out.resize(cut);
        out += "...";
    }
    return out;
}

// Where in the request we are; a chain on the stack, spelled out only for a message.
struct Path {
    const Path* parent;
    std::string_view name;
    std::size_t index = 0;  // 1-based position in a list, 0 if none

    std::string text() const {
        std::string out = parent != nullptr ? parent->text() : std::string{};
        if (!out.empty()) {
            out += '.';
        }
        if (index != 0) {
            return out + std::to_string(index) + ".member";
        }
        return out.append(name);
    }
};

class Checker {
public:
    explicit Checker(const Service& service) : service_(service) {}

    // False: stop, serialization_ says why.
    bool check(ShapeIndex index, json::value& value, const Path* path) {
        const Shape& shape = service_.shape(index);
        switch (shape.type) {
            case Type::structure: return check_structure(shape, value, path);
            case Type::list: return check_list(shape, value, path);
            case Type::map: return check_map(shape, value, path);
            case Type::string: return check_string(shape, value, path);
            case Type::blob: return check_blob(shape, value, path);
            case Type::integer: return check_integer(shape, value, path);
            case Type::boolean: return value.is_bool() || wrong_type(shape, path);
            case Type::timestamp: return value.is_number() || wrong_type(shape, path);
        }
        return false;
    }

    std::optional<Violation> result() && {
        if (!serialization_.empty()) {
            return Violation{Violation::Kind::serialization, std::move(serialization_)};
        }
        if (count_ == 0) {
            return std::nullopt;
        }
        std::string message = std::to_string(count_);
        message += count_ == 1 ? " validation error detected: " : " validation errors detected: ";
        message += violations_;
        return Violation{Violation::Kind::constraint, std::move(message)};
    }

private:
    bool wrong_type(const Shape& shape, const Path* path) {
        serialization_ = path == nullptr
                             ? "The request body must be a JSON object."
                             : "'" + path->text() + "' must be " + std::string(type_name(shape.type)) + ".";
        return false;
    }

    // `value` nullptr: the member is missing.
    void violated(const Shape& shape, const json::value* value, const Path* path, const std::string& rule) {
        if (count_++ != 0) {
            violations_ += "; ";
        }
        violations_ += "Value ";
        if (value == nullptr) {
            violations_ += "null ";
        } else if (shape.sensitive == Sensitive::no && shape.type != Type::blob) {
            violations_ += "'" + printed(*value) + "' ";
        }
        violations_ += "at '" + path->text() + "' failed to satisfy constraint: Member must " + rule;
    }

    void check_length(const Shape& shape, const json::value& value, const Path* path, std::size_t length) {
        if (shape.min != kUnbounded && static_cast<std::int64_t>(length) < shape.min) {
            violated(shape, &value, path,
                     "have length greater than or equal to " + std::to_string(shape.min));
        }
        if (shape.max != kUnbounded && static_cast<std::int64_t>(length) > shape.max) {
            violated(shape, &value, path, "have length less than or equal to " + std::to_string(shape.max));
        }
    }

    bool check_structure(const Shape& shape, json::value& value, const Path* path) {
        auto* object = value.if_object();
        if (object == nullptr) {
            return wrong_type(shape, path);
        }
        for (const Member& member : shape.members) {
            const auto found = object->find(member.name);
            const Path here{path, member.path};
            if (found == object->end() || found->value().is_null()) {
                if (found != object->end()) {
                    object->erase(found);
                }
                if (member.presence == Presence::required) {
                    violated(shape, nullptr, &here, "not be null");
                }
                continue;
            }
            if (!check(member.shape, found->value(), &here)) {
                return false;
            }
        }
        return true;
    }

    bool check_list(const Shape& shape, json::value& value, const Path* path) {
        auto* list = value.if_array();
        if (list == nullptr) {
            return wrong_type(shape, path);
        }
        check_length(shape, value, path, list->size());
        for (std::size_t i = 0; i < list->size(); ++i) {
            const Path here{path, {}, i + 1};
            if ((*list)[i].is_null()) {
                violated(shape, nullptr, &here, "not be null");
            } else if (!check(shape.element, (*list)[i], &here)) {
                return false;
            }
        }
        return true;
    }

    bool check_map(const Shape& shape, json::value& value, const Path* path) {
        auto* map = value.if_object();
        if (map == nullptr) {
            return wrong_type(shape, path);
        }
        check_length(shape, value, path, map->size());
        for (auto& entry : *map) {
            const Path here{path, "value"};
            if (!check(shape.element, entry.value(), &here)) {
                return false;
            }
        }
        return true;
    }

    bool check_string(const Shape& shape, const json::value& value, const Path* path) {
        const auto* text = value.if_string();
        if (text == nullptr) {
            return wrong_type(shape, path);
        }
        const std::string_view view = *text;
        if (!shape.values.empty()) {
            for (const std::string_view allowed : shape.values) {
                if (allowed == view) {
                    return true;
                }
            }
            std::string rule = "satisfy enum value set: [";
            for (const std::string_view allowed : shape.values) {
                if (rule.back() != '[') {
                    rule += ", ";
                }
                rule += allowed;
            }
            violated(shape, &value, path, rule + "]");
            return true;
        }
        const std::size_t before = count_;
        if (shape.min != kUnbounded || shape.max != kUnbounded) {
            check_length(shape, value, path, code_points(view));
        }
        // A text that is too long is not worth matching; a short one is reported with its pattern, as it may
        // be empty.
        const bool too_long = count_ != before && view.size() > static_cast<std::size_t>(shape.max);
        if (!shape.pattern.empty() && !too_long && !matches(shape, view)) {
            violated(shape, &value, path,
                     "satisfy regular expression pattern: " + std::string(shape.pattern));
        }
        return true;
    }

    bool check_blob(const Shape& shape, json::value& value, const Path* path) {
        auto* text = value.if_string();
        if (text == nullptr) {
            return wrong_type(shape, path);
        }
        json::string bytes(text->storage());
        bytes.resize(from_base64_bound(text->size()));
        const std::span<std::byte> out(reinterpret_cast<std::byte*>(bytes.data()), bytes.size());
        const auto size = from_base64(std::string_view(*text), out);
        if (!size) {
            return wrong_type(shape, path);
        }
        bytes.resize(*size);
        value = std::move(bytes);
        check_length(shape, value, path, *size);
        return true;
    }

    bool check_integer(const Shape& shape, json::value& value, const Path* path) {
        if (const auto* fraction = value.if_double();
            fraction != nullptr && std::nearbyint(*fraction) == *fraction && std::abs(*fraction) < 1e15) {
            value = static_cast<std::int64_t>(*fraction);
        }
        const auto* number = value.if_int64();
        if (number == nullptr) {
            return wrong_type(shape, path);
        }
        if (shape.min != kUnbounded && *number < shape.min) {
            violated(shape, &value, path, "have value greater than or equal to " + std::to_string(shape.min));
        }
        if (shape.max != kUnbounded && *number > shape.max) {
            violated(shape, &value, path, "have value less than or equal to " + std::to_string(shape.max));
        }
        return true;
    }

    const Service& service_;
    std::string serialization_;
    std::string violations_;
    std::size_t count_ = 0;
};

}  // namespace

std::size_t code_points(std::string_view text) noexcept {
    std::size_t n = 0;
    for (const char c : text) {
        n += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }
    return n;
}

std::optional<json::value> parse_json(ByteView body, WipingArena& arena) {
    json::parse_options options;
    options.max_depth = kMaxDepth;
    json::parser parser(json::storage_ptr(&arena), options);
    parser.reset(json::storage_ptr(&arena));
    boost::system::error_code error;
    const std::string_view text = as_text(body);
    parser.write(text.data(), text.size(), error);
    if (error) {
        return std::nullopt;
    }
    return parser.release();
}

std::optional<Violation> validate(const Service& service, ShapeIndex input, json::value& body) {
    Checker checker(service);
    checker.check(input, body, nullptr);
    return std::move(checker).result();
}

}  // namespace claviger::model
