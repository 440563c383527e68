#include "src/kms/reaper.hpp"

#include <claviger/cluster/cluster.hpp>

#include "src/cloudhsm/key_ledger.hpp"
#include "src/kms/audit_record.hpp"
#include "src/kms/commit.hpp"
#include "src/kms/key_store.hpp"
#include "src/kms/multi_region.hpp"
#include "src/kms/shared_imports.hpp"

namespace claviger::kms {
namespace {

// True: nothing is left on any HSM that can be reached.
asio::awaitable<bool> destroy_material(http::IoContext& io, const Catalogue& catalogue, const Key& key,
                                       MonoTime deadline) {
    const store::KeyRecord& record = key.record;
    if (record.multi_region && catalogue.related(record.account.value(), record.id.value()).size() > 1) {
        co_return true;  // the material is that of its related keys, too
    }
    cluster::Client* const client = client_of(io, catalogue, key);
    if (client == nullptr) {
        co_return false;
    }
    for (const Generation& generation : key.generations) {
        Status<> gone = co_await client->destroy_key(*generation.material, deadline);
        if (!gone) {
            co_return false;
        }
    }
    co_return true;
}

// The HSMs of a key store that cannot be reached forget the key when they come back.
bool bury(const ServiceParts& parts, store::Txn& txn, const Key& key) {
    const KeyStorePtr in = key_store_of(parts.catalogue, key.record);
    const cloudhsm::ClusterPtr cluster =
        in == nullptr ? nullptr : parts.clusters.find(in->account, in->region, in->cluster);
    if (cluster == nullptr) {
        return true;
    }
    std::vector<HsmId> hsms;
    for (const cloudhsm::Hsm& hsm : cluster->hsms) {
        hsms.push_back(hsm.record.id);
    }
    return cloudhsm::bury(txn, in->cluster, hsms, key.arn).has_value();
}

// What a replica that goes means to the keys that stay.
bool leave_related(const ServiceParts& parts, store::Txn& txn, const store::KeyRecord& gone) {
    const auto rows = gone.multi_region
                          ? txn.related_keys(gone.account, gone.id)
                          : Result<std::vector<store::KeyRecord>>(std::vector<store::KeyRecord>{});
    return rows && (rows->empty() || settle_pending(txn, rows->front())) &&
           release_primary(txn, gone, parts.life.now());
}

// Still due, as this transaction sees it? Then its rows go, with the record of it.
bool erase(const ServiceParts& parts, store::Txn& txn, const Key& key, WallTime wall,
           std::string_view backing_status) {
    const store::KeyRecord& known = key.record;
    const auto row = txn.key(known.account, known.region, known.id);
    if (!row || !*row || (**row).state != store::KeyState::pending_deletion || !(**row).deletion_date ||
        *(**row).deletion_date > parts.life.now()) {
        return false;
    }
    return bury(parts, txn, key) && txn.erase_key(known.account, known.region, known.id).has_value() &&
           leave_related(parts, txn, known) &&
           txn.audit(service_event_record("DeleteKey", known, key.arn, wall, parts.random,
                                          parts.store.sequence(), backing_status))
               .has_value();
}

}  // namespace

asio::awaitable<std::size_t> Reaper::run_due(http::IoContext& io, MonoTime deadline, WallTime wall) {
    std::size_t gone = 0;
    for (const KeyPtr& key : parts_.catalogue.due_for_deletion(parts_.life.now())) {
        const bool destroyed = co_await destroy_material(io, parts_.catalogue, *key, deadline);
        // A custom key store may be disconnected or lost for good: as in AWS the key goes on its day, and
        // what its HSMs may still hold is orphaned material, of no use to this service without its key token.
        const bool own_store = !key->record.key_store.value().empty();
        if (!destroyed && !own_store) {
            continue;
        }
        const std::string_view status = !own_store ? "" : destroyed ? "SUCCESS" : "FAILURE";
        bool erased = false;
        store::Store::Work work = [&](store::Txn& txn) {
            return erased = erase(parts_, txn, *key, wall, status);
        };
        const Result<std::uint64_t> committed = co_await submit(parts_.store, std::move(work));
        gone += committed.has_value() && erased ? 1 : 0;
    }
    co_return gone;
}

}  // namespace claviger::kms
