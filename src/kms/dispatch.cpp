// The life of a KMS request, in one straight line.
#include <algorithm>

#include <boost/json.hpp>
#include <exception>

#include <claviger/base/secret.hpp>

#include "src/api/audit_text.hpp"
#include "src/api/body.hpp"
#include "src/audit/writer.hpp"
#include "src/base/json_string.hpp"
#include "src/kms/authorise.hpp"
#include "src/kms/aws_managed.hpp"
#include "src/kms/grant_token.hpp"
#include "src/kms/key_store.hpp"
#include "src/kms/operation.hpp"
#include "src/kms/recipient.hpp"
#include "src/kms/resolve.hpp"
#include "src/kms/state.hpp"
#include "src/model/arena.hpp"
#include "src/model/validate.hpp"

namespace claviger::kms {
namespace {

using Refused = std::optional<Failure>;

Refused find(Call& call) {
    call.model = model::kms().find(call.http.operation);
    call.row = find_operation(call.http.operation);
    if (call.model == nullptr || call.row == nullptr) {
        return Failure(ErrorType::unknown_operation, {});
    }
    return std::nullopt;
}

Refused read_input(Call& call, model::WipingArena& arena, std::optional<boost::json::value>& body) {
    if (auto wrong = read_body(model::kms(), call.model->input, call.http.body, arena, body)) {
        switch (wrong->kind) {
            case model::Violation::Kind::serialization:
                return Failure(ErrorType::serialization, std::move(wrong->message));
            case model::Violation::Kind::constraint: return validation(std::move(wrong->message));
        }
    }
    call.input = &*body;
    return std::nullopt;
}

Refused check_grant_tokens(const Call& call) {
    const auto* tokens = call.input->get_object().if_contains("GrantTokens");
    if (tokens == nullptr ||
        model::find_member(model::kms().shape(call.model->input), "GrantTokens") == nullptr) {
        return std::nullopt;
    }
    if (!std::ranges::binary_search(call.model->errors, row_of(ErrorType::invalid_grant_token).name)) {
        return std::nullopt;  // DescribeKey takes tokens but has no error for bad ones
    }
    for (const boost::json::value& token : tokens->get_array()) {
        if (!read_grant_token(call, wire::text_of(token))) {
            return Failure(ErrorType::invalid_grant_token, {});
        }
    }
    return std::nullopt;
}

Refused authorise_alias(Call& call) {
    const std::string_view name = wire::text_of(call.input->get_object().at("AliasName"));
    if (auto refused = check_alias_name(name)) {
        return refused;
    }
    call.audit.alias_arn =
        alias_arn(call.parts.catalogue.partition(), call.http.region, call.account(), name);
    return authorise(call, call.row->action, call.principal().account, call.audit.alias_arn);
}

// One key after the other, so that trouble with the source of ReEncrypt is reported before its destination.
Refused admit_key(Call& call, const KeyParameter& parameter, KeyPtr& to) {
    Outcome<KeyPtr> found = resolve_key(call, parameter);
    if (!found) {
        return std::move(found).error();
    }
    if (*found == nullptr) {
        return std::nullopt;
    }
    const Key& key = **found;
    // A key that only narrows a list of the caller's own account needs no permission of its own.
    const bool filter =
        call.row->subject == Subject::account && key.record.account == call.principal().account;
    if (auto refused =
            filter ? std::nullopt
                   : authorise(call, parameter.action, key.record.account, key.arn, key.record.policy)) {
        return named_by_ciphertext_only(call, parameter) ? Refused(foreign_ciphertext()) : std::move(refused);
    }
    if (auto refused = check_manager(call, parameter, key)) {
        return refused;
    }
    to = *std::move(found);
    const store::KeyState state =
        key.expires ? key.state_at(call.parts.life.now()) : state_of(call.parts.catalogue, key.record);
    return check_state(parameter.states, state, key.arn);
}

Refused admit(Call& call) {
    switch (call.row->subject) {
        case Subject::account:
            if (auto refused = authorise(call, call.row->action, call.principal().account, "*")) {
                return refused;
            }
            break;
        case Subject::alias:
            if (auto refused = authorise_alias(call)) {
                return refused;
            }
            break;
        case Subject::keys: break;
    }
    for (std::size_t i = 0; i < call.keys.size() && !call.row->keys[i].member.empty(); ++i) {
        if (auto refused = admit_key(call, call.row->keys[i], call.keys[i])) {
            return refused;
        }
    }
    return std::nullopt;
}

asio::awaitable<Outcome<std::string>> process(Call& call, model::WipingArena& arena,
                                              std::optional<boost::json::value>& body) {
    if (auto refused = find(call)) {
        co_return *std::move(refused);
    }
    if (auto refused = read_input(call, arena, body)) {
        co_return *std::move(refused);
    }
    if (auto refused = check_grant_tokens(call)) {
        co_return *std::move(refused);
    }
    if (auto refused = co_await read_recipient(call)) {
        co_return *std::move(refused);
    }
    if (call.row->action == policy::Action::describe_key) {
        if (auto refused = co_await make_described_key(call)) {
            co_return *std::move(refused);
        }
    }
    if (auto refused = admit(call)) {
        co_return *std::move(refused);
    }
    if (!call.io.audit.accepting()) {
        co_return internal("the audit sink takes no records");
    }
    co_return co_await call.row->run(call);
}

void note_use(const Call& call) {
    if (call.row->access != Access::use) {
        return;
    }
    const Use use{call.row->name, call.parts.life.now(), call.audit.event_id, call.http.request_id};
    for (const KeyPtr& key : call.keys) {
        if (key != nullptr) {
            call.parts.catalogue.uses().note(*key, use);
        }
    }
}

// What is thrown below is a bug, or memory that ran out; the request is audited as any other that failed.
asio::awaitable<Outcome<std::string>> process_all(Call& call, model::WipingArena& arena,
                                                  std::optional<boost::json::value>& body) {
    try {
        co_return co_await process(call, arena, body);
    } catch (const std::exception& bug) {
        co_return internal(std::string("exception: ") + bug.what());
    }
}

http::Answer answer_of(const Failure& failure) {
    return {row_of(failure.type).status, error_body(row_of(failure.type).name, "message", failure.text())};
}

}  // namespace

KmsService::KmsService(ServiceOptions options, ServiceParts parts)
    : options_(std::move(options)), parts_(parts) {}

std::string_view KmsService::target_prefix() const {
    return model::kms().target_prefix;
}

std::string_view KmsService::signing_name() const {
    return "kms";
}

asio::awaitable<http::Answer> KmsService::call(http::IoContext& io, const http::Call& http_call) {
    model::WipingArena arena;
    std::optional<boost::json::value> body;  // in the arena, so it goes first
    Call call{options_, parts_, io, http_call};
    Outcome<std::string> outcome = co_await process_all(call, arena, body);
    if (!call.audit.committed) {
        const std::string record =
            audit_record(call, outcome ? nullptr : &outcome.error(), parts_.store.sequence());
        Status<> recorded = co_await io.audit.append(record);
        if (!recorded && outcome) {
            wipe(*outcome);
            outcome = internal(recorded.error().describe());
        }
    }
    if (!outcome) {
        if (options_.report && row_of(outcome.error().type).status >= 500) {
            options_.report(http_call, outcome.error());
        }
        co_return answer_of(outcome.error());
    }
    note_use(call);
    co_return http::Answer{200, *std::move(outcome)};
}

asio::awaitable<void> KmsService::refused(http::IoContext& io, const http::Refusal& refusal) {
    const std::string record = refusal_record(refusal, kAuditSource, parts_.random, parts_.store.sequence());
    Status<> recorded = co_await io.audit.append(record);
    static_cast<void>(recorded);  // the request is refused either way, and the writer raises its own alarm
}

}  // namespace claviger::kms
