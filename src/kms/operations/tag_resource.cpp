#include "src/kms/commit.hpp"
#include "src/kms/operations/operations.hpp"
#include "src/kms/tags.hpp"

namespace claviger::kms {
namespace {

struct TagRequest {
    std::vector<TagArgument> tags;

    static constexpr auto fields() { return std::tuple(field("Tags", &TagRequest::tags)); }
};

asio::awaitable<Outcome<Empty>> handle_tag_resource(Call& call, const TagRequest& request) {
    if (auto refused = check_tags(request.tags)) {
        co_return *std::move(refused);
    }
    Edit edit = [&](store::KeyRecord& row) -> std::optional<Failure> {
        return merge_tags(row.tags, request.tags) ? std::nullopt : std::optional(too_many_tags());
    };
    co_return co_await edit_key(call, States::not_pending_deletion, std::move(edit));
}

}  // namespace

asio::awaitable<Outcome<std::string>> tag_resource(Call& call) {
    return run(call, handle_tag_resource);
}

}  // namespace claviger::kms
