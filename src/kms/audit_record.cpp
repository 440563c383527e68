#include "src/kms/audit_record.hpp"

#include <boost/json.hpp>

#include <claviger/base/encoding.hpp>

#include "src/api/audit_text.hpp"
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
    if (failure == nullptr && !call.audit.material_id.empty()) {
        ObjectText more(record.name("additionalEventData"));
        more.text("keyMaterialId", call.audit.material_id);
        more.close();
    } else if (failure == nullptr && !call.audit.grant_id.empty()) {
        ObjectText more(record.name("additionalEventData"));
        more.text("grantId", call.audit.grant_id);
        more.close();
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

std::string service_event_record(std::string_view event, const store::KeyRecord& key, std::string_view arn,
                                 WallTime wall, Random& random, std::uint64_t sequence) {
    std::string out;
    ObjectText record(out);
    record.text("eventVersion", "1.11");
    ObjectText identity(record.name("userIdentity"));
    identity.text("accountId", key.account.value());
    identity.text("invokedBy", "AWS Internal");
    identity.close();
    record.time("eventTime", wall);
    record.text("eventSource", kAuditSource);
    record.text("eventName", event);
    record.text("awsRegion", key.region);
    record.text("sourceIPAddress", "AWS Internal");
    record.text("userAgent", "AWS Internal");
    record.name("requestParameters") += "null";
    record.name("responseElements") += "null";
    record.text("eventID", event_id(random));
    record.name("readOnly") += "false";
    record.name("resources") += "[";
    append_resource(out, key.account.value(), kKeyResource, arn);
    out += ']';
    record.text("eventType", "AwsServiceEvent");
    ObjectText details(record.name("serviceEventDetails"));
    details.text("keyId", key.id.value());
    details.close();
    record.name("managementEvent") += "true";
    record.text("recipientAccountId", key.account.value());
    record.text("eventCategory", "Management");
    append_sequence(record, sequence);
    record.close();
    return out;
}

}  // namespace claviger::kms
