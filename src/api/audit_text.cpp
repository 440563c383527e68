#include "src/api/audit_text.hpp"

#include <array>

#include <boost/json.hpp>

#include <claviger/base/encoding.hpp>

#include "src/api/wire.hpp"
#include "src/http/api.hpp"

namespace claviger::api {

// Random bytes are drawn for many at once, as one is needed per request.
std::string event_id(Random& random) {
    struct Pool {
        std::array<std::byte, 1024> bytes;
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

void append_value(std::string& out, const model::Service& service, const model::Shape& shape,
                  const boost::json::value& value) {
    switch (shape.type) {
        case model::Type::structure: {
            ObjectText object(out);
            for (const model::Member& member : shape.members) {
                if (const auto* found = value.get_object().if_contains(member.name)) {
                    append_value(object.name(member.path), service, service.shape(member.shape), *found);
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
                append_value(out, service, service.shape(shape.element), element);
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
                append_value(out, service, service.shape(shape.element), entry.value());
            }
            out += '}';
            return;
        }
        case model::Type::string:
            append_json_string(out, shape.sensitive == model::Sensitive::yes
                                        ? std::string_view("HIDDEN")
                                        : std::string_view(value.get_string()));
            return;
        case model::Type::blob: append_json_string(out, "HIDDEN"); return;
        case model::Type::integer: append_number(out, value.get_int64()); return;
        case model::Type::boolean: out += value.get_bool() ? "true" : "false"; return;
        case model::Type::timestamp: append_json_string(out, trail_date(timestamp_of(value))); return;
    }
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

void append_resource(std::string& out, std::string_view account, std::string_view type,
                     std::string_view arn) {
    out += out.back() == '[' ? "" : ",";
    ObjectText object(out);
    object.text("accountId", account);
    object.text("type", type);
    object.text("ARN", arn);
    object.close();
}

void append_sequence(ObjectText& record, std::uint64_t sequence) {
    ObjectText ours(record.name("claviger"));
    append_number(ours.name("storeSequence"), static_cast<std::int64_t>(sequence));
    ours.close();
}

std::string refusal_record(const http::Refusal& refusal, std::string_view source, Random& random,
                           std::uint64_t sequence) {
    std::string out;
    ObjectText record(out);
    record.text("eventVersion", "1.11");
    ObjectText identity(record.name("userIdentity"));
    identity.text("type", "Unknown");
    identity.text("principalId", "");
    identity.text("accessKeyId", refusal.access_key_id.substr(0, 128));
    identity.close();
    append_origin(record, refusal, source, refusal.error, refusal.message);
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

}  // namespace claviger::api
