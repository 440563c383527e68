#include "src/policy/authorize.hpp"

namespace claviger::policy {
namespace {

std::string not_authorized(const Principal& principal, Action action) {
    std::string text = "User: ";
    text += principal.arn;
    text += " is not authorized to perform: ";
    text += to_string(action);
    return text;
}

std::string missing_allow(const Request& request, std::string_view layer) {
    std::string text = not_authorized(request.principal, request.action);
    text += " on resource: ";
    text += request.resource.arn;
    text += " because no ";
    text += layer;
    text += " policy allows the ";
    text += to_string(request.action);
    text += " action";
    return text;
}

}  // namespace

Decision authorize(const Request& request) {
    if (request.principal.account == request.resource.account) {
        return {Verdict::allow};
    }
    return {Verdict::implicit_deny_other_account};
}

std::string denial_text(const Request& request, const Decision& decision) {
    switch (decision.verdict) {
        case Verdict::allow: break;
        case Verdict::implicit_deny_identity: return missing_allow(request, "identity-based");
        case Verdict::implicit_deny_resource: return missing_allow(request, "resource-based");
        case Verdict::implicit_deny_other_account:
            return foreign_denial_text(request.principal, request.action);
    }
    return {};
}

std::string foreign_denial_text(const Principal& principal, Action action) {
    return not_authorized(principal, action) +
           " on this resource because the resource does not exist in this Region, no resource-based policies "
           "allow "
           "access, or a resource-based policy explicitly denies access";
}

}  // namespace claviger::policy
