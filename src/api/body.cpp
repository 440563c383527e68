#include "src/api/body.hpp"

namespace claviger::api {

std::optional<model::Violation> read_body(const model::Service& service, model::ShapeIndex input,
                                          ByteView body, model::WipingArena& arena,
                                          std::optional<boost::json::value>& to) {
    to = model::parse_json(body, arena);
    if (!to) {
        return model::Violation{model::Violation::Kind::serialization, "The request body is not valid JSON."};
    }
    return model::validate(service, input, *to);
}

}  // namespace claviger::api
