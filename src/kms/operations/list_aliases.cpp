#include <algorithm>

#include "src/kms/marker.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

constexpr std::int64_t kMaxPage =
    100;  // documented; the model allows 1000, so a larger Limit is cut, not refused

struct ListAliasesRequest {
    std::int64_t limit = 50;
    std::optional<std::string_view> marker;

    static constexpr auto fields() {
        return std::tuple(field("Limit", &ListAliasesRequest::limit),
                          field("Marker", &ListAliasesRequest::marker));
    }
};

struct AliasEntry {
    std::string_view name;
    std::string arn;
    std::string_view target;
    WallTime created;
    WallTime updated;

    static constexpr auto fields() {
        return std::tuple(field("AliasName", &AliasEntry::name), field("AliasArn", &AliasEntry::arn),
                          field("TargetKeyId", &AliasEntry::target),
                          field("CreationDate", &AliasEntry::created),
                          field("LastUpdatedDate", &AliasEntry::updated));
    }
};

struct ListAliasesResponse {
    std::vector<AliasPtr> rows;  // what the entries are views of
    std::vector<AliasEntry> aliases;
    bool truncated = false;
    std::optional<std::string> marker;

    static constexpr auto fields() {
        return std::tuple(field("Aliases", &ListAliasesResponse::aliases),
                          field("Truncated", &ListAliasesResponse::truncated),
                          field("NextMarker", &ListAliasesResponse::marker));
    }
};

Outcome<ListAliasesResponse> handle_list_aliases(Call& call, const ListAliasesRequest& request) {
    const std::string target = call.keys[0] != nullptr ? call.key().record.id.value() : std::string{};
    const std::string list = "ListAliases " + target;
    const Outcome<std::string> after = read_marker(call, list, request.marker);
    if (!after) {
        return after.error();
    }
    const Catalogue& catalogue = call.parts.catalogue;
    const auto limit = static_cast<std::size_t>(std::min(request.limit, kMaxPage));
    ListAliasesResponse response;
    response.rows = catalogue.aliases_after(call.account(), call.http.region, target, *after, limit + 1);
    PageEnd end = end_page(call, list, response.rows, limit,
                           [](const AliasPtr& alias) -> std::string_view { return alias->name; });
    response.truncated = end.truncated;
    response.marker = std::move(end.marker);
    for (const AliasPtr& alias : response.rows) {
        response.aliases.push_back(
            {alias->name,
             alias_arn(catalogue.partition(), alias->region, alias->account.value(), alias->name),
             alias->target.value(), alias->created, alias->updated});
    }
    return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> list_aliases(Call& call) {
    return run(call, handle_list_aliases);
}

}  // namespace claviger::kms
