#include <algorithm>

#include "src/kms/grants.hpp"
#include "src/kms/operations/operations.hpp"
#include "src/policy/authorize.hpp"
#include "src/policy/document.hpp"

namespace claviger::kms {
namespace {

struct ListRetirableRequest {
    std::optional<std::string_view> principal;
    std::optional<std::string_view> service;
    std::int64_t limit = 50;
    std::optional<std::string_view> marker;

    static constexpr auto fields() {
        return std::tuple(field("RetiringPrincipal", &ListRetirableRequest::principal),
                          field("RetiringServicePrincipal", &ListRetirableRequest::service),
                          field("Limit", &ListRetirableRequest::limit),
                          field("Marker", &ListRetirableRequest::marker));
    }
};

Outcome<GrantsResponse> handle_list_retirable_grants(Call& call, const ListRetirableRequest& request) {
    if (request.service) {
        return validation("Claviger has no service principals: use RetiringPrincipal.");
    }
    if (!request.principal) {
        return missing_member("retiringPrincipal");
    }
    if (!policy::is_principal_arn(*request.principal)) {
        return Failure(ErrorType::invalid_arn, "Invalid arn '" + std::string(*request.principal) + "'");
    }
    const std::string of_own_account = "::" + std::string(call.account()) + ":";
    if (request.principal->find(of_own_account) == std::string_view::npos) {
        return access_denied(policy::foreign_denial_text(call.principal(), call.row->action));
    }
    const std::string list = "ListRetirableGrants " + std::string(*request.principal);
    const Outcome<std::string> after = read_marker(call, list, request.marker);
    if (!after) {
        return after.error();
    }
    const auto limit = static_cast<std::size_t>(std::min(request.limit, kGrantPage));
    return grants_page(
        call, list,
        call.parts.catalogue.grants().retirable_by(*request.principal, call.http.region, *after, limit + 1),
        limit);
}

}  // namespace

asio::awaitable<Outcome<std::string>> list_retirable_grants(Call& call) {
    return run(call, handle_list_retirable_grants);
}

}  // namespace claviger::kms
