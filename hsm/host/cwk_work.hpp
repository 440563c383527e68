// What a host does with a cluster wrapping key, in steps that leave nothing half done. Threads: the lane's.
// Failure: values.
#pragma once

#include <memory>

#include <claviger/hsm/cluster_keys.hpp>

#include "hsm/host/hosted_token.hpp"
#include "hsm/link/control.hpp"

namespace claviger::host {

struct CheckedCwk {
    hsm::CwkId cluster;
    std::unique_ptr<hsm::Key> check_key;
    link::control::CwkCreated created;  // create_cwk only
};

// Loads the cluster's check token, which proves that this token holds that cluster's CWK. data_invalid: it is
// another cluster's.
Result<CheckedCwk> prove_cwk(hsm::Lane& lane, const hsm::CwkId& cluster, ByteView check_token);

// Generates a CWK, wraps it to the recovery key, and saves the token. not_found: that key is not installed as
// trusted. What fails later leaves no CWK.
Result<CheckedCwk> make_cwk(hsm::Lane& lane, TokenFilesGuard& files, const link::control::CreateCwk& request);

// Opens a recovery bundle and wraps its CWK to a joining token; the CWK does not stay.
Result<link::control::Wrapped> recover_cwk(hsm::Lane& lane, const link::control::RecoverCwk& request);

}  // namespace claviger::host
