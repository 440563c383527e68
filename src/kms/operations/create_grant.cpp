#include <algorithm>

#include <boost/json/object.hpp>

#include <claviger/base/encoding.hpp>

#include "src/kms/context.hpp"
#include "src/kms/grant_token.hpp"
#include "src/kms/grants.hpp"
#include "src/kms/operations/operations.hpp"
#include "src/model/constraints.hpp"
#include "src/policy/document.hpp"

namespace claviger::kms {
namespace {

constexpr std::uint64_t kGrantsPerKey = 50'000;  // quota of AWS KMS
constexpr std::size_t kMaxPairs = 8;             // of one constraint
constexpr std::size_t kMaxValue = 384;           // characters

struct Constraints {
    EncryptionContext equals;
    EncryptionContext subset;
    std::optional<std::string_view> source_arn;

    static constexpr auto fields() {
        return std::tuple(field("EncryptionContextEquals", &Constraints::equals),
                          field("EncryptionContextSubset", &Constraints::subset),
                          field("SourceArn", &Constraints::source_arn));
    }
};

struct CreateGrantRequest {
    std::optional<std::string_view> grantee;
    std::optional<std::string_view> grantee_service;
    std::optional<std::string_view> retiring;
    std::optional<std::string_view> retiring_service;
    std::vector<std::string_view> operations;
    Constraints constraints;
    std::string_view name;
    bool dry_run = false;

    static constexpr auto fields() {
        return std::tuple(field("GranteePrincipal", &CreateGrantRequest::grantee),
                          field("GranteeServicePrincipal", &CreateGrantRequest::grantee_service),
                          field("RetiringPrincipal", &CreateGrantRequest::retiring),
                          field("RetiringServicePrincipal", &CreateGrantRequest::retiring_service),
                          field("Operations", &CreateGrantRequest::operations),
                          field("Constraints", &CreateGrantRequest::constraints),
                          field("Name", &CreateGrantRequest::name),
                          field("DryRun", &CreateGrantRequest::dry_run));
    }
};

struct CreateGrantResponse {
    std::string id;
    std::string token;

    static constexpr auto fields() {
        return std::tuple(field("GrantId", &CreateGrantResponse::id),
                          field("GrantToken", &CreateGrantResponse::token));
    }
};

// For the audit record: the token is a secret handle_create_grant.
struct GrantMade {
    std::string_view id;

    static constexpr auto fields() { return std::tuple(field("GrantId", &GrantMade::id)); }
};

using Refused = std::optional<Failure>;

Refused check_principals(const CreateGrantRequest& request) {
    if (request.grantee_service || request.retiring_service || request.constraints.source_arn) {
        return validation(
            "Claviger has no service principals: use GranteePrincipal and RetiringPrincipal, without "
            "SourceArn.");
    }
    if (!request.grantee) {
        return missing_member("granteePrincipal");
    }
    for (const auto& principal : {request.grantee, request.retiring}) {
        if (principal && !policy::is_principal_arn(*principal)) {
            return Failure(ErrorType::invalid_arn, "Invalid arn '" + std::string(*principal) + "'");
        }
    }
    return std::nullopt;
}

Refused check_operations(const store::KeyRecord& key, const std::vector<std::string_view>& operations) {
    if (operations.empty()) {
        return validation("Operations must name at least one operation.");
    }
    for (const std::string_view operation : operations) {
        if (!can_grant(key, operation)) {
            return validation("The operation " + std::string(operation) +
                              " cannot be granted on a KMS key with key spec " + key.spec +
                              " and key usage " + key.usage + ".");
        }
    }
    return std::nullopt;
}

Refused check_constraint(const EncryptionContext& constraint) {
    if (constraint.pairs == nullptr) {
        return std::nullopt;
    }
    if (constraint.pairs->size() > kMaxPairs) {
        return validation("A grant constraint must not have more than " + std::to_string(kMaxPairs) +
                          " pairs.");
    }
    for (const auto& pair : *constraint.pairs) {
        if (model::code_points(wire::text_of(pair.value())) > kMaxValue) {
            return validation("A value of a grant constraint must not be longer than " +
                              std::to_string(kMaxValue) + " characters.");
        }
    }
    return std::nullopt;
}

Refused check_constraints(const store::KeyRecord& key, const Constraints& constraints) {
    const bool any = constraints.equals.pairs != nullptr || constraints.subset.pairs != nullptr;
    if (any && key.spec != kSymmetricDefault) {
        return validation("Encryption context constraints are valid only on symmetric encryption keys.");
    }
    if (auto refused = check_constraint(constraints.equals)) {
        return refused;
    }
    return check_constraint(constraints.subset);
}

std::vector<store::Tag> sorted_pairs(const EncryptionContext& context) {
    std::vector<store::Tag> pairs;
    if (context.pairs != nullptr) {
        for (const auto& pair : *context.pairs) {
            pairs.push_back({std::string(pair.key()), std::string(wire::text_of(pair.value()))});
        }
    }
    std::ranges::sort(pairs, {}, &store::Tag::key);
    return pairs;
}

store::GrantRecord record_of(const Call& call, const CreateGrantRequest& request) {
    const store::KeyRecord& key = call.key().record;
    store::GrantRecord grant;
    grant.account = key.account;
    grant.region = key.region;
    grant.key = key.id;
    std::array<std::byte, 32> id;
    call.parts.random.fill(id);
    grant.id = to_hex(id);
    grant.name = request.name;
    grant.grantee = *request.grantee;
    grant.retiring = request.retiring.value_or(std::string_view{});
    grant.issuer = call.principal().account;
    for (const std::string_view operation : request.operations) {
        if (std::ranges::find(grant.operations, operation) == grant.operations.end()) {
            grant.operations.emplace_back(operation);
        }
    }
    grant.context_equals = sorted_pairs(request.constraints.equals);
    grant.context_subset = sorted_pairs(request.constraints.subset);
    grant.created = call.parts.life.now();
    return grant;
}

// A retry of the request that made `old`?
bool same_parameters(const store::GrantRecord& old, const store::GrantRecord& made) {
    const auto facts = [](const store::GrantRecord& grant) {
        return std::tie(grant.grantee, grant.retiring, grant.issuer, grant.operations, grant.context_equals,
                        grant.context_subset);
    };
    return facts(old) == facts(made);
}

// Stores the grant, unless the same one of the same name is there: then `grant` becomes that one.
Outcome<Done> insert(const Call& call, store::Txn& txn, store::GrantRecord& grant) {
    const Outcome<store::KeyRecord> key = current_row(call, txn, call.key(), States::active);
    if (!key) {
        return key.error();
    }
    if (!grant.name.empty()) {
        auto named = txn.grants_named(grant.account, grant.region, grant.key, grant.name);
        if (!named) {
            return store_failed(call, named.error());
        }
        const auto same = std::ranges::find_if(
            *named, [&](const store::GrantRecord& old) { return same_parameters(old, grant); });
        if (same != named->end()) {
            grant = *same;
            return done;
        }
    }
    auto count = txn.count_grants(grant.account, grant.region, grant.key);
    if (!count) {
        return store_failed(call, count.error());
    }
    if (*count >= kGrantsPerKey) {
        return Failure(ErrorType::limit_exceeded, "The KMS key " + call.key().arn + " already has " +
                                                      std::to_string(kGrantsPerKey) + " grants.");
    }
    if (auto written = txn.put(grant); !written) {
        return store_failed(call, written.error());
    }
    return done;
}

asio::awaitable<Outcome<CreateGrantResponse>> handle_create_grant(Call& call,
                                                                  const CreateGrantRequest& request) {
    const store::KeyRecord& key = call.key().record;
    for (const Refused& refused : {check_principals(request), check_operations(key, request.operations),
                                   check_constraints(key, request.constraints)}) {
        if (refused) {
            co_return *refused;
        }
    }
    if (request.dry_run) {
        co_return dry_run();
    }
    store::GrantRecord grant = record_of(call, request);
    Decide decide = [&](store::Txn& txn) {
        Outcome<Done> inserted = insert(call, txn, grant);
        call.audit.response_elements.clear();
        append_for_audit(call.audit.response_elements, GrantMade{grant.id});
        return inserted;
    };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    co_return CreateGrantResponse{grant.id, make_grant_token(call, grant)};
}

}  // namespace

asio::awaitable<Outcome<std::string>> create_grant(Call& call) {
    return run(call, handle_create_grant);
}

}  // namespace claviger::kms
