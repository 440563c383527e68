// What the operations on custom key stores share: names of states, refusals, the rules about clusters; and
// what a key's being in a store means for its use.
#pragma once

#include <optional>
#include <string_view>

#include "src/cloudhsm/clusters.hpp"
#include "src/kms/key_store_index.hpp"
#include "src/kms/operation.hpp"

namespace claviger::kms {

inline constexpr std::size_t kKeyStoresPerRegion = 10;  // quota of AWS KMS, every state counts

std::string_view to_string(store::ConnectionState state) noexcept;

// The request's key store as it is now, or CustomKeyStoreNotFoundException.
Outcome<KeyStorePtr> find_key_store(const Call& call, std::string_view id);
// The same, inside a transaction: another request may have changed it since.
Outcome<store::KeyStoreRecord> current_key_store(const Call& call, store::Txn& txn,
                                                 const store::KeyStoreRecord& known);
// CustomKeyStoreInvalidStateException that says how the store gets into the state that the request needs.
Failure wrong_connection_state(const store::KeyStoreRecord& record, store::ConnectionState needed);

// The cluster of the caller's account and Region; nullptr if there is none or it is deleted.
cloudhsm::ClusterPtr find_cluster(const Call& call, const ClusterId& id);
Failure cluster_not_found(std::string_view id);
std::optional<Failure> check_active(const cloudhsm::ClusterView& cluster);
// HSMs in two zones: to be a key store, and for every key that is made in it.
std::optional<Failure> check_two_zones(const cloudhsm::ClusterView& cluster);

// The password of a key store's crypto user, for its row.
Outcome<Bytes> seal_password(const Call& call, const store::KeyStoreRecord& record,
                             std::string_view password);
// Whether it is the one that the row holds.
bool has_password(const Call& call, const store::KeyStoreRecord& record, std::string_view password);

// A password is sealed for one row and opens in no other.
inline constexpr std::string_view kPasswordTable = "key_stores";
std::string password_row(const store::KeyStoreRecord& record);

// The store that `record` says its key is in; nullptr: the default one.
KeyStorePtr key_store_of(const Catalogue& catalogue, const store::KeyRecord& record);
// The state that callers see: computed, because a store takes all its keys with it when it is disconnected.
store::KeyState state_of(const Catalogue& catalogue, const store::KeyRecord& record);

// The way to the HSMs that hold the key; nullptr: its cluster has none yet. And what their failure means to
// the key's user.
cluster::Client* client_of(const http::IoContext& io, const Catalogue& catalogue, const Key& key);
Outcome<cluster::Client*> client_of(const Call& call, const Key& key);
Failure key_failed(const Call& call, const Key& key, const Error& error);
// A connected store that new keys may go to.
struct Place {
    KeyStorePtr store;
    cluster::Client* client = nullptr;
};
enum class PlaceFor : std::uint8_t { new_key, random };  // a new key needs two zones
Outcome<Place> connected_store(const Call& call, std::string_view id, PlaceFor purpose);

}  // namespace claviger::kms
