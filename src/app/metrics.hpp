// What /metrics, /readyz and `claviger status` tell, gathered from the parts.
#pragma once

#include <string>

#include <claviger/cluster/cluster.hpp>

#include "src/app/leap_guard.hpp"
#include "src/cloudhsm/manager.hpp"
#include "src/http/admin_server.hpp"
#include "src/kms/catalogue.hpp"
#include "src/observe/metrics.hpp"
#include "src/store/sqlite/sqlite_store.hpp"

namespace claviger::app {

// What metrics, status and reports call the cluster that is none of the CloudHSM v2 API.
inline constexpr std::string_view kDefaultCluster = "default";

struct Observed {
    cluster::Cluster& cluster;
    store::SqliteStore& store;
    http::Server& server;
    const cloudhsm::Manager& clusters;  // of the CloudHSM v2 API
    const kms::Catalogue& catalogue;
    const LeapGuard& leaps;
    const Clock& clock;
};

// Series for each HSM, cluster and key store, and a handful for the process. `observed` must outlive
// `metrics`.
void register_metrics(observe::Metrics& metrics, const Observed& observed);

// Ready: an HSM serves.
http::HealthReport readiness(const Observed& observed);

// One JSON object for people and scripts: every member with its state and last error.
std::string status_page(const Observed& observed);

}  // namespace claviger::app
