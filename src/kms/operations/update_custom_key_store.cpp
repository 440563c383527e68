#include <algorithm>

#include <claviger/cluster/certificates.hpp>

#include "src/kms/commit.hpp"
#include "src/kms/key_store.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

struct UpdateRequest {
    std::string_view id;
    std::optional<std::string_view> name;
    std::optional<std::string_view> password;
    std::optional<std::string_view> cluster;
    std::optional<std::string_view> xks_endpoint;
    std::optional<std::string_view> xks_path;
    std::optional<std::string_view> xks_connectivity;

    static constexpr auto fields() {
        return std::tuple(field("CustomKeyStoreId", &UpdateRequest::id),
                          field("NewCustomKeyStoreName", &UpdateRequest::name),
                          field("KeyStorePassword", &UpdateRequest::password),
                          field("CloudHsmClusterId", &UpdateRequest::cluster),
                          field("XksProxyUriEndpoint", &UpdateRequest::xks_endpoint),
                          field("XksProxyUriPath", &UpdateRequest::xks_path),
                          field("XksProxyConnectivity", &UpdateRequest::xks_connectivity));
    }
};

using store::ConnectionState;
using Refused = std::optional<Failure>;

// A new name alone is taken in both states of rest.
Refused check_state(const store::KeyStoreRecord& row, const UpdateRequest& request) {
    const bool name_only = !request.password && !request.cluster;
    const bool allowed =
        row.state == ConnectionState::disconnected || (name_only && row.state == ConnectionState::connected);
    return allowed ? std::nullopt : Refused(wrong_connection_state(row, ConnectionState::disconnected));
}

Refused check_name(const Call& call, store::Txn& txn, const store::KeyStoreRecord& row,
                   std::string_view name) {
    const auto existing = txn.key_stores(row.account, row.region);
    if (!existing) {
        return store_failed(call, existing.error());
    }
    const bool taken = std::ranges::any_of(
        *existing, [&](const auto& other) { return other.name == name && other.id != row.id; });
    return taken ? Refused(Failure(ErrorType::custom_key_store_name_in_use,
                                   "Custom key store name '" + std::string(name) +
                                       "' is already in use in this account."))
                 : std::nullopt;
}

// The certificate of the cluster that the store has now: also of one that is deleted, or a store whose
// cluster is lost could never move to one that was restored from its backup.
bool is_related(const Call& call, const store::KeyStoreRecord& row, const cloudhsm::ClusterView& wanted) {
    const cloudhsm::ClusterPtr now = call.parts.clusters.find(row.account, row.region, row.cluster);
    return now != nullptr && cluster::same_certificate(now->certificate_pem, wanted.certificate_pem);
}

Refused check_cluster(const Call& call, store::Txn& txn, const store::KeyStoreRecord& row,
                      std::string_view id) {
    const cloudhsm::ClusterPtr wanted = find_cluster(call, ClusterId(std::string(id)));
    if (wanted == nullptr) {
        return cluster_not_found(id);
    }
    if (wanted->record.id != row.cluster && !is_related(call, row, *wanted)) {
        return Failure(ErrorType::cloudhsm_cluster_not_related,
                       "CloudHSM cluster '" + std::string(id) +
                           "' does not have the cluster certificate of the key store's cluster.");
    }
    const auto existing = txn.key_stores(row.account, row.region);
    if (!existing) {
        return store_failed(call, existing.error());
    }
    // Only stores that came with backups can have the same identity; the API has no name for it here.
    if (std::ranges::any_of(*existing, [&](const auto& other) {
            return other.cluster == wanted->record.id && other.id != row.id;
        })) {
        return Failure(ErrorType::cloudhsm_cluster_invalid_configuration,
                       "CloudHSM cluster '" + std::string(id) + "' belongs to another custom key store.");
    }
    if (auto refused = check_active(*wanted)) {
        return refused;
    }
    return check_two_zones(*wanted);
}

asio::awaitable<Outcome<Empty>> handle_update_custom_key_store(Call& call, const UpdateRequest& request) {
    if (request.xks_endpoint || request.xks_path || request.xks_connectivity) {
        co_return validation("XksProxy parameters are not valid for the CustomKeyStoreType AWS_CLOUDHSM.");
    }
    Outcome<KeyStorePtr> known = find_key_store(call, request.id);
    if (!known) {
        co_return std::move(known).error();
    }
    call.audit.note_key_store(**known);
    Bytes sealed;
    if (request.password) {
        Outcome<Bytes> made = seal_password(call, **known, *request.password);
        if (!made) {
            co_return std::move(made).error();
        }
        sealed = *std::move(made);
    }
    Decide decide = [&](store::Txn& txn) -> Outcome<Done> {
        Outcome<store::KeyStoreRecord> row = current_key_store(call, txn, **known);
        if (!row) {
            return std::move(row).error();
        }
        Refused refused = check_state(*row, request);
        if (!refused && request.name) {
            refused = check_name(call, txn, *row, *request.name);
        }
        if (!refused && request.cluster) {
            refused = check_cluster(call, txn, *row, *request.cluster);
        }
        if (refused) {
            return *std::move(refused);
        }
        if (request.name) {
            row->name = *request.name;
        }
        if (request.cluster) {
            row->cluster = ClusterId(std::string(*request.cluster));
        }
        if (request.password) {
            row->sealed_password = sealed;
        }
        if (auto written = txn.put(*std::move(row)); !written) {
            return store_failed(call, written.error());
        }
        return done;
    };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    co_return Empty{};
}

}  // namespace

asio::awaitable<Outcome<std::string>> update_custom_key_store(Call& call) {
    return run(call, handle_update_custom_key_store);
}

}  // namespace claviger::kms
