#include "src/dev/api.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace claviger::dev {
namespace {

constexpr std::chrono::seconds kPatience{10};

std::string member(const http::Answer& answer, std::string_view name) {
    boost::system::error_code failed;
    const boost::json::value body = boost::json::parse(answer.body, failed);
    const boost::json::object* object = failed ? nullptr : body.if_object();
    const boost::json::value* value = object == nullptr ? nullptr : object->if_contains(name);
    return value == nullptr || !value->is_string() ? std::string() : std::string(value->get_string());
}

}  // namespace

std::string Refused::type() const {
    return member(answer, "__type");
}

std::string Refused::describe() const {
    return type() + ": " + member(answer, "message");
}

boost::asio::awaitable<Outcome<boost::json::object>> Api::call(std::string_view operation,
                                                               boost::json::object input) {
    const std::string body = boost::json::serialize(input);
    http::Call call = like_;
    call.operation = operation;
    call.body = as_bytes(body);
    call.time = SystemClock().wall();
    call.deadline = SystemClock().mono() + kPatience;
    http::Answer answer = co_await kms_.call(io_, call);
    if (answer.status != 200) {
        co_return Refused{std::move(answer)};
    }
    if (answer.body.empty()) {
        co_return boost::json::object();
    }
    co_return boost::json::parse(answer.body).get_object();  // our own JSON
}

}  // namespace claviger::dev
