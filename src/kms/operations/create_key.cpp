#include <claviger/base/encoding.hpp>
#include <claviger/cluster/cluster.hpp>

#include "src/kms/commit.hpp"
#include "src/kms/context.hpp"
#include "src/kms/key_policy.hpp"
#include "src/kms/key_spec.hpp"
#include "src/kms/key_store.hpp"
#include "src/kms/metadata.hpp"
#include "src/kms/multi_region.hpp"
#include "src/kms/new_key.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

constexpr std::string_view kCustomId = "_custom_id_";

struct CreateKeyRequest {
    std::optional<std::string_view> policy;
    std::string_view description;
    std::optional<std::string_view> usage;
    std::optional<std::string_view> spec;
    std::optional<std::string_view> old_spec;
    std::string_view origin = "AWS_KMS";
    std::optional<std::string_view> key_store;
    std::optional<std::string_view> xks_key;
    bool multi_region = false;
    std::vector<TagArgument> tags;
    bool bypass = false;

    static constexpr auto fields() {
        return std::tuple(
            field("Policy", &CreateKeyRequest::policy), field("Description", &CreateKeyRequest::description),
            field("KeyUsage", &CreateKeyRequest::usage), field("KeySpec", &CreateKeyRequest::spec),
            field("CustomerMasterKeySpec", &CreateKeyRequest::old_spec),
            field("Origin", &CreateKeyRequest::origin),
            field("CustomKeyStoreId", &CreateKeyRequest::key_store),
            field("XksKeyId", &CreateKeyRequest::xks_key),
            field("MultiRegion", &CreateKeyRequest::multi_region), field("Tags", &CreateKeyRequest::tags),
            field("BypassPolicyLockoutSafetyCheck", &CreateKeyRequest::bypass));
    }
};

struct CreateKeyResponse {
    std::shared_ptr<const store::KeyRecord> record;  // what the metadata is a view of
    KeyMetadata metadata;

    static constexpr auto fields() { return std::tuple(field("KeyMetadata", &CreateKeyResponse::metadata)); }
};

using Refused = std::optional<Failure>;

constexpr std::string_view kExternal = "EXTERNAL";

std::string_view spec_of(const CreateKeyRequest& request) {
    return request.spec.value_or(request.old_spec.value_or(kSymmetricDefault));
}
std::string_view usage_of(const CreateKeyRequest& request) {
    return request.usage.value_or("ENCRYPT_DECRYPT");
}

// Keys of custom key stores: symmetric, of one Region.
Refused check_store_kind(const CreateKeyRequest& request, std::string_view spec, std::string_view usage) {
    if (!request.key_store) {
        return validation("CustomKeyStoreId is required with the Origin " + std::string(request.origin) +
                          ".");
    }
    if (spec != kSymmetricDefault || usage != "ENCRYPT_DECRYPT") {
        return unsupported("Custom key stores support symmetric encryption KMS keys only.");
    }
    if (request.multi_region) {
        return unsupported("Custom key stores do not support multi-Region keys.");
    }
    return std::nullopt;
}

// Where the key is made: the HSMs of its key store, or those of the default one.
Outcome<Place> place_of(const Call& call, const CreateKeyRequest& request) {
    if (request.key_store) {
        const Outcome<KeyStorePtr> store = find_key_store(call, *request.key_store);
        if (store && request.origin == "EXTERNAL_KEY_STORE") {
            return unsupported("The custom key store is of the type AWS_CLOUDHSM, not EXTERNAL_KEY_STORE.");
        }
        return connected_store(call, *request.key_store, PlaceFor::new_key);
    }
    return Place{nullptr, &call.io.cluster};
}

// What the key is to be; what Claviger cannot make yet is refused, never made differently.
Refused check_kind(const CreateKeyRequest& request) {
    if (request.spec && request.old_spec) {
        return validation(
            "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec "
            "is "
            "deprecated.");
    }
    const std::string_view spec = spec_of(request);
    if (!request.usage && spec != kSymmetricDefault) {
        return validation(
            "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.");
    }
    const std::string_view usage = usage_of(request);
    if (!allows_usage(spec, usage)) {
        return validation("KeyUsage " + std::string(usage) + " is not compatible with KeySpec " +
                          std::string(spec));
    }
    if (request.xks_key && request.origin != "EXTERNAL_KEY_STORE") {
        return validation("XksKeyId is valid only with the Origin EXTERNAL_KEY_STORE.");
    }
    if (request.origin == "AWS_CLOUDHSM" || request.origin == "EXTERNAL_KEY_STORE") {
        return check_store_kind(request, spec, usage);
    }
    if (request.key_store) {
        return validation("CustomKeyStoreId is not valid with the Origin " + std::string(request.origin) +
                          ".");
    }
    if (request.origin == kExternal && !is_importable(spec)) {
        return spec.starts_with("ML_DSA")
                   ? validation("KeySpec " + std::string(spec) + " is not supported for Origin EXTERNAL")
                   : cannot_make(spec);
    }
    return std::nullopt;
}

Refused check_policy(const Call& call, const CreateKeyRequest& request) {
    return request.policy ? check_key_policy(call, *request.policy, {},
                                             request.bypass ? LockoutCheck::bypass : LockoutCheck::run)
                          : std::nullopt;
}

// The id that the caller chose, where that may be.
std::optional<std::string> custom_id(const Call& call, const std::vector<TagArgument>& tags) {
    const auto found = std::ranges::find(tags, kCustomId, &TagArgument::key);
    return call.options.custom_ids && found != tags.end() ? std::optional(std::string(found->value))
                                                          : std::nullopt;
}

Refused check_custom_id(const Call& call, const CreateKeyRequest& request) {
    const std::optional<std::string> id = custom_id(call, request.tags);
    if (id && request.multi_region && !is_multi_region_id(*id)) {
        return validation("_custom_id_ of a multi-Region key must be mrk- and 32 hexadecimal digits.");
    }
    return id && !request.multi_region && !is_uuid(*id)
               ? Refused(validation("_custom_id_ must be a UUID in lower case."))
               : std::nullopt;
}

std::string new_id(const Call& call, const CreateKeyRequest& request) {
    return request.multi_region ? new_multi_region_id(call.parts.random) : call.parts.random.uuid();
}

store::KeyRecord record_of(const Call& call, const CreateKeyRequest& request) {
    const Catalogue& catalogue = call.parts.catalogue;
    store::KeyRecord record;
    record.account = call.principal().account;
    record.region = call.http.region;
    record.id = KeyId(custom_id(call, request.tags).value_or(new_id(call, request)));
    record.multi_region = request.multi_region;
    record.primary_region = request.multi_region ? record.region : std::string{};
    record.cluster = call.options.cluster;
    record.state = request.origin == kExternal ? store::KeyState::pending_import : store::KeyState::enabled;
    record.spec = spec_of(request);
    record.usage = usage_of(request);
    record.origin = request.origin;
    record.description = request.description;
    record.policy = request.policy ? std::string(*request.policy)
                                   : default_key_policy(catalogue.partition(), call.account());
    merge_tags(record.tags, request.tags);
    record.created = call.parts.life.now();
    return record;
}

// `material` empty: it will be imported.
Outcome<Done> insert(const Call& call, store::Txn& txn, const store::KeyRecord& record,
                     const std::optional<store::MaterialRecord>& material) {
    if (!record.key_store.value().empty()) {
        const auto in = txn.key_store(record.account, record.region, record.key_store);
        if (!in) {
            return store_failed(call, in.error());
        }
        if (!*in || (**in).state != store::ConnectionState::connected) {
            return Failure(ErrorType::custom_key_store_invalid_state,
                           "Custom key store '" + record.key_store.value() + "' was disconnected meanwhile.");
        }
    }
    if (call.options.custom_ids) {
        const auto there = txn.key(record.account, record.region, record.id);
        if (!there) {
            return store_failed(call, there.error());
        }
        if (*there) {
            return Failure(ErrorType::already_exists,
                           "A key with the id " + record.id.value() + " exists already.");
        }
    }
    if (material) {
        if (auto written = txn.put(*material); !written) {
            return store_failed(call, written.error());
        }
    }
    return insert_key(call, txn, record);
}

asio::awaitable<Outcome<CreateKeyResponse>> handle_create_key(Call& call, const CreateKeyRequest& request) {
    for (const Refused& refused : {check_kind(request), check_tagging(call, request.tags),
                                   check_custom_id(call, request), check_policy(call, request)}) {
        if (refused) {
            co_return *refused;
        }
    }
    Outcome<Place> place = place_of(call, request);
    if (!place) {
        co_return std::move(place).error();
    }
    auto record = std::make_shared<store::KeyRecord>(record_of(call, request));
    if (place->store != nullptr) {
        record->key_store = place->store->id;
        record->cluster = place->store->cluster;
        call.audit.note_key_store(*place->store);
    }
    std::optional<store::MaterialRecord> material;
    if (record->origin != kExternal) {
        Outcome<store::MaterialRecord> made = co_await make_material(call, *place->client, *record);
        if (!made) {
            co_return std::move(made).error();
        }
        material = *std::move(made);
    }
    CreateKeyResponse response;
    response.record = record;
    response.metadata = metadata_of(
        call.parts.catalogue, *record,
        key_arn(call.parts.catalogue.partition(), record->region, call.account(), record->id.value()));
    call.audit.created_arn = response.metadata.arn;
    append_for_audit(call.audit.response_elements, response);
    Decide decide = [&](store::Txn& txn) { return insert(call, txn, *record, material); };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        call.audit.created_arn.clear();
        if (material) {
            co_await discard_material(call, *place->client, *material);
        }
        co_return std::move(committed).error();
    }
    co_return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> create_key(Call& call) {
    return run(call, handle_create_key);
}

}  // namespace claviger::kms
