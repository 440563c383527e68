#include <algorithm>

#include "src/kms/marker.hpp"
#include "src/kms/operations/operations.hpp"
#include "src/kms/tags.hpp"

namespace claviger::kms {
namespace {

constexpr std::int64_t kMostTags = 50;  // documented; the model allows 1000, so a larger Limit is cut

struct ListTagsRequest {
    std::int64_t limit = kMostTags;
    std::optional<std::string_view> marker;

    static constexpr auto fields() {
        return std::tuple(field("Limit", &ListTagsRequest::limit), field("Marker", &ListTagsRequest::marker));
    }
};

struct ListTagsResponse {
    std::vector<TagArgument> tags;
    bool truncated = false;
    std::optional<std::string> marker;

    static constexpr auto fields() {
        return std::tuple(field("Tags", &ListTagsResponse::tags),
                          field("Truncated", &ListTagsResponse::truncated),
                          field("NextMarker", &ListTagsResponse::marker));
    }
};

// In order of their keys, so that a marker stays right while tags come and go.
Outcome<ListTagsResponse> handle_list_resource_tags(Call& call, const ListTagsRequest& request) {
    const std::string list = "ListResourceTags " + call.key().arn;
    const Outcome<std::string> after = read_marker(call, list, request.marker);
    if (!after) {
        return after.error();
    }
    ListTagsResponse response;
    for (const store::Tag& tag : call.key().record.tags) {
        if (tag.key > *after) {
            response.tags.push_back({tag.key, tag.value});
        }
    }
    std::ranges::sort(response.tags, {}, &TagArgument::key);
    const auto limit = static_cast<std::size_t>(std::min(request.limit, kMostTags));
    PageEnd end = end_page(call, list, response.tags, limit, [](const TagArgument& tag) { return tag.key; });
    response.truncated = end.truncated;
    response.marker = std::move(end.marker);
    return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> list_resource_tags(Call& call) {
    return run(call, handle_list_resource_tags);
}

}  // namespace claviger::kms
