#include "src/model/validate.hpp"

#include <cmath>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include <claviger/base/encoding.hpp>

#include "src/model/arena.hpp"
#include "src/model/constraints.hpp"

namespace claviger::model {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxEcho = 2048;  // bytes of an offending value that a message repeats

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
    return out;
}

std::string printed_map(const json::object& map) {
    std::string out = "{";
    for (const auto& [name, element] : map) {
        if (out.size() > 1) {
            out += ", ";
        }
        out.append(name).append("=").append(printed(element));
        if (out.size() > kMaxEcho) {
            break;
        }
    }
    return out + "}";
}

// As much of a text as a message repeats, in quotes.
std::string quoted(std::string text) {
    if (text.size() > kMaxEcho) {
        std::size_t size = kMaxEcho;
        while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) {
            --size;
        }
        text.resize(size);
        text += "...";
    }
    return "'" + text + "' ";
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
        std::string echo;
        if (value == nullptr) {
            echo = "null ";
        } else if (is_shown(shape)) {
            echo = quoted(printed(*value));
        }
        report(echo, path, "Member must " + rule);
    }

    static bool is_shown(const Shape& shape) noexcept {
        return shape.sensitive == Sensitive::no && shape.type != Type::blob;
    }

    void report(const std::string& echo, const Path* path, const std::string& sentence) {
        if (count_++ != 0) {
            violations_ += "; ";
        }
        violations_ +=
            "Value " + echo + "at '" + path->text() + "' failed to satisfy constraint: " + sentence;
    }

    void check_length(const Shape& shape, const json::value& value, const Path* path, std::size_t length) {
        for (const std::string& rule : broken_lengths(shape, length)) {
            violated(shape, &value, path, rule);
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
        check_map_keys(shape, *map, path);
        for (auto& entry : *map) {
            const Path here{path, "value"};
            if (!check(shape.element, entry.value(), &here)) {
                return false;
            }
        }
        return true;
    }

    // One sentence for a map, however many of its keys are wrong.
    void check_map_keys(const Shape& shape, const json::object& map, const Path* path) {
        for (const auto& entry : map) {
            std::string all;
            for (const std::string& rule : broken_rules(service_.shape(shape.key), entry.key())) {
                all += (all.empty() ? "Member must " : ", Member must ") + rule;
            }
            if (!all.empty()) {
                const std::string echo = is_shown(shape) ? quoted(printed_map(map)) : std::string{};
                report(echo, path, "Map keys must satisfy constraint: [" + all + "]");
                return;
            }
        }
    }

    bool check_string(const Shape& shape, const json::value& value, const Path* path) {
        const auto* text = value.if_string();
        if (text == nullptr) {
            return wrong_type(shape, path);
        }
        for (const std::string& rule : broken_rules(shape, *text)) {
            violated(shape, &value, path, rule);
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
