// What the KMS service works with, in memory: a store with a real writer thread, an HSM cluster that really
// encrypts, an audit sink that keeps what it gets. For tests and fuzz targets only.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>

#include <claviger/cluster/cluster.hpp>

#include "src/audit/writer.hpp"
#include "src/kms/imports.hpp"
#include "src/kms/key_store_jobs.hpp"
#include "src/kms/reaper.hpp"
#include "src/kms/rotation.hpp"
#include "src/kms/service.hpp"

namespace claviger::kms::test {

inline constexpr char kAccount[] = "111122223333";
inline constexpr char kOtherAccount[] = "444455556666";
inline constexpr char kRegion[] = "eu-west-1";

class FakeStore final : public store::Store {
public:
    FakeStore();
    ~FakeStore() override;
    void submit(Work work, Completion completion) override;
    Result<store::Contents> load() override;
    std::uint64_t sequence() const noexcept override { return sequence_; }
    void observe(std::function<void(const store::Change&)> observer) override {
        observer_ = std::move(observer);
    }

    // The next transactions fail as on a full disk.
    void fail(bool failing) { failing_ = failing; }
    // Runs inside the next transaction, before its work: what another request did first.
    void before_next(Work work);
    std::vector<std::string> outbox();

    struct State {
        std::map<std::string, store::KeyRecord> keys;
        std::map<std::string, store::MaterialRecord> materials;
        std::map<std::string, store::ImportRecord> imports;
        std::map<std::string, store::AliasRecord> aliases;
        std::map<std::string, store::GrantRecord> grants;
        std::map<std::string, store::RotationScheduleRecord> schedules;
        std::map<std::string, store::RotationRecord> rotations;
        std::map<std::string, store::KeyUsageRecord> usages;
        std::map<std::string, store::KeyStoreRecord> key_stores;
        std::map<std::string, store::SettingRecord> settings;
        std::vector<std::string> outbox;
    };

private:
    struct Job {
        Work work;
        Completion completion;
    };
    void run();
    void execute(Job& job);

    std::function<void(const store::Change&)> observer_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Job> jobs_;
    std::optional<Work> before_;
    State state_;
    bool stop_ = false;
    std::atomic<bool> failing_ = false;
    std::atomic<std::uint64_t> sequence_ = 0;
    std::thread writer_;
};

// AES-256-GCM, HMAC-SHA-256 with keys that stand in the clear in their key tokens. What private keys do
// is of the right shape only: it is the business of the tests on real tokens.
class FakeClient final : public cluster::Client {
public:
    template <class T>
    using Awaitable = boost::asio::awaitable<T>;
    Awaitable<Result<Bytes>> encrypt(const cluster::KeyMaterial& key, ByteView plaintext, ByteView context,
                                     MonoTime deadline) override;
    Awaitable<Result<SecretBytes>> decrypt(const cluster::KeyMaterial& key, ByteView blob, ByteView context,
                                           MonoTime deadline) override;
    Awaitable<Result<Bytes>> re_encrypt(const cluster::KeyMaterial& source, ByteView blob,
                                        ByteView source_context, const cluster::KeyMaterial& destination,
                                        ByteView destination_context, MonoTime deadline) override;
    Awaitable<Result<cluster::DataKey>> generate_data_key(const cluster::KeyMaterial& key, std::uint16_t size,
                                                          cluster::Plaintext want, ByteView context,
                                                          MonoTime deadline) override;
    Awaitable<Result<SecretBytes>> random(std::uint16_t size, MonoTime deadline) override;
    Awaitable<Result<Bytes>> mac(const cluster::KeyMaterial& key, ByteView message,
                                 MonoTime deadline) override;
    Awaitable<Result<Bytes>> sign(const cluster::KeyMaterial& key, SignatureKind kind, ByteView digest,
                                  MonoTime deadline) override;
    Awaitable<Result<SecretBytes>> rsa_decrypt(const cluster::KeyMaterial& key, Hash hash,
                                               ByteView ciphertext, MonoTime deadline) override;
    Awaitable<Result<SecretBytes>> derive(const cluster::KeyMaterial& key, ByteView peer,
                                          MonoTime deadline) override;
    Awaitable<Result<cluster::KeyPair>> generate_pair(std::string_view spec, MonoTime deadline) override;
    Awaitable<Result<cluster::NewKey>> create_key(const cluster::NewKeyIdentity& identity,
                                                  MonoTime deadline) override;
    Awaitable<Result<cluster::NewKey>> import_key(const cluster::NewKeyIdentity& identity,
                                                  const cluster::WrappedMaterial& material,
                                                  MonoTime deadline) override;
    Awaitable<Status<>> destroy_key(const cluster::KeyMaterial& key, MonoTime deadline) override;

    std::optional<Errc> failure;      // of every call
    std::optional<Bytes> public_key;  // of keys that are made from now on, instead of one of their spec
    bool throws = false;              // random() does, as if memory had run out
    std::vector<std::string> destroyed;
    std::size_t calls = 0;
};

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

// Clusters of the CloudHSM v2 API that are what a test says they are. Their work runs when the test settles
// it.
class FakeClusters final : public cloudhsm::Clusters, public cloudhsm::ClientSource {
public:
    // An ACTIVE cluster of kAccount and kRegion with one ACTIVE HSM in each of `zones`.
    cloudhsm::ClusterView& add(std::string_view id, std::string_view certificate, std::string_view anchor,
                               std::vector<std::string> zones = {"a", "b"});

    boost::asio::io_context& control() override { return *control_; }
    cloudhsm::ClusterPtr find(const AccountId& account, std::string_view region,
                              const ClusterId& id) const override;
    std::vector<cloudhsm::ClusterPtr> list(const AccountId&, std::string_view) const override { return {}; }
    cluster::Cluster* cluster(const ClusterId&) const override { return nullptr; }
    boost::asio::awaitable<Result<Done, cloudhsm::LoginError>> try_password(ClusterId id,
                                                                            SecretBytes password) override;
    boost::asio::awaitable<Result<Done, cloudhsm::LoginError>> log_in(ClusterId id) override;
    boost::asio::awaitable<Status<>> log_out(ClusterId id) override;
    cluster::Client* client(const ClusterId& id) override;
    // Runs the work under way to its end.
    void settle();
    // Drops it, as the end of the process would.
    void crash() { control_.emplace(); }

    std::map<std::string, std::shared_ptr<cloudhsm::ClusterView>> clusters;
    std::map<std::string, FakeClient> clients;
    std::optional<cloudhsm::LoginFailure> login_failure;  // what becomes of a password
    std::optional<cloudhsm::LoginFailure> host_failure;   // what becomes of the hosts' own logins
    std::vector<std::string> passwords;                   // one for each that was tried
    std::size_t logins = 0;
    std::vector<std::string> logged_out;
    std::function<void()> during_login;

private:
    std::optional<boost::asio::io_context> control_{std::in_place};
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

    FakeStore store;
    FakeClient client;
    FakeAudit audit;
    ManualLife life;
    SystemRandom random;
    SystemClock clock;
    store::SealingKey sealing_key;
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
