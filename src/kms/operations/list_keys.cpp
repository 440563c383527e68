#include <algorithm>

#include "src/kms/marker.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

constexpr std::string_view kList = "ListKeys";

struct ListKeysRequest {
    std::int64_t limit = 100;  // 1..1000 by the model
    std::optional<std::string_view> marker;

    static constexpr auto fields() {
        return std::tuple(field("Limit", &ListKeysRequest::limit), field("Marker", &ListKeysRequest::marker));
    }
};

struct KeyEntry {
    std::string_view id;
    std::string_view arn;

    static constexpr auto fields() {
        return std::tuple(field("KeyId", &KeyEntry::id), field("KeyArn", &KeyEntry::arn));
    }
};

struct ListKeysResponse {
    std::vector<KeyPtr> rows;  // what the entries are views of
    std::vector<KeyEntry> keys;
    bool truncated = false;
    std::optional<std::string> marker;

    static constexpr auto fields() {
        return std::tuple(field("Keys", &ListKeysResponse::keys),
                          field("Truncated", &ListKeysResponse::truncated),
                          field("NextMarker", &ListKeysResponse::marker));
    }
};

Outcome<ListKeysResponse> handle_list_keys(Call& call, const ListKeysRequest& request) {
    const Outcome<std::string> after = read_marker(call, kList, request.marker);
    if (!after) {
        return after.error();
    }
    const auto limit = static_cast<std::size_t>(request.limit);
    ListKeysResponse response;
    response.rows = call.parts.catalogue.keys_after(call.account(), call.http.region, *after, limit + 1);
    PageEnd end = end_page(call, kList, response.rows, limit,
                           [](const KeyPtr& key) -> std::string_view { return key->record.id.value(); });
    response.truncated = end.truncated;
    response.marker = std::move(end.marker);
    for (const KeyPtr& key : response.rows) {
        response.keys.push_back({key->record.id.value(), key->arn});
    }
    return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> list_keys(Call& call) {
    return run(call, handle_list_keys);
}

}  // namespace claviger::kms
