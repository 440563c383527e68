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

asio::awaitable<Outcome<NoMembers>> handle(Call& call, const TagRequest& request) {
    const Outcome<ClusterPtr> cluster = find_cluster(call, request.resource);
    if (!cluster) {
        co_return cluster.error();
    }
    if (auto refused = check_tags(request.tags)) {
        co_return *std::move(refused);
    }
    Decide decide = [&](store::Txn& txn) -> Outcome<Done> {
        Outcome<store::CloudHsmClusterRecord> row = cluster_row(txn, (*cluster)->record.id);
        if (!row) {
            return std::move(row).error();
        }
        for (const TagWire& tag : request.tags) {
            const auto there = std::ranges::find(row->tags, tag.key, &store::Tag::key);
            if (there != row->tags.end()) {
                there->value = tag.value;
            } else {
                row->tags.push_back({std::string(tag.key), std::string(tag.value)});
            }
        }
        if (row->tags.size() > kMaxTags) {
            return Failure(ErrorType::resource_limit, "A resource can have at most 50 tags.");
        }
        return put(txn, *std::move(row));
    };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    co_return NoMembers{};
}

}  // namespace

asio::awaitable<Outcome<std::string>> tag_resource(Call& call) {
    return run(call, handle);
}

}  // namespace claviger::cloudhsm
