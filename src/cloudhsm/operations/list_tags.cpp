#include "src/cloudhsm/operations/operations.hpp"
#include "src/cloudhsm/tags.hpp"

namespace claviger::cloudhsm {
namespace {

struct ListTagsRequest {
    std::string_view resource;
    std::int64_t limit = 50;
    std::optional<std::string_view> token;

    static constexpr auto fields() {
        return std::tuple(field("ResourceId", &ListTagsRequest::resource),
                          field("MaxResults", &ListTagsRequest::limit),
                          field("NextToken", &ListTagsRequest::token));
    }
};

struct ListTagsResponse {
    std::vector<store::Tag> records;  // what the tags are views of
    std::vector<TagWire> tags;
    std::optional<std::string> token;
    static constexpr auto fields() {
        return std::tuple(field("TagList", &ListTagsResponse::tags),
                          field("NextToken", &ListTagsResponse::token));
    }
};

Outcome<ListTagsResponse> handle_list_tags(Call& call, const ListTagsRequest& request) {
    Outcome<std::vector<store::Tag>> found = tags_of(call, request.resource);
    if (!found) {
        return std::move(found).error();
    }
    ListTagsResponse response;
    response.records = *std::move(found);
    bool after = !request.token;  // the token is the key that the last page ended with
    for (const TagWire& tag : describe(response.records)) {
        if (!after) {
            after = tag.key == *request.token;
            continue;
        }
        if (response.tags.size() == static_cast<std::size_t>(request.limit)) {
            response.token = std::string(response.tags.back().key);
            break;
        }
        response.tags.push_back(tag);
    }
    return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> list_tags(Call& call) {
    return run(call, handle_list_tags);
}

}  // namespace claviger::cloudhsm
