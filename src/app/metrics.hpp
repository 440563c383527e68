// What /metrics, /readyz and `claviger status` tell, gathered from the parts.
#pragma once

#include <string>

#include <claviger/cluster/cluster.hpp>

#include "src/http/admin_server.hpp"
#include "src/observe/metrics.hpp"
#include "src/store/sqlite/sqlite_store.hpp"

namespace claviger::app {

struct Observed {
    cluster::Cluster& cluster;
    store::SqliteStore& store;
    http::Server& server;
};

// Registers one series for each HSM and a handful for the process. `observed` must outlive `metrics`.
void register_metrics(observe::Metrics& metrics, const Observed& observed);

// Ready: an HSM serves.
http::HealthReport readiness(const Observed& observed);

// One JSON object for people and scripts: every member with its state and last error.
std::string status_page(const Observed& observed);

}  // namespace claviger::app
