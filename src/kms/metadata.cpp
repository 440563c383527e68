#include "src/kms/metadata.hpp"

#include "src/kms/context.hpp"
#include "src/kms/key_spec.hpp"
#include "src/kms/state.hpp"

namespace claviger::kms {

KeyMetadata metadata_of(const store::KeyRecord& record, std::string arn) {
    KeyMetadata out;
    out.account = record.account.value();
    out.id = record.id.value();
    out.arn = std::move(arn);
    out.created = record.created;
    out.enabled = record.state == store::KeyState::enabled;
    out.description = record.description;
    out.usage = record.usage;
    out.state = to_string(record.state);
    if (record.state == store::KeyState::pending_deletion) {
        out.deletion_date = record.deletion_date;
    }
    if (record.state == store::KeyState::pending_replica_deletion) {
        out.pending_window = record.pending_window_days;
    }
    out.origin = record.origin;
    out.manager = "CUSTOMER";
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
    if (record.spec == kSymmetricDefault && !record.current_material.empty()) {
        out.material_id = record.current_material;
    }
    return out;
}

}  // namespace claviger::kms
