#include <algorithm>

#include "src/kms/grant_token.hpp"
#include "src/kms/grants.hpp"
#include "src/kms/operations/operations.hpp"
#include "src/kms/resolve.hpp"
#include "src/policy/authorize.hpp"

namespace claviger::kms {
namespace {

struct RetireRequest {
    std::optional<std::string_view> token;
    std::optional<std::string_view> key;
    std::optional<std::string_view> id;
    bool dry_run = false;

    static constexpr auto fields() {
        return std::tuple(field("GrantToken", &RetireRequest::token), field("KeyId", &RetireRequest::key),
                          field("GrantId", &RetireRequest::id), field("DryRun", &RetireRequest::dry_run));
    }
};

constexpr KeyParameter kKey{
    "KeyId", KeyForms::id_or_arn, Need::required, policy::Action::retire_grant, States::any, {}, {}};

// The key and the grant's id, whichever way the request names them.
struct Named {
    KeyPtr key;
    std::string id;
};

Outcome<Named> named_by(Call& call, const RetireRequest& request) {
    if (request.token.has_value() == (request.key && request.id) ||
        (request.token && (request.key || request.id))) {
        return validation("Specify either GrantToken, or KeyId and GrantId.");
    }
    if (request.token) {
        std::optional<GrantToken> token = read_grant_token(call, *request.token);
        if (!token) {
            return Failure(ErrorType::invalid_grant_token, {});
        }
        KeyPtr key = token->region == call.http.region
                         ? call.parts.catalogue.key(token->account, token->region, token->key)
                         : nullptr;
        if (key == nullptr) {
            return grant_not_found(token->grant);
        }
        return Named{std::move(key), std::move(token->grant)};
    }
    if (auto refused = check_grant_id(*request.id)) {
        return *std::move(refused);
    }
    Outcome<KeyPtr> key = resolve_key(call, kKey);
    if (!key) {
        return std::move(key).error();
    }
    return Named{*std::move(key), std::string(*request.id)};
}

// The grant itself says who may retire it: its retiring principal, its grantee if it may, the account that
// made it, and the account that owns the key.
bool may_retire(const policy::Principal& caller, const store::GrantRecord& grant) {
    const bool grantee = grant.grantee == caller.arn &&
                         std::ranges::find(grant.operations, "RetireGrant") != grant.operations.end();
    return grantee || grant.retiring == caller.arn || grant.issuer == caller.account ||
           grant.account == caller.account;
}

asio::awaitable<Outcome<Empty>> handle_retire_grant(Call& call, const RetireRequest& request) {
    Outcome<Named> named = named_by(call, request);
    if (!named) {
        co_return std::move(named).error();
    }
    const GrantPtr grant = call.parts.catalogue.grants().find(named->key->record, named->id);
    if (grant == nullptr) {
        co_return grant_not_found(named->id);
    }
    if (!may_retire(call.principal(), *grant)) {
        co_return access_denied(policy::foreign_denial_text(call.principal(), call.row->action));
    }
    call.keys[0] = named->key;
    if (request.dry_run) {
        co_return dry_run();
    }
    call.audit.grant_id = named->id;
    co_return co_await erase_grant(call, named->key->record, named->id);
}

}  // namespace

asio::awaitable<Outcome<std::string>> retire_grant(Call& call) {
    return run(call, handle_retire_grant);
}

}  // namespace claviger::kms
