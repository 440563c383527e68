// A backup as one file: the rows of a cluster, of its users, key stores and keys with their key tokens,
// signed by the cluster's identity.
//
// No PIN and no readable key is in it: keys are wrapped under the cluster wrapping key, that one under the
// recovery key, and what a key store waits to log in with is left out. Pure; parsing treats the file as
// hostile.
//
//   "CLAVIGER-BACKUP" ‖ format ‖ backup id ‖ time of creation ‖ tables ‖ signature
#pragma once

#include <claviger/base/bytes.hpp>
#include <claviger/base/clock.hpp>
#include <claviger/base/digest.hpp>
#include <claviger/base/result.hpp>

#include "src/store/store.hpp"

namespace claviger::cloudhsm {

struct BackupContents {
    BackupId id;
    WallTime created;      // life clock
    store::Contents rows;  // one of `cloudhsm_clusters` and of `clusters`; others as contents_of() gives them

    const store::CloudHsmClusterRecord& cluster() const { return rows.cloudhsm_clusters.front(); }
    const store::ClusterRecord& facts() const { return rows.clusters.front(); }
};

// Everything but the signature. What must not be in a backup is taken out.
Bytes encode_backup(BackupContents contents);
// The whole file.
Bytes sign_off(Bytes encoded, ByteView signature);

// integrity: it is no backup, or one that was changed: the signature is by the key of the cluster certificate
// inside, which chains to the trust anchor inside. Whose anchor that is, the caller judges.
Result<BackupContents> open_backup(ByteView file);

}  // namespace claviger::cloudhsm
