#include "src/api/body.hpp"

#include "src/api/json_text.hpp"

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

std::string error_body(std::string_view type, std::string_view message_member, std::string_view message) {
    std::string body;
    ObjectText object(body);
    object.text("__type", type);
    if (!message.empty()) {
        object.text(message_member, message);
    }
    object.close();
    return body;
}

}  // namespace claviger::api
