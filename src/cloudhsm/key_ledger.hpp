// What the store knows of the key objects on the HSMs of one cluster, beyond the keys themselves: which HSMs
// were brought in step once, which keys they held, and what each still has to forget. One setting for each
// cluster.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/store/store.hpp"

namespace claviger::cloudhsm {

struct KeyLedger {
    // Held every key that is in `held`, as long as its owner does not destroy it there.
    std::set<std::string> in_step;
    // ARNs of keys that an HSM held once. Others come to the cluster: with a backup, or with their key store.
    std::set<std::string> held;
    // HSM and label: the key is deleted, its object may be there still.
    std::set<std::pair<std::string, std::string>> tombstones;

    bool operator==(const KeyLedger&) const = default;
};

// One line each; labels, which foreign tools may have chosen, in quotes. integrity: it does not parse.
Result<KeyLedger> parse_ledger(std::string_view from);
std::string to_text(const KeyLedger& ledger);

// `now` with what a look at the HSMs changed from `before` to `after`: what requests buried meanwhile stays
// so.
KeyLedger merge(KeyLedger now, const KeyLedger& before, const KeyLedger& after);

// Empty if there is none yet; integrity: it does not parse.
Result<KeyLedger> read_ledger(store::Txn& txn, const ClusterId& cluster);
Status<> write_ledger(store::Txn& txn, const ClusterId& cluster, const KeyLedger& ledger);
// Every HSM of the cluster is to forget the key, which is deleted, whether it can be reached now or not.
Status<> bury(store::Txn& txn, const ClusterId& cluster, const std::vector<HsmId>& hsms,
              const std::string& arn);

}  // namespace claviger::cloudhsm
