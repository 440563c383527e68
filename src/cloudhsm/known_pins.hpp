// HSMs whose user PIN people may still know: they could not draw one of their own when their cluster was
// logged in to. One setting for each cluster.
#pragma once

#include <set>

#include "src/store/store.hpp"

namespace claviger::cloudhsm {

// Empty if there is none.
Result<std::set<HsmId>> read_known_pins(store::Txn& txn, const ClusterId& cluster);
Status<> write_known_pins(store::Txn& txn, const ClusterId& cluster, const std::set<HsmId>& hsms);

}  // namespace claviger::cloudhsm
