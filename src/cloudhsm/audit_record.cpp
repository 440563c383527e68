#include "src/api/audit_text.hpp"

#include <boost/json.hpp>

#include "src/cloudhsm/operation.hpp"

namespace claviger::cloudhsm {
namespace {

void append_parameters(std::string& out, const Call& call) {
    if (call.row == nullptr || call.input == nullptr || call.row->audited.empty()) {
        out += "null";
        return;
    }
    const model::Service& service = model::cloudhsm();
    const model::Shape& shape = service.shape(call.model->input);
    ObjectText object(out);
    for (const std::string_view name : call.row->audited) {
        if (const auto* given = call.input->get_object().if_contains(name)) {
            const model::Member& member = *model::find_member(shape, name);
            append_value(object.name(member.path), service, service.shape(member.shape), *given);
        }
    }
    object.close();
}

}  // namespace

std::string audit_record(const Call& call, const Failure* failure) {
    std::string out;
    ObjectText record(out);
    record.text("eventVersion", "1.11");
    append_identity(record.name("userIdentity"), call.http.principal);
    append_origin(record, call.http, "cloudhsm.amazonaws.com",
                  failure == nullptr                          ? std::string_view()
                  : failure->type == ErrorType::access_denied ? std::string_view("AccessDenied")
                                                              : row_of(failure->type).name,
                  failure == nullptr ? std::string_view() : failure->text());
    append_parameters(record.name("requestParameters"), call);
    const bool responded = failure == nullptr && !call.audit.response_elements.empty();
    record.name("responseElements") += responded ? std::string_view(call.audit.response_elements) : "null";
    record.text("requestID", call.http.request_id);
    record.text("eventID", event_id(call.manager.parts().random));
    record.name("readOnly") += call.row == nullptr || call.row->access == Access::read ? "true" : "false";
    record.name("resources") += '[';
    if (!call.audit.resource_arn.empty()) {
        const bool backup = call.audit.resource_arn.find(":backup/") != std::string::npos;
        append_resource(out, call.account().value(),
                        backup ? "AWS::CloudHSM::Backup" : "AWS::CloudHSM::Cluster", call.audit.resource_arn);
    }
    out += ']';
    record.text("eventType", "AwsApiCall");
    record.name("managementEvent") += "true";
    record.text("recipientAccountId", call.account().value());
    record.text("eventCategory", "Management");
    append_transport(record, call.http);
    append_sequence(record, call.manager.parts().store.sequence());
    record.close();
    return out;
}

}  // namespace claviger::cloudhsm
