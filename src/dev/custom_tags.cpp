#include "src/dev/custom_tags.hpp"

#include <optional>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <claviger/base/encoding.hpp>

#include "src/dev/api.hpp"
#include "src/dev/import.hpp"

namespace claviger::dev {
namespace {

namespace json = boost::json;

constexpr std::string_view kMaterialTag = "_custom_key_material_";

std::string_view text(const json::object& object, std::string_view name) {
    const json::value* const found = object.if_contains(name);
    return found != nullptr && found->is_string() ? std::string_view(found->get_string())
                                                  : std::string_view();
}

// Takes the tag out of the list. nullopt: it is not there.
std::optional<std::string> take_material(json::object& input) {
    const auto tags = input.find("Tags");
    if (tags == input.end() || !tags->value().is_array()) {
        return std::nullopt;
    }
    json::array& list = tags->value().get_array();
    for (auto at = list.begin(); at != list.end(); ++at) {
        if (at->is_object() && text(at->get_object(), "TagKey") == kMaterialTag) {
            std::string value(text(at->get_object(), "TagValue"));
            list.erase(at);
            return value;
        }
    }
    return std::nullopt;
}

http::Answer validation(std::string_view message) {
    return {400, json::serialize(json::object{{"__type", "ValidationException"}, {"message", message}})};
}

boost::asio::awaitable<http::Answer> create_with(Api& api, json::object input, ByteView material) {
    const std::string_view origin = text(input, "Origin");
    if (!origin.empty() && origin != "AWS_KMS" && origin != "EXTERNAL") {
        co_return validation("_custom_key_material_ goes with the Origin AWS_KMS or EXTERNAL.");
    }
    input["Origin"] = "EXTERNAL";
    Outcome<json::object> made = co_await api.call("CreateKey", std::move(input));
    if (!made) {
        co_return std::move(made).error().answer;
    }
    const json::object& metadata = made->at("KeyMetadata").as_object();
    const std::string key(text(metadata, "KeyId"));
    const std::string spec(text(metadata, "KeySpec"));
    Outcome<json::object> imported = co_await import_material(api, key, spec, material);
    if (!imported) {
        json::object unwanted{{"KeyId", key}, {"PendingWindowInDays", 7}};
        Outcome<json::object> scheduled = co_await api.call("ScheduleKeyDeletion", std::move(unwanted));
        static_cast<void>(scheduled);  // what the caller wants to know is why the material was refused
        co_return std::move(imported).error().answer;
    }
    json::object wanted{{"KeyId", key}};
    Outcome<json::object> now = co_await api.call("DescribeKey", std::move(wanted));
    if (!now) {
        co_return std::move(now).error().answer;
    }
    co_return http::Answer{200, json::serialize(*now)};
}

}  // namespace

boost::asio::awaitable<http::Answer> CustomTags::call(http::IoContext& io, const http::Call& call) {
    if (call.operation != "CreateKey" || as_text(call.body).find(kMaterialTag) == std::string_view::npos) {
        co_return co_await kms_.call(io, call);
    }
    boost::system::error_code failed;
    json::value input = json::parse(as_text(call.body), failed);
    std::optional<std::string> given =
        !failed && input.is_object() ? take_material(input.get_object()) : std::nullopt;
    if (!given) {
        co_return co_await kms_.call(io, call);
    }
    const auto material = from_base64(*given);
    if (!material || material->empty()) {
        co_return validation("_custom_key_material_ is not base64.");
    }
    Api api(kms_, io, call);
    co_return co_await create_with(api, std::move(input.get_object()), *material);
}

boost::asio::awaitable<void> CustomTags::refused(http::IoContext& io, const http::Refusal& refusal) {
    return kms_.refused(io, refusal);
}

}  // namespace claviger::dev
