// Every cluster, HSM, user and backup of the CloudHSM v2 API in memory: what requests and jobs read instead
// of the store.
//
// Threads: all functions may be called from any thread; views are immutable and shared. Built once from the
// store's contents, then kept current by apply(), which the store's observer calls before the submitter hears
// of a commit.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/cloudhsm/clusters.hpp"
#include "src/store/store.hpp"

namespace claviger::cloudhsm {

using BackupPtr = std::shared_ptr<const store::BackupRecord>;

// The state of a token whose HSM was deleted without being wiped.
inline constexpr std::string_view kNotWiped = "NOT WIPED";

class Inventory {
public:
    void load(const store::Contents& contents);
    void apply(const store::Change& change);

    ClusterPtr cluster(const ClusterId& id) const;  // of whatever account
    std::vector<ClusterPtr> clusters() const;       // by id
    std::optional<store::CloudHsmRecord> hsm(const HsmId& id) const;
    // What the cluster's HSMs are made of; from its first HSM on.
    std::optional<store::ClusterRecord> facts(const ClusterId& id) const;
    // Serial and officer PIN of a token that was made; of a vault too.
    std::optional<store::HsmRecord> token(const HsmId& id) const;
    // Of HSMs that were deleted without being wiped, by whichever cluster: what bars this serial.
    std::vector<HsmId> bars(std::string_view serial) const;
    // Of whatever account, DELETED ones included; nullptr: there is none.
    BackupPtr backup(const BackupId& id) const;
    std::vector<BackupPtr> backups() const;  // by id

private:
    void keep(const store::Change& change);
    ClusterPtr make_view(const store::CloudHsmClusterRecord& record) const;

    mutable std::mutex mutex_;  // guards everything below
    std::map<ClusterId, store::CloudHsmClusterRecord> records_;
    std::map<ClusterId, store::ClusterRecord> facts_;
    std::map<HsmId, store::CloudHsmRecord> hsms_;
    std::map<HsmId, store::HsmRecord> tokens_;
    std::map<std::pair<ClusterId, std::string>, store::ClusterUserRecord> users_;
    std::map<ClusterId, ClusterPtr> views_;
    std::map<BackupId, BackupPtr> backups_;
};

}  // namespace claviger::cloudhsm
