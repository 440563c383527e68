#include <algorithm>

#include "src/cloudhsm/operations/operations.hpp"
#include "src/cloudhsm/tags.hpp"

namespace claviger::cloudhsm {
namespace {

struct UntagRequest {
    std::string_view resource;
    std::vector<std::string_view> keys;
    static constexpr auto fields() {
        return std::tuple(field("ResourceId", &UntagRequest::resource),
                          field("TagKeyList", &UntagRequest::keys));
    }
};

asio::awaitable<Outcome<NoMembers>> handle_untag_resource(Call& call, const UntagRequest& request) {
    ChangeTags change = [&](std::vector<store::Tag>& tags) -> Outcome<Done> {
        std::erase_if(tags, [&](const store::Tag& tag) {
            return std::ranges::find(request.keys, tag.key) != request.keys.end();
        });
        return done;
    };
    Outcome<Done> committed = co_await change_tags(call, request.resource, std::move(change));
    if (!committed) {
        co_return std::move(committed).error();
    }
    co_return NoMembers{};
}

}  // namespace

asio::awaitable<Outcome<std::string>> untag_resource(Call& call) {
    return run(call, handle_untag_resource);
}

}  // namespace claviger::cloudhsm
