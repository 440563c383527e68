// From bytes to a JSON value that a service's model accepts.
#pragma once

#include <optional>
#include <string>

#include <boost/json/fwd.hpp>

#include <claviger/base/bytes.hpp>

#include "src/model/shape.hpp"

namespace claviger::model {

class WipingArena;

// RFC 8259, strict, at most 32 levels deep; of a repeated name the last one counts. Everything, scratch
// memory too, lives in `arena`. nullopt: not JSON.
std::optional<boost::json::value> parse_json(ByteView body, WipingArena& arena);

struct Violation {
    enum class Kind { serialization, constraint };
    Kind kind;
    std::string message;
};

// Checks `body` against the structure `input` and brings it into the form that decoders read: members that
// are null are gone, blobs are their bytes, integers are int64. Members that the model does not know are left
// alone. The first wrong JSON type is reported at once; all constraint violations together.
std::optional<Violation> validate(const Service& service, ShapeIndex input, boost::json::value& body);

}  // namespace claviger::model
