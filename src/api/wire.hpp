// The one JSON codec: each wire struct lists its fields once, decoding and encoding follow from that list.
//
// Requests are decoded from a value that model::validate() accepted, so decoding cannot fail; their members
// are views into the call's arena, which is wiped. Answers are written by hand into one string, reserved for
// the worst case beforehand: a plaintext is never left behind by a growing buffer.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <claviger/base/encoding.hpp>
#include <claviger/base/secret.hpp>

#include "src/api/json_text.hpp"

namespace claviger::api {

template <class Struct, class Value>
struct Field {
    std::string_view name;
    Value Struct::*member;
};

template <class Struct, class Value>
constexpr Field<Struct, Value> field(std::string_view name, Value Struct::*member) {
    return {name, member};
}

// Has `static constexpr auto fields()`, a tuple of field().
template <class T>
concept WireStruct = requires { T::fields(); };

// The pairs as the request gave them; nullptr is the empty context.
struct EncryptionContext {
    const boost::json::object* pairs = nullptr;
};

// A map of texts in an answer.
struct TextMap {
    std::vector<std::pair<std::string_view, std::string_view>> pairs;
};

enum class NameStyle {
    wire,   // KeyId, dates as numbers
    audit,  // keyId, dates as CloudTrail prints them
};

// A timestamp: a number of any kind, to the millisecond. What lies outside the years 1970 to 9999 becomes the
// nearest moment inside.
inline WallTime timestamp_of(const boost::json::value& value) {
    constexpr double kLast = 253'402'300'799.0;
    const auto seconds = value.is_double() ? value.get_double() : value.to_number<double>();
    const double inside = seconds > 0 ? std::min(seconds, kLast) : 0;
    return WallTime(std::chrono::milliseconds(std::llround(inside * 1000)));
}

namespace wire {

inline std::string_view text_of(const boost::json::value& value) {
    return value.get_string();
}

inline void read(const boost::json::value& from, std::string_view& to) {
    to = text_of(from);
}
inline void read(const boost::json::value& from, ByteView& to) {
    to = as_bytes(text_of(from));
}
inline void read(const boost::json::value& from, std::int64_t& to) {
    to = from.get_int64();
}
inline void read(const boost::json::value& from, bool& to) {
    to = from.get_bool();
}
inline void read(const boost::json::value& from, WallTime& to) {
    to = timestamp_of(from);
}
inline void read(const boost::json::value& from, EncryptionContext& to) {
    to.pairs = &from.get_object();
}
template <WireStruct T>
void read(const boost::json::value& from, T& to);
template <class T>
void read(const boost::json::value& from, std::vector<T>& to) {
    for (const boost::json::value& element : from.get_array()) {
        read(element, to.emplace_back());
    }
}
template <class T>
void read(const boost::json::value& from, std::optional<T>& to) {
    read(from, to.emplace());
}
template <WireStruct T>
void read(const boost::json::value& from, T& to) {
    const boost::json::object& object = from.get_object();
    std::apply(
        [&](const auto&... each) {
            [[maybe_unused]] const auto one = [&](const auto& f) {
                if (const boost::json::value* found = object.if_contains(f.name)) {
                    read(*found, to.*f.member);
                }
            };
            (one(each), ...);
        },
        T::fields());
}

class Writer {
public:
    Writer(std::string& out, NameStyle style) : out_(out), style_(style) {}

    void write(std::string_view text) { append_json_string(out_, text); }
    void write(bool value) { out_ += value ? "true" : "false"; }
    void write(std::int64_t value) { append_number(out_, value); }
    void write(ByteView bytes) {
        out_ += '"';
        append_base64(out_, bytes);
        out_ += '"';
    }
    void write(const Bytes& bytes) { write(ByteView(bytes)); }
    void write(const SecretBytes& bytes) { write(bytes.reveal(SecretAccess())); }
    void write(WallTime time) {
        if (style_ == NameStyle::wire) {
            append_timestamp(out_, time);
        } else {
            write(std::string_view(trail_date(time)));
        }
    }
    void write(const TextMap& map) {
        ObjectText object(out_);
        for (const auto& [name, value] : map.pairs) {
            object.pair(name, value);
        }
        object.close();
    }
    template <class T>
    void write(const std::vector<T>& list) {
        out_ += '[';
        for (const T& element : list) {
            if (&element != list.data()) {
                out_ += ',';
            }
            write(element);
        }
        out_ += ']';
    }
    template <WireStruct T>
    void write(const T& value) {
        bool first = true;
        out_ += '{';
        std::apply([&](const auto&... each) { (member(first, each.name, value.*each.member), ...); },
                   T::fields());
        out_ += '}';
    }

private:
    template <class T>
    void member(bool& first, std::string_view name, const std::optional<T>& value) {
        if (value) {
            member(first, name, *value);
        }
    }
    template <class T>
    void member(bool& first, std::string_view name, const T& value) {
        append_json_name(out_, name, std::exchange(first, false));
        if (char& initial = out_[out_.size() - name.size() - 2];
            style_ == NameStyle::audit && initial >= 'A' && initial <= 'Z') {
            initial = static_cast<char>(initial - 'A' + 'a');
        }
        write(value);
    }

    std::string& out_;
    const NameStyle style_;
};

inline constexpr std::size_t kNumberBound = 32;
inline std::size_t bound(std::string_view text) {
    return json_string_bound(text.size());
}
inline std::size_t bound(bool) {
    return kNumberBound;
}
inline std::size_t bound(std::int64_t) {
    return kNumberBound;
}
inline std::size_t bound(WallTime) {
    return kNumberBound;
}
inline std::size_t bound(const Bytes& bytes) {
    return base64_size(bytes.size()) + 2;
}
inline std::size_t bound(const SecretBytes& bytes) {
    return base64_size(bytes.size()) + 2;
}
inline std::size_t bound(const TextMap& map) {
    std::size_t sum = 2;
    for (const auto& [name, value] : map.pairs) {
        sum += bound(name) + bound(value) + 2;
    }
    return sum;
}
template <WireStruct T>
std::size_t bound(const T& value);
template <class T>
std::size_t bound(const std::vector<T>& list) {
    std::size_t sum = 2;
    for (const T& element : list) {
        sum += bound(element) + 1;
    }
    return sum;
}
template <class T>
std::size_t bound(const std::optional<T>& value) {
    return value ? bound(*value) : 0;
}
template <WireStruct T>
std::size_t bound(const T& value) {
    std::size_t sum = 2;
    std::apply([&](const auto&... each) { ((sum += each.name.size() + 4 + bound(value.*each.member)), ...); },
               T::fields());
    return sum;
}

}  // namespace wire

template <WireStruct Request>
Request decode(const boost::json::value& validated) {
    Request request;
    wire::read(validated, request);
    return request;
}

// A request whose only members are the row's key parameters.
struct NoMembers {
    static constexpr auto fields() { return std::tuple(); }
};

// The answers of fourteen operations have no body at all.
struct Empty {};

template <WireStruct Response>
std::string encode(const Response& response) {
    std::string body;
    body.reserve(wire::bound(response));
    wire::Writer(body, NameStyle::wire).write(response);
    return body;
}
inline std::string encode(const Empty&) {
    return {};
}

template <WireStruct T>
void append_for_audit(std::string& to, const T& value) {
    wire::Writer(to, NameStyle::audit).write(value);
}

}  // namespace claviger::api
