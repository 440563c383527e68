#include <algorithm>

#include <claviger/base/encoding.hpp>
#include <claviger/cluster/certificates.hpp>

#include "src/kms/commit.hpp"
#include "src/kms/key_store.hpp"
#include "src/kms/operations/operations.hpp"

namespace claviger::kms {
namespace {

struct CreateRequest {
    std::string_view name;
    std::string_view type = "AWS_CLOUDHSM";
    std::optional<std::string_view> cluster;
    std::optional<std::string_view> trust_anchor;
    std::optional<std::string_view> password;
    std::optional<std::string_view> xks_endpoint;
    std::optional<std::string_view> xks_path;
    std::optional<std::string_view> xks_connectivity;

    static constexpr auto fields() {
        return std::tuple(field("CustomKeyStoreName", &CreateRequest::name),
                          field("CustomKeyStoreType", &CreateRequest::type),
                          field("CloudHsmClusterId", &CreateRequest::cluster),
                          field("TrustAnchorCertificate", &CreateRequest::trust_anchor),
                          field("KeyStorePassword", &CreateRequest::password),
                          field("XksProxyUriEndpoint", &CreateRequest::xks_endpoint),
                          field("XksProxyUriPath", &CreateRequest::xks_path),
                          field("XksProxyConnectivity", &CreateRequest::xks_connectivity));
    }
};

struct CreateResponse {
    std::string id;

    static constexpr auto fields() { return std::tuple(field("CustomKeyStoreId", &CreateResponse::id)); }
};

using Refused = std::optional<Failure>;

Refused check_members(const CreateRequest& request) {
    if (request.type != "AWS_CLOUDHSM") {
        return unsupported("Claviger does not implement the CustomKeyStoreType " + std::string(request.type) +
                           " yet.");
    }
    if (request.xks_endpoint || request.xks_path || request.xks_connectivity) {
        return validation("XksProxy parameters are not valid for the CustomKeyStoreType AWS_CLOUDHSM.");
    }
    if (!request.cluster) {
        return missing_member("cloudHsmClusterId");
    }
    if (!request.password) {
        return missing_member("keyStorePassword");
    }
    if (!request.trust_anchor) {
        return missing_member("trustAnchorCertificate");
    }
    return std::nullopt;
}

bool is_the_same(const Call& call, const store::KeyStoreRecord& existing, const CreateRequest& request) {
    return existing.state == store::ConnectionState::disconnected && existing.name == request.name &&
           existing.cluster.value() == *request.cluster &&
           cluster::same_certificate(existing.trust_anchor_pem, *request.trust_anchor) &&
           has_password(call, existing, *request.password);
}

// The cluster is a key store already, or holds the same identity as one that is: also as a deleted one, whose
// store moves to a clone sooner or later.
bool is_in_use(const Call& call, const cloudhsm::ClusterView& cluster,
               const std::vector<store::KeyStoreRecord>& existing) {
    return std::ranges::any_of(existing, [&](const store::KeyStoreRecord& other) {
        if (other.cluster == cluster.record.id) {
            return true;
        }
        const cloudhsm::ClusterPtr its = call.parts.clusters.find(other.account, other.region, other.cluster);
        return its != nullptr && !its->certificate_pem.empty() &&
               cluster::same_certificate(its->certificate_pem, cluster.certificate_pem);
    });
}

// In the order in which AWS's guide lists what must hold.
Refused check_new(const Call& call, const CreateRequest& request,
                  const std::vector<store::KeyStoreRecord>& existing) {
    if (std::ranges::find(existing, request.name, &store::KeyStoreRecord::name) != existing.end()) {
        return Failure(
            ErrorType::custom_key_store_name_in_use,
            "Custom key store name '" + std::string(request.name) + "' is already in use in this account.");
    }
    if (existing.size() >= kKeyStoresPerRegion) {
        return Failure(ErrorType::limit_exceeded, "The account already has " +
                                                      std::to_string(kKeyStoresPerRegion) +
                                                      " custom key stores in this Region.");
    }
    const cloudhsm::ClusterPtr cluster = find_cluster(call, ClusterId(std::string(*request.cluster)));
    if (cluster == nullptr) {
        return cluster_not_found(*request.cluster);
    }
    if (is_in_use(call, *cluster, existing)) {
        return Failure(ErrorType::cloudhsm_cluster_in_use,
                       "CloudHSM cluster '" + cluster->record.id.value() +
                           "' or one with the same cluster certificate belongs to a custom key store.");
    }
    if (auto refused = check_active(*cluster)) {
        return refused;
    }
    if (auto refused = check_two_zones(*cluster)) {
        return refused;
    }
    if (!cluster::same_certificate(cluster->trust_anchor_pem, *request.trust_anchor)) {
        return Failure(ErrorType::incorrect_trust_anchor,
                       "The trust anchor certificate is not the one that CloudHSM cluster '" +
                           cluster->record.id.value() + "' was initialized with.");
    }
    return std::nullopt;
}

store::KeyStoreRecord record_of(const Call& call, const CreateRequest& request) {
    store::KeyStoreRecord record;
    record.account = call.principal().account;
    record.region = call.http.region;
    std::array<std::byte, 9> id;
    call.parts.random.fill(id);
    record.id = KeyStoreId("cks-" + to_hex(id).substr(0, 17));
    record.name = request.name;
    record.cluster = ClusterId(std::string(*request.cluster));
    record.trust_anchor_pem = *request.trust_anchor;
    record.created = call.parts.life.now();
    return record;
}

asio::awaitable<Outcome<CreateResponse>> handle_create_custom_key_store(Call& call,
                                                                        const CreateRequest& request) {
    if (auto refused = check_members(request)) {
        co_return *std::move(refused);
    }
    store::KeyStoreRecord record = record_of(call, request);
    Outcome<Bytes> sealed = seal_password(call, record, *request.password);
    if (!sealed) {
        co_return std::move(sealed).error();
    }
    record.sealed_password = *std::move(sealed);
    CreateResponse response{record.id.value()};
    call.audit.note_key_store(record);
    Decide decide = [&](store::Txn& txn) -> Outcome<Done> {
        const auto existing = txn.key_stores(record.account, record.region);
        if (!existing) {
            return store_failed(call, existing.error());
        }
        const auto same = std::ranges::find_if(
            *existing, [&](const auto& other) { return is_the_same(call, other, request); });
        if (same != existing->end()) {
            response.id = same->id.value();
        } else if (auto refused = check_new(call, request, *existing)) {
            return *std::move(refused);
        } else if (auto written = txn.put(record); !written) {
            return store_failed(call, written.error());
        }
        call.audit.response_elements.clear();
        append_for_audit(call.audit.response_elements, response);
        return done;
    };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    co_return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> create_custom_key_store(Call& call) {
    return run(call, handle_create_custom_key_store);
}

}  // namespace claviger::kms
