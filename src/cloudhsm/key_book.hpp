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
#include <tuple>
#include <vector>

#include <claviger/cluster/cluster.hpp>

#include "src/store/store.hpp"

namespace claviger::cloudhsm {

struct BookedKey {
    std::string arn;  // the label of its objects
    std::shared_ptr<const cluster::KeyMaterial> material;
};

class KeyBook {
public:
    // `key_arn`: "arn:aws:kms:us-east-1"
    explicit KeyBook(std::string key_arn) : key_arn_(std::move(key_arn)) {}

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

    const std::string key_arn_;
    mutable std::mutex mutex_;  // guards what follows, but the version
    std::map<Name, Entry> entries_;
    std::map<KeyStoreId, ClusterId> stores_;
    std::atomic<std::uint64_t> version_{0};
};

}  // namespace claviger::cloudhsm
