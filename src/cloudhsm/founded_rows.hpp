// What founding made, as the store keeps it: a cluster by what makes its tokens one, a token with the PIN of
// its officer sealed. Pure, thread-safe.
#pragma once

#include <claviger/base/clock.hpp>
#include <claviger/base/id.hpp>
#include <claviger/base/result.hpp>
#include <claviger/base/secret.hpp>
#include <claviger/cluster/provisioning.hpp>

#include "src/store/records.hpp"
#include "src/store/seal.hpp"

namespace claviger::cloudhsm {

cluster::ClusterFacts facts_of(const store::ClusterRecord& row);
// Without certificates, which come later.
store::ClusterRecord cluster_row(const ClusterId& id, cluster::ClusterFacts facts);

// `cluster`: empty of a vault, which belongs to none.
Result<store::HsmRecord> token_row(const cluster::FoundedHsm& token, const ClusterId& cluster,
                                   const store::SealingKey& key, Random& random);
// Empty if people keep it, or a file of theirs does. Errc::integrity: another sealing key.
Result<SecretBytes> officer_pin_of(const store::HsmRecord& row, const store::SealingKey& key);

}  // namespace claviger::cloudhsm
