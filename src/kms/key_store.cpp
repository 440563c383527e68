#include "src/kms/key_store.hpp"

#include <claviger/base/digest.hpp>
#include <claviger/cluster/cluster.hpp>

#include "src/kms/commit.hpp"
#include "src/store/seal.hpp"

namespace claviger::kms {
namespace {

using store::ConnectionState;

Failure key_store_not_found(std::string_view id) {
    return {ErrorType::custom_key_store_not_found,
            "No custom key store has the ID '" + std::string(id) + "'."};
}

// No HSM of the cluster answers, whatever the reason.
bool is_out_of_reach(Errc code) noexcept {
    switch (code) {
        case Errc::no_hsm:
        case Errc::hsm_gone:
        case Errc::hsm_fault:
        case Errc::key_fault:
        case Errc::key_not_loaded:
        case Errc::session_fault:
        case Errc::not_logged_in:
        case Errc::not_admitted:
        case Errc::pin_refused: return true;
        case Errc::internal:
        case Errc::data_invalid:
        case Errc::unsupported:
        case Errc::overloaded:
        case Errc::deadline_exceeded:
        case Errc::protocol_error:
        case Errc::io_error:
        case Errc::bad_config:
        case Errc::conflict:
        case Errc::not_found:
        case Errc::integrity: break;
    }
    return false;
}

Failure out_of_reach(const Error& error) {
    Failure failure{ErrorType::invalid_state, "KMS cannot communicate with your CloudHSM cluster",
                    error.where};
    failure.detail = error.describe();
    return failure;
}

cluster::Client* client_in(const http::IoContext& io, const store::KeyStoreRecord& in) {
    return io.clusters != nullptr ? io.clusters->client(in.cluster) : nullptr;
}

Failure no_cluster() {
    return out_of_reach(Error(Errc::no_hsm, "the key store's cluster has no HSMs to work with"));
}

}  // namespace

std::string_view to_string(ConnectionState state) noexcept {
    switch (state) {
        case ConnectionState::disconnected: return "DISCONNECTED";
        case ConnectionState::connecting: return "CONNECTING";
        case ConnectionState::connected: return "CONNECTED";
        case ConnectionState::failed: return "FAILED";
        case ConnectionState::disconnecting: return "DISCONNECTING";
    }
    return {};
}

Outcome<KeyStorePtr> find_key_store(const Call& call, std::string_view id) {
    KeyStorePtr found = call.parts.catalogue.key_stores().find(call.account(), call.http.region, id);
    if (found == nullptr) {
        return key_store_not_found(id);
    }
    return found;
}

namespace {

// What its owner does next.
std::string_view way_from(ConnectionState state) {
    switch (state) {
        case ConnectionState::connected:
        case ConnectionState::failed: return "disconnect it first";
        case ConnectionState::connecting: return "wait for the end of the connect, or disconnect it";
        case ConnectionState::disconnecting: return "wait until it is DISCONNECTED";
        case ConnectionState::disconnected: return "connect it first";
    }
    return {};
}

}  // namespace

Outcome<store::KeyStoreRecord> current_key_store(const Call& call, store::Txn& txn,
                                                 const store::KeyStoreRecord& known) {
    auto row = txn.key_store(known.account, known.region, known.id);
    if (!row) {
        return store_failed(call, row.error());
    }
    if (!*row) {
        return key_store_not_found(known.id.value());
    }
    return **std::move(row);
}

Failure wrong_connection_state(const store::KeyStoreRecord& record, ConnectionState needed) {
    const std::string is =
        "Custom key store '" + record.id.value() + "' is " + std::string(to_string(record.state));
    if (record.state == needed) {
        return {ErrorType::custom_key_store_invalid_state, is + " already."};
    }
    return {ErrorType::custom_key_store_invalid_state,
            is + ", and must be " + std::string(to_string(needed)) +
                " for this request: " + std::string(way_from(record.state)) + "."};
}

cloudhsm::ClusterPtr find_cluster(const Call& call, const ClusterId& id) {
    cloudhsm::ClusterPtr found = call.parts.clusters.find(call.principal().account, call.http.region, id);
    return found != nullptr && found->record.state != store::ClusterState::deleted ? found : nullptr;
}

Failure cluster_not_found(std::string_view id) {
    return {ErrorType::cloudhsm_cluster_not_found,
            "No CloudHSM cluster with ID '" + std::string(id) + "' was found in this account and Region."};
}

std::optional<Failure> check_active(const cloudhsm::ClusterView& cluster) {
    if (cluster.record.state == store::ClusterState::active) {
        return std::nullopt;
    }
    return Failure(ErrorType::cloudhsm_cluster_not_active,
                   "CloudHSM cluster '" + cluster.record.id.value() +
                       "' is not ACTIVE: initialize and activate it first.");
}

std::optional<Failure> check_two_zones(const cloudhsm::ClusterView& cluster) {
    if (cluster.active_zones() >= 2) {
        return std::nullopt;
    }
    return Failure(ErrorType::cloudhsm_cluster_invalid_configuration,
                   "CloudHSM cluster must contain active HSMs in at least two Availability Zones");
}

std::string password_row(const store::KeyStoreRecord& record) {
    return record.account.value() + "/" + record.region + "/" + record.id.value();
}

Outcome<Bytes> seal_password(const Call& call, const store::KeyStoreRecord& record,
                             std::string_view password) {
    const SecretBytes secret{as_bytes(password)};
    Result<Bytes> sealed = store::seal_secret(call.parts.sealing_key, call.parts.random, kPasswordTable,
                                              password_row(record), secret);
    if (!sealed) {
        return store_failed(call, sealed.error());
    }
    return *std::move(sealed);
}

bool has_password(const Call& call, const store::KeyStoreRecord& record, std::string_view password) {
    if (record.sealed_password.empty()) {
        return false;
    }
    const Result<SecretBytes> held = store::open_secret(call.parts.sealing_key, kPasswordTable,
                                                        password_row(record), record.sealed_password);
    return held && equal_constant_time(held->reveal(SecretAccess()), as_bytes(password));
}

KeyStorePtr key_store_of(const Catalogue& catalogue, const store::KeyRecord& record) {
    return record.key_store.value().empty()
               ? nullptr
               : catalogue.key_stores().find(record.account.value(), record.region, record.key_store.value());
}

store::KeyState state_of(const Catalogue& catalogue, const store::KeyRecord& record) {
    if (record.key_store.value().empty() || record.state == store::KeyState::pending_deletion) {
        return record.state;
    }
    const KeyStorePtr in = key_store_of(catalogue, record);
    return in != nullptr && in->state == ConnectionState::connected ? record.state
                                                                    : store::KeyState::unavailable;
}

cluster::Client* client_of(const http::IoContext& io, const Catalogue& catalogue, const Key& key) {
    if (key.record.key_store.value().empty()) {
        return &io.cluster;
    }
    // Not the cluster that the key was made in: a store can move to a clone of it.
    const KeyStorePtr in = key_store_of(catalogue, key.record);
    return in != nullptr ? client_in(io, *in) : nullptr;
}

Outcome<cluster::Client*> client_of(const Call& call, const Key& key) {
    cluster::Client* const client = client_of(call.io, call.parts.catalogue, key);
    if (client == nullptr) {
        return no_cluster();
    }
    return client;
}

Failure key_failed(const Call& call, const Key& key, const Error& error) {
    return !key.record.key_store.value().empty() && is_out_of_reach(error.code) ? out_of_reach(error)
                                                                                : call.failed(error);
}

Outcome<Place> connected_store(const Call& call, std::string_view id, PlaceFor purpose) {
    Outcome<KeyStorePtr> found = find_key_store(call, id);
    if (!found) {
        return std::move(found).error();
    }
    Place place{*std::move(found), nullptr};
    if (place.store->state != ConnectionState::connected) {
        return wrong_connection_state(*place.store, ConnectionState::connected);
    }
    const cloudhsm::ClusterPtr cluster = find_cluster(call, place.store->cluster);
    if (purpose == PlaceFor::new_key) {
        if (cluster == nullptr) {
            return Failure(ErrorType::cloudhsm_cluster_invalid_configuration,
                           "The custom key store's CloudHSM cluster does not exist.");
        }
        if (auto refused = check_two_zones(*cluster)) {
            return *std::move(refused);
        }
    }
    place.client = client_in(call.io, *place.store);
    if (place.client == nullptr) {
        return internal("the key store's cluster has no HSMs to work with");
    }
    return place;
}

}  // namespace claviger::kms
