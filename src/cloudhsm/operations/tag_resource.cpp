#include <algorithm>

#include "src/cloudhsm/operations/operations.hpp"
#include "src/cloudhsm/tags.hpp"

namespace claviger::cloudhsm {
namespace {

struct TagRequest {
    std::string_view resource;
    std::vector<TagWire> tags;
    static constexpr auto fields() {
        return std::tuple(field("ResourceId", &TagRequest::resource), field("TagList", &TagRequest::tags));
    }
};

asio::awaitable<Outcome<NoMembers>> handle_tag_resource(Call& call, const TagRequest& request) {
    if (auto refused = check_tags(request.tags)) {
        co_return *std::move(refused);
    }
    ChangeTags change = [&](std::vector<store::Tag>& tags) -> Outcome<Done> {
        for (const TagWire& tag : request.tags) {
            const auto there = std::ranges::find(tags, tag.key, &store::Tag::key);
            if (there != tags.end()) {
                there->value = tag.value;
            } else {
                tags.push_back({std::string(tag.key), std::string(tag.value)});
            }
        }
        if (tags.size() > kMaxTags) {
            return Failure(ErrorType::resource_limit, "A resource can have at most 50 tags.");
        }
        return done;
    };
    Outcome<Done> committed = co_await change_tags(call, request.resource, std::move(change));
    if (!committed) {
        co_return std::move(committed).error();
    }
    co_return NoMembers{};
}

}  // namespace

asio::awaitable<Outcome<std::string>> tag_resource(Call& call) {
    return run(call, handle_tag_resource);
}

}  // namespace claviger::cloudhsm
