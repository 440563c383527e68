#include <algorithm>

#include "src/kms/aws_managed.hpp"
#include "src/kms/marker.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

constexpr std::int64_t kMostAliases =
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
    std::optional<std::string_view> target;  // these unless nothing is behind it yet
    std::optional<WallTime> created;
    std::optional<WallTime> updated;

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

// The page in order of name, with one more if there is one, among them those of AWS without a key.
void add_without_key(const Call& call, std::string_view after, std::size_t limit,
                     std::vector<AliasPtr>& rows) {
    std::ranges::move(aliases_without_key(call, after), std::back_inserter(rows));
    std::ranges::sort(rows, {}, [](const AliasPtr& alias) -> std::string_view { return alias->name; });
    rows.resize(std::min(rows.size(), limit + 1));
}

Outcome<ListAliasesResponse> handle_list_aliases(Call& call, const ListAliasesRequest& request) {
    const std::string target = call.keys[0] != nullptr ? call.key().record.id.value() : std::string{};
    const std::string list = "ListAliases " + target;
    const Outcome<std::string> after = read_marker(call, list, request.marker);
    if (!after) {
        return after.error();
    }
    const Catalogue& catalogue = call.parts.catalogue;
    const auto limit = static_cast<std::size_t>(std::min(request.limit, kMostAliases));
    ListAliasesResponse response;
    response.rows = catalogue.aliases_after(call.account(), call.http.region, target, *after, limit + 1);
    if (call.keys[0] == nullptr) {
        add_without_key(call, *after, limit, response.rows);
    }
    PageEnd end = end_page(call, list, response.rows, limit,
                           [](const AliasPtr& alias) -> std::string_view { return alias->name; });
    response.truncated = end.truncated;
    response.marker = std::move(end.marker);
    for (const AliasPtr& alias : response.rows) {
        AliasEntry& entry = response.aliases.emplace_back();
        entry.name = alias->name;
        entry.arn = alias_arn(catalogue.partition(), alias->region, alias->account.value(), alias->name);
        if (!alias->target.value().empty()) {
            entry.target = alias->target.value();
            entry.created = alias->created;
            entry.updated = alias->updated;
        }
    }
    return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> list_aliases(Call& call) {
    return run(call, handle_list_aliases);
}

}  // namespace claviger::kms
