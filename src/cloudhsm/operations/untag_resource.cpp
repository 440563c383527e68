#include <algorithm>

#include "src/cloudhsm/operations/operations.hpp"

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

asio::awaitable<Outcome<NoMembers>> handle(Call& call, const UntagRequest& request) {
    const Outcome<ClusterPtr> cluster = find_cluster(call, request.resource);
    if (!cluster) {
        co_return cluster.error();
    }
    Decide decide = [&](store::Txn& txn) -> Outcome<Done> {
        Outcome<store::CloudHsmClusterRecord> row = cluster_row(txn, (*cluster)->record.id);
        if (!row) {
            return std::move(row).error();
        }
        std::erase_if(row->tags, [&](const store::Tag& tag) {
            return std::ranges::find(request.keys, tag.key) != request.keys.end();
        });
        return put(txn, *std::move(row));
    };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    co_return NoMembers{};
}

}  // namespace

asio::awaitable<Outcome<std::string>> untag_resource(Call& call) {
    return run(call, handle);
}

}  // namespace claviger::cloudhsm
