#include "src/kms/audit_record.hpp"

#include <boost/json.hpp>

#include <claviger/base/encoding.hpp>

#include "src/kms/operation.hpp"

namespace claviger::kms {
namespace {

constexpr std::size_t kTextLimit = 1024;  // errorMessage and userAgent, authorization reference 8.1

// A fresh UUID; random bytes are drawn for many at once, as one is needed per request.
std::string event_id(Random& random) {
    struct Pool {
        std::array<std::byte, 64 * 16> bytes;
        std::size_t used = sizeof bytes;
    };
    thread_local Pool pool;
    if (pool.used == pool.bytes.size()) {
        random.fill(pool.bytes);
        pool.used = 0;
    }
    const auto taken = std::span(pool.bytes).subspan(pool.used).first<16>();
    pool.used += 16;
    return to_uuid(taken);
}

// Never writes what the model calls sensitive, nor blobs.
void append_value(std::string& out, const model::Shape& shape, const boost::json::value& value) {
    const model::Service& service = model::kms();
    switch (shape.type) {
        case model::Type::structure: {
            ObjectText object(out);
            for (const model::Member& member : shape.members) {
                if (const auto* found = value.get_object().if_contains(member.name)) {
                    append_value(object.name(member.path), service.shape(member.shape), *found);
                }
            }
            object.close();
            return;
        }
        case model::Type::list: {
            out += '[';
            bool first = true;
            for (const auto& element : value.get_array()) {
                out += first ? "" : ",";
                first = false;
                append_value(out, service.shape(shape.element), element);
            }
            out += ']';
            return;
        }
        case model::Type::map: {
            out += '{';
            bool first = true;
            for (const auto& entry : value.get_object()) {
                out += first ? "" : ",";
                first = false;
                append_json_string(out, entry.key());
                out += ':';
                append_value(out, service.shape(shape.element), entry.value());
            }
            out += '}';
            return;
        }
        case model::Type::string:
            append_json_string(out, shape.sensitive == model::Sensitive::yes ? std::string_view("HIDDEN")
                                                                             : wire::text_of(value));
            return;
        case model::Type::blob: append_json_string(out, "HIDDEN"); return;
        case model::Type::integer: append_number(out, value.get_int64()); return;
        case model::Type::boolean: out += value.get_bool() ? "true" : "false"; return;
        case model::Type::timestamp: append_number(out, value.to_number<std::int64_t>()); return;
    }
}

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
            append_value(object.name(member.path), model::kms().shape(member.shape), *given);
        } else if (field.fill == Fill::symmetric_default) {
            object.text(member.path, "SYMMETRIC_DEFAULT");
        }
    }
    object.close();
}

void append_identity(std::string& out, const policy::Principal& principal) {
    ObjectText object(out);
    object.text("type", principal.kind == policy::PrincipalKind::root ? "Root" : "IAMUser");
    object.text("principalId", principal.principal_id);
    object.text("arn", principal.arn);
    object.text("accountId", principal.account.value());
    object.text("accessKeyId", principal.access_key_id);
    if (principal.kind == policy::PrincipalKind::user) {
        object.text("userName", principal.user_name);
    }
    object.close();
}

void append_resource(std::string& out, std::string_view account, std::string_view arn) {
    out += out.back() == '[' ? "" : ",";
    ObjectText object(out);
    object.text("accountId", account);
    object.text("type", "AWS::KMS::Key");
    object.text("ARN", arn);
    object.close();
}

void append_resources(std::string& out, const Call& call) {
    out += '[';
    for (const KeyPtr& key : call.keys) {
        if (key != nullptr) {
            append_resource(out, key->record.account.value(), key->arn);
        }
    }
    if (!call.audit.created_arn.empty()) {
        append_resource(out, call.account(), call.audit.created_arn);
    }
    if (!call.audit.alias_arn.empty()) {
        append_resource(out, call.account(), call.audit.alias_arn);
    }
    out += ']';
}

// The members that every record about a request has, of a Call or of a Refusal.
template <class Source>
void append_origin(ObjectText& record, const Source& from, std::string_view error, std::string_view message) {
    record.time("eventTime", from.time);
    record.text("eventSource", "kms.amazonaws.com");
    record.text("eventName", from.operation);
    record.text("awsRegion", from.region);
    record.text("sourceIPAddress", from.source_ip);
    record.text("userAgent", from.user_agent.substr(0, kTextLimit));
    if (!error.empty()) {
        record.text("errorCode", error);
        if (!message.empty()) {
            record.text("errorMessage", message.substr(0, kTextLimit));
        }
    }
}

template <class Source>
void append_transport(ObjectText& record, const Source& from) {
    if (from.tls_version.empty()) {
        return;
    }
    ObjectText tls(record.name("tlsDetails"));
    tls.text("tlsVersion", from.tls_version);
    tls.text("cipherSuite", from.tls_cipher);
    tls.text("clientProvidedHostHeader", from.host_header);
    tls.close();
}

void append_sequence(ObjectText& record, std::uint64_t sequence) {
    ObjectText ours(record.name("claviger"));
    append_number(ours.name("storeSequence"), static_cast<std::int64_t>(sequence));
    ours.close();
}

// AccessDeniedException is AccessDenied in records; other names are kept.
std::string_view recorded_name(ErrorType type) noexcept {
    return type == ErrorType::access_denied ? "AccessDenied" : row_of(type).name;
}

}  // namespace

std::string audit_record(const Call& call, const Failure* failure, std::uint64_t sequence) {
    std::string out;
    out.reserve(1536);
    ObjectText record(out);
    record.text("eventVersion", "1.11");
    append_identity(record.name("userIdentity"), call.principal());
    append_origin(record, call.http, failure != nullptr ? recorded_name(failure->type) : std::string_view{},
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
    record.text("eventID", event_id(call.parts.random));
    record.name("readOnly") += call.row == nullptr || call.row->access == Access::read ? "true" : "false";
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

std::string audit_record(const http::Refusal& refusal, Random& random, std::uint64_t sequence) {
    std::string out;
    ObjectText record(out);
    record.text("eventVersion", "1.11");
    ObjectText identity(record.name("userIdentity"));
    identity.text("type", "Unknown");
    identity.text("principalId", "");
    identity.text("accessKeyId", refusal.access_key_id.substr(0, 128));
    identity.close();
    append_origin(record, refusal, refusal.error, refusal.message);
    record.name("requestParameters") += "null";
    record.name("responseElements") += "null";
    record.text("requestID", refusal.request_id);
    record.text("eventID", event_id(random));
    record.name("readOnly") += "true";
    record.name("resources") += "[]";
    record.text("eventType", "AwsApiCall");
    record.name("managementEvent") += "true";
    record.text("eventCategory", "Management");
    append_transport(record, refusal);
    append_sequence(record, sequence);
    record.close();
    return out;
}

std::string deletion_record(const Key& key, WallTime wall, Random& random, std::uint64_t sequence) {
    std::string out;
    ObjectText record(out);
    record.text("eventVersion", "1.11");
    ObjectText identity(record.name("userIdentity"));
    identity.text("accountId", key.record.account.value());
    identity.text("invokedBy", "AWS Internal");
    identity.close();
    record.time("eventTime", wall);
    record.text("eventSource", "kms.amazonaws.com");
    record.text("eventName", "DeleteKey");
    record.text("awsRegion", key.record.region);
    record.text("sourceIPAddress", "AWS Internal");
    record.text("userAgent", "AWS Internal");
    record.name("requestParameters") += "null";
    record.name("responseElements") += "null";
    record.text("eventID", event_id(random));
    record.name("readOnly") += "false";
    record.name("resources") += "[";
    append_resource(out, key.record.account.value(), key.arn);
    out += ']';
    record.text("eventType", "AwsServiceEvent");
    record.name("managementEvent") += "true";
    record.text("recipientAccountId", key.record.account.value());
    record.text("eventCategory", "Management");
    append_sequence(record, sequence);
    record.close();
    return out;
}

}  // namespace claviger::kms
