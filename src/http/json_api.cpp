#include "src/http/json_api.hpp"

#include <algorithm>
#include <array>
#include <exception>

#include "src/base/json_string.hpp"
#include "src/http/reply.hpp"
#include "src/observe/log.hpp"

namespace claviger::http {
namespace {

using boost::asio::awaitable;

std::string_view field(const RequestHead& head, std::string_view name) noexcept {
    const auth::HeaderView* const found = auth::find_header(head.fields, name);
    return found == nullptr ? std::string_view() : found->value;
}

Answer refusal(unsigned status, std::string_view type, std::string_view message) {
    Answer answer;
    answer.status = status;
    answer.body = error_body(type, "message", message);
    return answer;
}

Answer wrong_method(const RequestHead& head, Persistence& persistence) {
    constexpr std::array<std::string_view, 6> kHarmless = {"GET",    "HEAD",    "PUT",
                                                           "DELETE", "OPTIONS", "PATCH"};
    if (std::ranges::find(kHarmless, head.method) != kHarmless.end()) {
        return refusal(404, "UnknownOperationException", {});
    }
    persistence = Persistence::close;
    return refusal(405, "UnknownOperationException", {});
}

}  // namespace

JsonService* JsonApi::find_service(std::string_view target) const noexcept {
    const std::string_view prefix = target.substr(0, target.find('.'));
    const auto found = std::ranges::find_if(
        services_, [prefix](const JsonService* service) { return service->target_prefix() == prefix; });
    return found == services_.end() || prefix.size() == target.size() ? nullptr : *found;
}

awaitable<Answer> JsonApi::answer(const Arrival& arrival, Persistence& persistence) {
    const RequestHead& head = arrival.head;
    if (head.method != "POST") {
        co_return wrong_method(head, persistence);
    }
    if (auth::path_of(head.target) != "/") {
        co_return refusal(404, "UnknownOperationException", {});
    }
    const std::string_view target = field(head, "x-amz-target");
    JsonService* const service = find_service(target);
    if (service == nullptr) {
        co_return refusal(400, "UnknownOperationException", {});
    }
    const std::string_view operation = target.substr(service->target_prefix().size() + 1);
    const auth::SignedRequest signed_request{head.method, head.target, head.fields, arrival.body};
    std::string failure;
    try {
        const auto verified = verifier_.verify(signed_request, service->signing_name(), arrival.wall);
        if (!verified) {
            co_return co_await refuse(*service, arrival, operation, verified.error());
        }
        const Call call{
            .operation = operation,
            .body = arrival.body,
            .principal = *verified->principal,
            .region = verified->region,
            .request_id = arrival.request_id,
            .source_ip = arrival.peer.address,
            .user_agent = field(head, "user-agent"),
            .host_header = field(head, "host"),
            .tls_version = arrival.peer.tls_version,
            .tls_cipher = arrival.peer.tls_cipher,
            .time = arrival.wall,
            .deadline = arrival.deadline,
        };
        co_return co_await service->call(io_, call);
    } catch (const std::exception& bug) {
        failure = bug.what();
    }
    observe::error("http.internal_failure", {{"request", arrival.request_id}, {"reason", failure}});
    co_return refusal(500, "InternalFailure", {});
}

awaitable<Answer> JsonApi::refuse(JsonService& service, const Arrival& arrival, std::string_view operation,
                                  const auth::AuthError& error) {
    const bool is_ours = error.code == auth::AuthErrc::internal;
    if (is_ours) {
        observe::error("http.internal_failure", {{"request", arrival.request_id}, {"reason", error.message}});
    }
    const Refusal record{
        .operation = operation,
        .error = auth::json_type(error.code),
        .message = is_ours ? std::string_view() : std::string_view(error.message),
        .access_key_id = error.access_key_id,
        .region = error.region,
        .request_id = arrival.request_id,
        .source_ip = arrival.peer.address,
        .user_agent = field(arrival.head, "user-agent"),
        .host_header = field(arrival.head, "host"),
        .tls_version = arrival.peer.tls_version,
        .tls_cipher = arrival.peer.tls_cipher,
        .time = arrival.wall,
    };
    co_await service.refused(io_, record);
    co_return refusal(is_ours ? 500 : 400, record.error, record.message);
}

}  // namespace claviger::http
