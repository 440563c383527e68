#include <algorithm>
#include <array>

#include <boost/json.hpp>

#include "src/cloudhsm/describe.hpp"
#include "src/cloudhsm/operations/operations.hpp"

namespace claviger::cloudhsm {
namespace {

constexpr std::array<std::string_view, 3> kClusterFilters{"clusterIds", "states", "vpcIds"};

struct DescribeClustersRequest {
    EncryptionContext filters;  // name -> list of values
    std::int64_t limit = 25;    // 1..25 by the model
    std::optional<std::string_view> token;

    static constexpr auto fields() {
        return std::tuple(field("Filters", &DescribeClustersRequest::filters),
                          field("MaxResults", &DescribeClustersRequest::limit),
                          field("NextToken", &DescribeClustersRequest::token));
    }
};

struct DescribeClustersResponse {
    std::vector<ClusterPtr> views;  // what the clusters are views of
    std::vector<ClusterWire> clusters;
    std::optional<std::string> token;

    static constexpr auto fields() {
        return std::tuple(field("Clusters", &DescribeClustersResponse::clusters),
                          field("NextToken", &DescribeClustersResponse::token));
    }
};

std::string_view value_of(const ClusterView& cluster, std::string_view filter) {
    if (filter == "clusterIds") {
        return cluster.record.id.value();
    }
    return filter == "states" ? to_string(cluster.record.state) : std::string_view(cluster.record.vpc);
}

// Values of one filter are alternatives; all filters must hold.
bool matches(const ClusterView& cluster, const EncryptionContext& filters) {
    if (filters.pairs == nullptr) {
        return true;
    }
    return std::ranges::all_of(*filters.pairs, [&](const auto& filter) {
        return std::ranges::any_of(filter.value().get_array(), [&](const auto& value) {
            return wire::text_of(value) == value_of(cluster, filter.key());
        });
    });
}

Outcome<DescribeClustersResponse> handle_describe_clusters(Call& call,
                                                           const DescribeClustersRequest& request) {
    bool by_name = false;  // deleted clusters are shown to those who ask for them
    if (request.filters.pairs != nullptr) {
        for (const auto& filter : *request.filters.pairs) {
            if (std::ranges::find(kClusterFilters, std::string_view(filter.key())) == kClusterFilters.end()) {
                return invalid_request("'" + std::string(filter.key()) + "' is not a filter of clusters.");
            }
            by_name = by_name || filter.key() != "vpcIds";
        }
    }
    std::vector<ClusterPtr> all = call.manager.parts().inventory.clusters();
    std::erase_if(all, [&](const ClusterPtr& one) {
        return one->record.account != call.account() || one->record.region != call.http.region ||
               (!by_name && one->record.state == store::ClusterState::deleted) ||
               !matches(*one, request.filters) || (request.token && one->record.id.value() <= *request.token);
    });
    DescribeClustersResponse response;
    const auto limit = static_cast<std::size_t>(request.limit);
    if (all.size() > limit) {
        all.resize(limit);
        response.token = all.back()->record.id.value();
    }
    for (const ClusterPtr& cluster : all) {
        response.clusters.push_back(describe(*cluster));
    }
    response.views = std::move(all);
    return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> describe_clusters(Call& call) {
    return run(call, handle_describe_clusters);
}

}  // namespace claviger::cloudhsm
