// What to do about the key objects on the HSMs of one cluster: a decision, no work.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "src/cloudhsm/key_book.hpp"
#include "src/cloudhsm/key_ledger.hpp"

namespace claviger::cloudhsm {

// By HSM: every one that could be asked.
using FoundObjects = std::map<std::string, std::vector<cluster::KeyObject>>;

struct KeyPlan {
    struct Placing {
        std::string hsm;
        BookedKey key;
    };
    std::vector<Placing> place;               // another HSM holds the key, or none ever did
    std::vector<cluster::KeyObject> destroy;  // of deleted keys
    std::vector<cluster::KeyObject> orphans;  // of no key that the store knows: reported, never touched
    std::vector<std::string> gone;            // ARNs of keys that their owner destroyed on every HSM asked
    KeyLedger ledger;  // as it is when all of this is done; but what is placed is not held yet
};

// `hsms`: all of the cluster; of others nothing is remembered.
KeyPlan plan_keys(const std::vector<BookedKey>& keys, const KeyLedger& ledger, FoundObjects found,
                  const std::vector<std::string>& hsms);

}  // namespace claviger::cloudhsm
