// AWS KMS as a JSON service: one straight line per request, see dispatch.cpp.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <claviger/base/clock.hpp>
#include <claviger/base/secret.hpp>

#include "src/api/life_clock.hpp"
#include "src/http/api.hpp"
#include "src/kms/catalogue.hpp"
#include "src/store/store.hpp"

namespace claviger::cloudhsm {
class Clusters;
}
namespace claviger::store {
class SealingKey;
}

namespace claviger::kms {

using api::LifeClock;
class Recipients;
struct Failure;

struct ServiceOptions {
    ClusterId cluster;                 // where new keys are made
    std::vector<std::string> regions;  // that replicas can be made in; empty: any
    bool custom_ids = false;           // the tag _custom_id_ names the id of a new key; for development
    SecretBytes handle_key;            // at least 32 bytes; authenticates pagination markers and grant tokens
    // Told of every answer that is our fault (status 500), with the detail that callers never see. May be
    // empty.
    std::function<void(const http::Call&, const Failure&)> report;
};

// What the service works with; everything outlives it.
struct ServiceParts {
    store::Store& store;
    Catalogue& catalogue;  // already loaded, and fed by the store's observer
    const LifeClock& life;
    Random& random;
    cloudhsm::Clusters& clusters;          // of custom key stores
    const store::SealingKey& sealing_key;  // for their passwords
    Recipients* recipients = nullptr;      // nullptr: no root of trust is configured
};

// Thread-safe. The store's writer thread must be joined before the io_context that runs calls is destroyed:
// work under way refers to the frames of the calls that wait for it.
class KmsService final : public http::JsonService {
public:
    KmsService(ServiceOptions options, ServiceParts parts);

    std::string_view target_prefix() const override;
    std::string_view signing_name() const override;
    boost::asio::awaitable<http::Answer> call(http::IoContext& io, const http::Call& call) override;
    boost::asio::awaitable<void> refused(http::IoContext& io, const http::Refusal& refusal) override;

private:
    const ServiceOptions options_;
    const ServiceParts parts_;
};

}  // namespace claviger::kms
