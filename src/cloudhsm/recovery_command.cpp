#include "src/cloudhsm/recovery_command.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include <claviger/base/files.hpp>

namespace claviger::cloudhsm {
namespace {

namespace json = boost::json;
using boost::asio::awaitable;

constexpr std::size_t kMaxFile = 1 << 16;

std::string text_of(const json::object& request, std::string_view name) {
    const json::value* value = request.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

Result<std::string> write_request(Manager& manager, const std::string& hsm, const std::string& file) {
    const Result<RecoveryRequest> asked = manager.recovery_request(hsm);
    if (!asked) {
        return asked.error();
    }
    if (Status<> written = replace_file(file, encode_recovery_request(*asked)); !written) {
        return std::move(written).error();
    }
    return fmt::format(
        "{} asks the holder of the recovery key {}\n"
        "for the wrapping key, under its transport key         {}\n"
        "Take {} to the holder, who runs: claviger recovery answer. He must see the same two fingerprints.\n"
        "A restart of the service makes a new transport key: then ask again.\n",
        joining(*asked), fingerprint(asked->recovery_public), fingerprint(asked->transport_public), file);
}

awaitable<Result<std::string>> take_answer(Manager& manager, const std::string& file) {
    const Result<Bytes> content = read_file(file, kMaxFile);
    if (!content) {
        co_return content.error();
    }
    Result<RecoveryAnswer> answer = parse_recovery_answer(*content);
    if (!answer) {
        co_return Error(answer.error().code, file + ": " + answer.error().detail);
    }
    const std::string hsm = answer->hsm;
    const Status<> taken = co_await manager.take_recovery_answer(*std::move(answer));
    if (!taken) {
        co_return taken.error();
    }
    co_return hsm + " joins; aws cloudhsmv2 describe-clusters tells when it is ACTIVE\n";
}

}  // namespace

awaitable<Result<std::string>> answer_recovery_command(Manager& manager, std::string request) {
    boost::system::error_code error;
    const json::value parsed = json::parse(request, error);
    const bool readable = !error && parsed.is_object();
    const std::string command = readable ? text_of(parsed.get_object(), "command") : std::string();
    const std::string file = readable ? text_of(parsed.get_object(), "file") : std::string();
    if (command == "request") {
        co_return write_request(manager, text_of(parsed.get_object(), "hsm"), file);
    }
    if (command == "answer") {
        co_return co_await take_answer(manager, file);
    }
    co_return Error(Errc::bad_config, "recovery can write a request and take an answer");
}

}  // namespace claviger::cloudhsm
