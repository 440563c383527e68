#include "src/kms/audit_record.hpp"

#include <algorithm>

#include <boost/json.hpp>

#include <claviger/base/encoding.hpp>

#include "src/api/audit_text.hpp"
#include "src/kms/key_store.hpp"
#include "src/kms/operation.hpp"

namespace claviger::kms {
namespace {

constexpr std::string_view kKeyResource = "AWS::KMS::Key";

void append_parameters(std::string& out, const Call& call) {
    if (call.row == nullptr || call.input == nullptr || call.row->audited.empty()) {
        out += "null";
        return;
    }
    const model::Shape& shape = model::kms().shape(call.model->input);
    const boost::json::object& input = call.input->get_object();
    ObjectText object(out);
    for (const AuditField& field : call.row->audited) {
        const model::Member& member = *model::find_member(shape, field.member);
        const auto* given = input.if_contains(field.member);
        if (field.fill == Fill::resolved_key && call.keys[0] != nullptr) {
            object.text(member.path, call.keys[0]->arn);
        } else if (given != nullptr) {
            append_value(object.name(member.path), model::kms(), model::kms().shape(member.shape), *given);
        } else if (field.fill == Fill::symmetric_default) {
            object.text(member.path, "SYMMETRIC_DEFAULT");
        }
    }
    object.close();
}

void append_resources(std::string& out, const Call& call) {
    out += '[';
    for (const KeyPtr& key : call.keys) {
        if (key != nullptr) {
            append_resource(out, key->record.account.value(), kKeyResource, key->arn);
        }
    }
    if (!call.audit.created_arn.empty()) {
        append_resource(out, call.account(), kKeyResource, call.audit.created_arn);
    }
    if (!call.audit.alias_arn.empty()) {
        append_resource(out, call.account(), kKeyResource, call.audit.alias_arn);
    }
    out += ']';
}

// AccessDeniedException is AccessDenied in records; other names are kept.
std::string_view recorded_name(ErrorType type) noexcept {
    return type == ErrorType::access_denied ? "AccessDenied" : row_of(type).name;
}

// additionalEventData: what the request touched beyond its parameters.
void append_more(ObjectText& record, const Call& call) {
    const std::string_view key_store =
        call.keys[0] != nullptr ? std::string_view(call.keys[0]->record.key_store.value()) : "";
    const std::pair<std::string_view, std::string_view> facts[] = {
        {"keyMaterialId", call.audit.material_id}, {"grantId", call.audit.grant_id},
        {"customKeyStoreId", key_store},           {"customKeyStoreName", call.audit.key_store_name},
        {"clusterId", call.audit.cluster},
    };
    const auto is_known = [](const auto& fact) { return !fact.second.empty(); };
    if (std::ranges::none_of(facts, is_known) && !call.recipient) {
        return;
    }
    ObjectText more(record.name("additionalEventData"));
    for (const auto& fact : facts) {
        if (is_known(fact)) {
            more.text(fact.first, fact.second);
        }
    }
    if (call.recipient) {
        ObjectText recipient(more.name("recipient"));
        recipient.text("attestationDocumentModuleId", call.recipient->module_id);
        if (const auto image = call.recipient->pcrs.find(0); image != call.recipient->pcrs.end()) {
            recipient.text("attestationDocumentEnclaveImageDigest", to_hex(image->second));
        }
        recipient.close();
    }
    more.close();
}

// The list of backing keys is JSON in a string, as CloudTrail has it.
void append_backing(ObjectText& record, const store::KeyRecord& key, std::string_view status) {
    ObjectText more(record.name("additionalEventData"));
    more.text("customKeyStoreId", key.key_store.value());
    more.text("clusterId", key.cluster.value());
    if (!status.empty()) {
        std::string list = "[";
        ObjectText entry(list);
        entry.text("backingKeyId", key.current_material);
        entry.text("deletionStatus", status);
        entry.close();
        more.text("backingKeysDeletionStatus", list + "]");
    }
    more.close();
}

// The members of an event of the service itself, up to what it is about.
void append_service_event(ObjectText& record, std::string_view name, const AccountId& account,
                          std::string_view region, WallTime wall, Random& random) {
    record.text("eventVersion", "1.11");
    ObjectText identity(record.name("userIdentity"));
    identity.text("accountId", account.value());
    identity.text("invokedBy", "AWS Internal");
    identity.close();
    record.time("eventTime", wall);
    record.text("eventSource", kAuditSource);
    record.text("eventName", name);
    record.text("awsRegion", region);
    record.text("sourceIPAddress", "AWS Internal");
    record.text("userAgent", "AWS Internal");
    record.name("requestParameters") += "null";
    record.name("responseElements") += "null";
    record.text("eventID", event_id(random));
    record.name("readOnly") += "false";
    record.text("eventType", "AwsServiceEvent");
    record.name("managementEvent") += "true";
    record.text("recipientAccountId", account.value());
    record.text("eventCategory", "Management");
}

}  // namespace

std::string audit_record(Call& call, const Failure* failure, std::uint64_t sequence) {
    std::string out;
    out.reserve(1536);
    ObjectText record(out);
    record.text("eventVersion", "1.11");
    append_identity(record.name("userIdentity"), call.principal());
    append_origin(record, call.http, kAuditSource,
                  failure != nullptr ? recorded_name(failure->type) : std::string_view{},
                  failure != nullptr ? failure->text() : std::string_view{});
    append_parameters(record.name("requestParameters"), call);
    const bool responded = failure == nullptr && !call.audit.response_elements.empty();
    record.name("responseElements") += responded ? std::string_view(call.audit.response_elements) : "null";
    if (failure == nullptr) {
        append_more(record, call);
    }
    record.text("requestID", call.http.request_id);
    call.audit.event_id = event_id(call.parts.random);
    record.text("eventID", call.audit.event_id);
    record.name("readOnly") += call.row == nullptr || call.row->access != Access::write ? "true" : "false";
    append_resources(record.name("resources"), call);
    record.text("eventType", "AwsApiCall");
    record.name("managementEvent") += "true";
    record.text("recipientAccountId", call.account());
    record.text("eventCategory", "Management");
    append_transport(record, call.http);
    append_sequence(record, sequence);
    record.close();
    return out;
}

void AuditDraft::note_key_store(const store::KeyStoreRecord& record) {
    key_store_name = record.name;
    cluster = record.cluster.value();
}

std::string service_event_record(std::string_view event, const store::KeyRecord& key, std::string_view arn,
                                 WallTime wall, Random& random, std::uint64_t sequence,
                                 std::string_view backing_status) {
    std::string out;
    ObjectText record(out);
    append_service_event(record, event, key.account, key.region, wall, random);
    record.name("resources") += "[";
    append_resource(out, key.account.value(), kKeyResource, arn);
    out += ']';
    ObjectText details(record.name("serviceEventDetails"));
    details.text("keyId", key.id.value());
    details.close();
    if (!key.key_store.value().empty()) {
        append_backing(record, key, backing_status);
    }
    append_sequence(record, sequence);
    record.close();
    return out;
}

std::string connection_record(const store::KeyStoreRecord& known, WallTime wall, Random& random,
                              std::uint64_t sequence) {
    std::string out;
    ObjectText record(out);
    const bool connects = known.state != store::ConnectionState::disconnected;
    append_service_event(record, connects ? "ConnectCustomKeyStore" : "DisconnectCustomKeyStore",
                         known.account, known.region, wall, random);
    record.name("resources") += "[]";
    ObjectText more(record.name("additionalEventData"));
    more.text("customKeyStoreId", known.id.value());
    more.text("customKeyStoreName", known.name);
    more.text("clusterId", known.cluster.value());
    more.text("connectionState", to_string(known.state));
    if (!known.error_code.empty()) {
        more.text("connectionErrorCode", known.error_code);
    }
    more.close();
    append_sequence(record, sequence);
    record.close();
    return out;
}

}  // namespace claviger::kms
