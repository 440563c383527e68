// The keys of custom key stores in memory: what must be on the HSMs of a cluster.
//
// Threads: all functions may be called from any thread; entries are immutable and shared. Built once from the
// store's contents, then kept current by apply(), as the Inventory.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <claviger/cluster/cluster.hpp>

#include "src/store/store.hpp"

namespace claviger::cloudhsm {

struct BookedKey {
    std::string arn;  // the label of its objects
    std::shared_ptr<const cluster::KeyMaterial> material;
};

// "arn:aws:kms:us-east-1": with what the ARNs of a Region's keys begin. Keys keep the Region of their row,
// whatever the configuration says: a key store's is the Region of its cluster.
std::string key_arn_prefix(std::string_view region);

class KeyBook {
public:
    void load(const store::Contents& contents);
    void apply(const store::Change& change);

    // Of every key store on the cluster; by ARN.
    std::vector<BookedKey> keys(const ClusterId& cluster) const;
    // Counts what changes the answer of keys().
    std::uint64_t version() const noexcept { return version_.load(); }

private:
    using Name = std::tuple<std::string, std::string, std::string>;  // account, region, key id
    struct Entry {
        KeyStoreId in;
        BookedKey key;
    };
    template <class Record>
    static Name name_of(const Record& record, const KeyId& id) {
        return {record.account.value(), record.region, id.value()};
    }

    mutable std::mutex mutex_;  // guards what follows, but the version
    std::map<Name, Entry> entries_;
    std::map<KeyStoreId, ClusterId> stores_;
    std::atomic<std::uint64_t> version_{0};
};

}  // namespace claviger::cloudhsm
