#include <algorithm>

#include "src/kms/authorise.hpp"
#include "src/kms/commit.hpp"
#include "src/kms/key_policy.hpp"
#include "src/kms/metadata.hpp"
#include "src/kms/multi_region.hpp"
#include "src/kms/new_key.hpp"
#include "src/kms/operations/operations.hpp"
#include "src/kms/shared_imports.hpp"

namespace claviger::kms {
namespace {

struct ReplicateRequest {
    std::string_view region;
    std::optional<std::string_view> policy;
    bool bypass = false;
    std::string_view description;
    std::vector<TagArgument> tags;

    static constexpr auto fields() {
        return std::tuple(
            field("ReplicaRegion", &ReplicateRequest::region), field("Policy", &ReplicateRequest::policy),
            field("BypassPolicyLockoutSafetyCheck", &ReplicateRequest::bypass),
            field("Description", &ReplicateRequest::description), field("Tags", &ReplicateRequest::tags));
    }
};

struct ReplicateResponse {
    std::shared_ptr<const store::KeyRecord> record;  // what the metadata is a view of
    KeyMetadata metadata;
    std::string_view policy;
    std::optional<std::vector<TagArgument>> tags;

    static constexpr auto fields() {
        return std::tuple(field("ReplicaKeyMetadata", &ReplicateResponse::metadata),
                          field("ReplicaPolicy", &ReplicateResponse::policy),
                          field("ReplicaTags", &ReplicateResponse::tags));
    }
};

using Refused = std::optional<Failure>;

Refused check_region(const Call& call, std::string_view region) {
    const auto& served = call.options.regions;
    return served.empty() || std::ranges::find(served, region) != served.end()
               ? std::nullopt
               : Refused(
                     unsupported("This service does not answer for the Region " + std::string(region) + "."));
}

// In the other Region the caller makes a key.
Refused check_new_key(const Call& call, const ReplicateRequest& request, std::string_view arn) {
    if (auto refused = authorise(call, policy::Action::create_key, call.principal().account, "*")) {
        return refused;
    }
    if (auto refused = check_tagging(call, request.tags)) {
        return refused;
    }
    return request.policy ? check_key_policy(call, *request.policy, arn,
                                             request.bypass ? LockoutCheck::bypass : LockoutCheck::run)
                          : std::nullopt;
}

// What does not come from the primary key.
store::KeyRecord own_part(const Call& call, const ReplicateRequest& request) {
    store::KeyRecord own;
    own.region = request.region;
    own.description = request.description;
    own.policy = request.policy ? std::string(*request.policy)
                                : default_key_policy(call.parts.catalogue.partition(), call.account());
    merge_tags(own.tags, request.tags);
    own.created = call.parts.life.now();
    return own;
}

store::KeyRecord replica_of(const store::KeyRecord& primary, store::KeyRecord own) {
    own.account = primary.account;
    own.id = primary.id;
    own.cluster = primary.cluster;
    own.state = primary.origin == "EXTERNAL" ? store::KeyState::pending_import : store::KeyState::enabled;
    own.spec = primary.spec;
    own.usage = primary.usage;
    own.origin = primary.origin;
    own.multi_region = true;
    own.current_material = primary.current_material;
    own.primary_region = primary.primary_region;
    return own;
}

// The replica's own row of something that the primary key has.
template <class Row>
Status<> copy_row(store::Txn& txn, Row row, const std::string& region) {
    row.region = region;
    row.version = 0;
    return txn.put(std::move(row));
}
template <class Row>
Status<> copy_rows(store::Txn& txn, Result<std::vector<Row>> rows, const std::string& region) {
    if (!rows) {
        return std::move(rows).error();
    }
    Status<> copied = done;
    for (Row& row : *rows) {
        copied = copied ? copy_row(txn, std::move(row), region) : copied;
    }
    return copied;
}

// Imported material is not copied: it is imported into each Region, where it may be known what it is.
Status<> copy_history(store::Txn& txn, const store::KeyRecord& from, const std::string& region) {
    if (from.origin == "EXTERNAL") {
        Result<std::vector<store::ImportRecord>> imports = txn.imports(from.account, from.region, from.id);
        if (!imports) {
            return std::move(imports).error();
        }
        for (store::ImportRecord& import : *imports) {
            import.valid_to.reset();
        }
        if (Status<> copied = copy_rows(txn, std::move(imports), region); !copied) {
            return copied;
        }
    } else if (Status<> copied = copy_rows(txn, txn.materials(from.account, from.region, from.id), region);
               !copied) {
        return copied;
    }
    if (Status<> copied = copy_rows(txn, txn.rotations(from.account, from.region, from.id), region);
        !copied) {
        return copied;
    }
    const auto schedule = txn.rotation_schedule(from.account, from.region, from.id);
    if (!schedule) {
        return schedule.error();
    }
    return *schedule ? copy_row(txn, **schedule, region) : Status<>(done);
}

Outcome<Done> insert_replica(const Call& call, store::Txn& txn, const store::KeyRecord& own,
                             std::string_view arn) {
    Outcome<store::KeyRecord> primary = current_row(call, txn, call.key(), States::replicable);
    if (!primary) {
        return std::move(primary).error();
    }
    const auto there = txn.key(primary->account, own.region, primary->id);
    if (!there) {
        return store_failed(call, there.error());
    }
    if (*there) {
        return Failure(ErrorType::already_exists, "The KMS key " + std::string(arn) + " exists already.");
    }
    if (is_replica(*primary)) {
        return not_primary(call.key().arn);
    }
    const store::KeyRecord replica = replica_of(*primary, own);
    if (Outcome<Done> inserted = insert_key(call, txn, replica); !inserted) {
        return inserted;
    }
    Status<> written = copy_history(txn, *primary, own.region);
    written = written ? settle_pending(txn, *primary) : written;
    written = written ? txn.audit(service_event_record("CreateKey", replica, arn, call.http.time,
                                                       call.parts.random, call.parts.store.sequence()))
                      : written;
    return written ? Outcome<Done>(done) : store_failed(call, written.error());
}

// The answer shows the replica while it is being made; it is ready when the answer is there.
ReplicateResponse response_of(const Call& call, const ReplicateRequest& request, const store::KeyRecord& own,
                              std::string arn) {
    auto shown = std::make_shared<store::KeyRecord>(replica_of(call.key().record, own));
    shown->state = store::KeyState::creating;
    shown->current_material.clear();
    ReplicateResponse response;
    response.record = shown;
    response.metadata = metadata_of(call.parts.catalogue, *shown, std::move(arn));
    response.policy = shown->policy;
    if (!request.tags.empty()) {
        response.tags = request.tags;
    }
    return response;
}

asio::awaitable<Outcome<ReplicateResponse>> handle_replicate_key(Call& call,
                                                                 const ReplicateRequest& request) {
    const store::KeyRecord& primary = call.key().record;
    if (!primary.multi_region || is_replica(primary)) {
        co_return not_primary(call.key().arn);
    }
    const std::string arn = key_arn(call.parts.catalogue.partition(), request.region, primary.account.value(),
                                    primary.id.value());
    if (auto refused = check_region(call, request.region)) {
        co_return *std::move(refused);
    }
    if (auto refused = check_new_key(call, request, arn)) {
        co_return *std::move(refused);
    }
    const store::KeyRecord own = own_part(call, request);
    ReplicateResponse response = response_of(call, request, own, arn);
    append_for_audit(call.audit.response_elements, response);
    Decide decide = [&](store::Txn& txn) { return insert_replica(call, txn, own, arn); };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    co_return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> replicate_key(Call& call) {
    return run(call, handle_replicate_key);
}

}  // namespace claviger::kms
