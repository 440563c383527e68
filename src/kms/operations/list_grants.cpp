#include <algorithm>

#include "src/kms/grants.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

struct ListGrantsRequest {
    std::string_view id;
    std::string_view grantee;
    std::optional<std::string_view> grantee_service;
    std::int64_t limit = 50;
    std::optional<std::string_view> marker;

    static constexpr auto fields() {
        return std::tuple(
            field("GrantId", &ListGrantsRequest::id), field("GranteePrincipal", &ListGrantsRequest::grantee),
            field("GranteeServicePrincipal", &ListGrantsRequest::grantee_service),
            field("Limit", &ListGrantsRequest::limit), field("Marker", &ListGrantsRequest::marker));
    }
};

Outcome<GrantsResponse> handle_list_grants(Call& call, const ListGrantsRequest& request) {
    if (!request.id.empty()) {
        if (auto refused = check_grant_id(request.id)) {
            return *std::move(refused);
        }
    }
    std::string list = "ListGrants " + call.key().arn;
    list.append(" ").append(request.id).append(" ").append(request.grantee);
    const Outcome<std::string> after = read_marker(call, list, request.marker);
    if (!after) {
        return after.error();
    }
    const auto limit = static_cast<std::size_t>(std::min(request.limit, kGrantPage));
    if (request.grantee_service) {
        return GrantsResponse{};  // no grant has one
    }
    return grants_page(call, list,
                       call.parts.catalogue.grants().of_key(call.key().record, {request.id, request.grantee},
                                                            *after, limit + 1),
                       limit);
}

}  // namespace

asio::awaitable<Outcome<std::string>> list_grants(Call& call) {
    return run(call, handle_list_grants);
}

}  // namespace claviger::kms
