#include "src/dev/custom_tags.hpp"

#include <string>
#include <vector>

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

// Takes every such tag out of the list: what stays goes into the audit record.
std::vector<std::string> take_materials(json::object& input) {
    std::vector<std::string> taken;
    const auto tags = input.find("Tags");
    if (tags == input.end() || !tags->value().is_array()) {
        return taken;
    }
    json::array& list = tags->value().get_array();
    for (auto at = list.begin(); at != list.end();) {
        if (at->is_object() && text(at->get_object(), "TagKey") == kMaterialTag) {
            taken.emplace_back(text(at->get_object(), "TagValue"));
            at = list.erase(at);
        } else {
            ++at;
        }
    }
    return taken;
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
    if (call.operation != "CreateKey") {
        co_return co_await kms_.call(io, call);
    }
    boost::system::error_code failed;  // then the operation says what is wrong with the body
    json::value input = json::parse(as_text(call.body), failed);
    std::vector<std::string> given;
    if (!failed && input.is_object()) {
        given = take_materials(input.get_object());
    }
    if (given.empty()) {
        co_return co_await kms_.call(io, call);
    }
    if (given.size() > 1) {
        co_return validation("_custom_key_material_ may be given once.");
    }
    const auto material = from_base64(given.front());
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
