#include "src/cloudhsm/operator_record.hpp"

#include "src/api/audit_text.hpp"

namespace claviger::cloudhsm {

std::string operator_record(const ManagerParts& parts, const store::CloudHsmClusterRecord& cluster,
                            std::string_view event, const std::vector<store::Tag>& parameters) {
    std::string out;
    api::ObjectText record(out);
    record.text("eventVersion", "1.11");
    api::ObjectText identity(record.name("userIdentity"));
    identity.text("type", "Unknown");
    identity.text("accountId", cluster.account.value());
    for (const store::Tag& parameter : parameters) {
        if (parameter.key == "username") {
            identity.text("userName", parameter.value);
        }
    }
    identity.close();
    record.time("eventTime", parts.clock.wall());
    record.text("eventSource", "cloudhsm.amazonaws.com");
    record.text("eventName", event);
    record.text("awsRegion", cluster.region);
    record.text("sourceIPAddress", "admin socket");
    record.text("userAgent", "claviger");
    api::ObjectText given(record.name("requestParameters"));
    given.text("clusterId", cluster.id.value());
    for (const store::Tag& parameter : parameters) {
        given.text(parameter.key, parameter.value);
    }
    given.close();
    record.name("responseElements") += "null";
    record.text("eventID", api::event_id(parts.random));
    record.name("readOnly") += "false";
    record.name("resources") += "[]";
    record.text("eventType", "AwsServiceEvent");
    record.name("managementEvent") += "true";
    record.text("recipientAccountId", cluster.account.value());
    record.text("eventCategory", "Management");
    api::append_sequence(record, parts.store.sequence());
    record.close();
    return out;
}

}  // namespace claviger::cloudhsm
