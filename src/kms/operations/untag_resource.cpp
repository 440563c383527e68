#include <algorithm>

#include "src/kms/commit.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

struct UntagRequest {
    std::vector<std::string_view> keys;

    static constexpr auto fields() { return std::tuple(field("TagKeys", &UntagRequest::keys)); }
};

asio::awaitable<Outcome<Empty>> handle_untag_resource(Call& call, const UntagRequest& request) {
    Edit edit = [&](store::KeyRecord& row) -> std::optional<Failure> {
        std::erase_if(row.tags, [&](const store::Tag& tag) {
            return std::ranges::find(request.keys, std::string_view(tag.key)) != request.keys.end();
        });
        return std::nullopt;  // a tag that is not there is no error
    };
    co_return co_await edit_key(call, States::not_pending_deletion, std::move(edit));
}

}  // namespace

asio::awaitable<Outcome<std::string>> untag_resource(Call& call) {
    return run(call, handle_untag_resource);
}

}  // namespace claviger::kms
