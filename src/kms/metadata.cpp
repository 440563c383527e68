#include "src/kms/metadata.hpp"

#include "src/kms/aws_managed.hpp"
#include "src/kms/context.hpp"
#include "src/kms/key_spec.hpp"
#include "src/kms/key_store.hpp"
#include "src/kms/state.hpp"

namespace claviger::kms {

KeyMetadata metadata_of(const Catalogue& catalogue, const store::KeyRecord& record, std::string arn) {
    const store::KeyState state = state_of(catalogue, record);
    KeyMetadata out;
    out.account = record.account.value();
    out.id = record.id.value();
    out.arn = std::move(arn);
    out.created = record.created;
    out.enabled = state == store::KeyState::enabled;
    out.description = record.description;
    out.usage = record.usage;
    out.state = to_string(state);
    if (record.state == store::KeyState::pending_deletion) {
        out.deletion_date = record.deletion_date;
    }
    if (record.state == store::KeyState::pending_replica_deletion) {
        out.pending_window = record.pending_window_days;
    }
    out.origin = record.origin;
    out.manager = is_aws_managed(catalogue, record) ? "AWS" : "CUSTOMER";
    out.spec = record.spec;
    out.old_spec = record.spec;
    const auto list = algorithms_of(record.spec, record.usage);
    std::vector<std::string_view> algorithms(list.begin(), list.end());
    if (record.usage == "ENCRYPT_DECRYPT") {
        out.encryption_algorithms = std::move(algorithms);
    } else if (record.usage == "SIGN_VERIFY") {
        out.signing_algorithms = std::move(algorithms);
    } else if (record.usage == "GENERATE_VERIFY_MAC") {
        out.mac_algorithms = std::move(algorithms);
    } else {
        out.agreement_algorithms = std::move(algorithms);
    }
    out.multi_region = record.multi_region;
    out.related = multi_region_configuration(catalogue, record);
    if (!record.key_store.value().empty()) {
        out.key_store = record.key_store.value();
        const KeyStorePtr in = key_store_of(catalogue, record);
        out.cluster = in != nullptr ? in->cluster.value() : record.cluster.value();
    } else if (record.spec == kSymmetricDefault && !record.current_material.empty()) {
        out.material_id = record.current_material;
    }
    return out;
}

KeyMetadata metadata_of(const Catalogue& catalogue, const Key& key, WallTime now) {
    KeyMetadata out = metadata_of(catalogue, key.record, key.arn);
    if (key.imports == nullptr) {
        return out;
    }
    const store::KeyState state = key.state_at(now);
    out.state = to_string(state);
    out.enabled = state == store::KeyState::enabled;
    if (key.holds(key.record.current_material) && state != store::KeyState::pending_import) {
        out.valid_to = key.expires;
        out.expiration = expiration_model(key.expires);
    }
    return out;
}

std::string_view expiration_model(const std::optional<WallTime>& valid_to) noexcept {
    return valid_to ? "KEY_MATERIAL_EXPIRES" : "KEY_MATERIAL_DOES_NOT_EXPIRE";
}

}  // namespace claviger::kms
