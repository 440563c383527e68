// The API model as data: what tools/generate_model.py makes of a service model, read by the validator and the
// tests.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace claviger::model {

using ShapeIndex = std::uint16_t;

enum class Type : std::uint8_t { structure, list, map, string, blob, integer, boolean, timestamp };
enum class Presence : std::uint8_t { optional, required };
enum class Sensitive : std::uint8_t { no, yes };
enum class Fault : std::uint8_t { client, server };

inline constexpr std::int64_t kUnbounded = -1;

struct Member {
    std::string_view name;  // on the wire
    std::string_view path;  // in messages and audit records: lower camel
    ShapeIndex shape;
    Presence presence;
};

// The columns that do not apply to a type are empty or kUnbounded. `min` and `max` count code points of
// strings, decoded bytes of blobs, elements of lists and maps, and bound the value of integers.
struct Shape {
    std::string_view name;
    Type type;
    Sensitive sensitive;
    std::int64_t min;
    std::int64_t max;
    std::string_view pattern;                  // as the model prints it
    std::string_view regex;                    // the same for boost::wregex
    std::span<const std::string_view> values;  // of an enumeration
    std::span<const Member> members;           // of a structure, sorted by name
    ShapeIndex element;                        // of a list; the value of a map
    ShapeIndex key;                            // of a map
};

struct Operation {
    std::string_view name;
    ShapeIndex input;
    ShapeIndex output;
    std::span<const std::string_view> errors;  // sorted
};

struct Exception {
    std::string_view name;
    Fault fault;
};

inline constexpr ShapeIndex kNoShape = 0xffff;

struct Service {
    std::string_view api_version;
    std::string_view target_prefix;
    std::span<const Shape> shapes;
    std::span<const Operation> operations;  // sorted by name
    std::span<const Exception> exceptions;  // sorted by name

    const Shape& shape(ShapeIndex index) const noexcept { return shapes[index]; }
    const Operation* find(std::string_view operation) const noexcept;  // nullptr: not in the model
};

const Member* find_member(const Shape& structure, std::string_view name) noexcept;

// AWS KMS, version 2014-11-01.
const Service& kms() noexcept;
// AWS CloudHSM V2, version 2017-04-28.
const Service& cloudhsm() noexcept;

}  // namespace claviger::model
