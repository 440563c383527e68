// The KMS service with a store in memory, an HSM cluster that really encrypts and an audit sink that keeps
// what it gets. For tests and fuzz targets only.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "src/audit/writer.hpp"
#include "src/kms/imports.hpp"
#include "src/kms/key_store_jobs.hpp"
#include "src/kms/reaper.hpp"
#include "src/kms/rotation.hpp"
#include "src/kms/service.hpp"
#include "tests/unit/kms/fake_clusters.hpp"
#include "tests/unit/kms/test_store.hpp"

namespace claviger::kms::test {

class FakeAudit final : public audit::Writer {
public:
    bool accepting() const noexcept override { return open; }
    boost::asio::awaitable<Status<>> append(std::string_view record) override;

    bool open = true;
    bool failing = false;
    bool keeping = true;
    std::vector<std::string> records;
};

class ManualLife final : public LifeClock {
public:
    WallTime now() const override { return time; }
    WallTime time{std::chrono::milliseconds(1'700'000'000'123)};
};

// A service on fakes, called as the HTTP layer would.
class Harness {
public:
    Harness();
    http::Answer call(std::string_view operation, std::string_view body, std::string_view account = kAccount,
                      std::string_view region = kRegion);
    void refuse(const http::Refusal& refusal);
    std::size_t reap();
    std::size_t expire_due();
    std::size_t rotate_due();
    // Makes a key and returns its id.
    std::string make_key(std::string_view account = kAccount, std::string_view region = kRegion);
    std::string arn(std::string_view id, std::string_view account = kAccount) const;
    // Changes the key's row in a transaction of its own.
    void change_key(std::string_view id, const std::function<void(store::KeyRecord&)>& change);

    FakeClient client;
    FakeAudit audit;
    ManualLife life;
    SystemRandom random;
    SystemClock clock;
    store::SealingKey sealing_key;
    TestStore store;
    FakeClusters clusters;
    Catalogue catalogue;
    KeyStoreJobs jobs;
    std::vector<std::string> reported;
    KmsService service;

private:
    http::IoContext io_{client, audit, &clusters};
};

// Clusters of custom key stores.
inline constexpr char kCluster[] = "cluster-abcdefghijk";
inline constexpr char kSecond[] = "cluster-bbbbbbbbbbb";

// The body of a request on a key; `more` begins with a comma.
std::string key_body(std::string_view id, std::string_view more = {});
// The string member of a JSON object, dots going down; empty if it is not there.
std::string text_at(std::string_view json, std::string_view path);
// The value as JSON; empty if it is not there.
std::string json_at(std::string_view json, std::string_view path);

}  // namespace claviger::kms::test
