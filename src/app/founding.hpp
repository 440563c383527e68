// From settings to a cluster: founded once, recorded in the store, described to claviger::cluster at each
// start.
#pragma once

#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include <claviger/base/clock.hpp>
#include <claviger/base/result.hpp>
#include <claviger/cluster/options.hpp>

#include "src/app/settings.hpp"
#include "src/store/seal.hpp"
#include "src/store/store.hpp"

namespace claviger::app {

// What every claviger-hsm of this service is told beside its place.
std::vector<std::string> host_arguments(const Settings& settings);

// Provisions the configured HSMs and commits the cluster and HSM rows; prints each step and how long it took.
// Runs the control io_context until it is done. A founding that was interrupted leaves no rows, so it begins
// anew: in a dev store what it left on disk is removed, in production the operator is told to.
Status<> found_cluster(const Settings& settings, const Layout& layout, store::Store& store,
                       const store::SealingKey& key, boost::asio::io_context& control, const Clock& clock,
                       Random& random);

// SubjectPublicKeyInfo DER of the configured recovery key; empty: recovery is "vault". Errc::bad_config says
// what to do.
Result<Bytes> recovery_key(const config::Cluster& config);
cluster::MembershipRule membership(const config::Cluster& config) noexcept;
// If the configuration says "sealed", every cluster is from now on: their HSMs are told when they are
// admitted. How many were open.
Result<std::size_t> seal_clusters(const config::Cluster& config, store::Store& store,
                                  const store::Contents& contents);

// The cluster of the default key store: the one that no API made. nullptr: it was not founded yet.
const store::ClusterRecord* default_cluster(const store::Contents& contents);

// Its options. Errc::bad_config: the configuration names other HSMs than the
// store.
Result<cluster::ClusterOptions> cluster_options(const Settings& settings, const Layout& layout,
                                                const store::Contents& contents);

}  // namespace claviger::app
