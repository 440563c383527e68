// What the store's tests share: a directory that goes away, a sealing key, builders, and submit-and-wait.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <future>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>

#include <claviger/base/clock.hpp>

#include "src/store/sqlite/sqlite_store.hpp"

namespace claviger::store {

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string pattern = (std::filesystem::temp_directory_path() / "claviger-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) {
            throw std::runtime_error("mkdtemp");
        }
        path_ = pattern;
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    const std::filesystem::path& path() const noexcept { return path_; }
    std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

// The failure of `result`, as text for an assertion message.
template <class T>
std::string why(const Result<T>& result) {
    return result ? "ok" : result.error().describe();
}

inline AliasRecord alias(std::string name, std::string target = "k1") {
    AliasRecord record;
    record.account = AccountId("111122223333");
    record.region = "eu-central-1";
    record.name = std::move(name);
    record.target = KeyId(std::move(target));
    record.created = WallTime(std::chrono::milliseconds(1'700'000'000'123));
    record.updated = record.created;
    return record;
}

inline KeyRecord key(std::string id) {
    KeyRecord record;
    record.account = AccountId("111122223333");
    record.region = "eu-central-1";
    record.id = KeyId(std::move(id));
    record.cluster = ClusterId("cluster-abcdefghijk");
    record.spec = "SYMMETRIC_DEFAULT";
    record.usage = "ENCRYPT_DECRYPT";
    record.origin = "AWS_KMS";
    record.description = "of " + record.id.value();
    record.policy = R"({"Statement":[],"Id":")" + record.id.value() + "\"}";
    record.tags = {{"Project", "Alpha"}, {"Owner", record.id.value()}};
    record.created = WallTime(std::chrono::milliseconds(1'700'000'000'000));
    record.deletion_date = record.created + std::chrono::days(7);
    record.pending_window_days = 7;
    record.current_material = std::string(64, 'a');
    return record;
}

inline MaterialRecord material(std::string key_id, std::string id) {
    MaterialRecord record;
    record.account = AccountId("111122223333");
    record.region = "eu-central-1";
    record.key = KeyId(std::move(key_id));
    record.key_token = to_bytes(as_bytes("token of " + record.key.value() + id));
    record.id = std::move(id);
    record.created = WallTime(std::chrono::milliseconds(1'700'000'000'000));
    return record;
}

inline GrantRecord grant(std::string key_id, std::string id, std::string name = {}) {
    GrantRecord record;
    record.account = AccountId("111122223333");
    record.region = "eu-central-1";
    record.key = KeyId(std::move(key_id));
    record.id = std::move(id);
    record.name = std::move(name);
    record.grantee = "arn:aws:iam::111122223333:role/r";
    record.retiring = "arn:aws:iam::111122223333:user/u";
    record.issuer = record.account;
    record.operations = {"Encrypt", "Decrypt"};
    record.context_equals = {{"a", "b"}};
    record.created = WallTime(std::chrono::milliseconds(1'700'000'000'000));
    return record;
}

inline RotationScheduleRecord schedule(std::string key_id) {
    return {AccountId("111122223333"),
            "eu-central-1",
            KeyId(std::move(key_id)),
            90,
            WallTime(std::chrono::milliseconds(1'800'000'000'000)),
            0};
}

inline ImportRecord import(std::string key_id, std::string material_id) {
    return {AccountId("111122223333"),
            "eu-central-1",
            KeyId(std::move(key_id)),
            std::move(material_id),
            ImportStatus::pending_rotation,
            "a description",
            WallTime(std::chrono::milliseconds(1'800'000'000'000)),
            Bytes(3, std::byte{4}),
            WallTime(std::chrono::milliseconds(1'700'000'000'000)),
            0};
}

inline RotationRecord rotation(std::string key_id, std::string material_id) {
    return {AccountId("111122223333"),
            "eu-central-1",
            KeyId(std::move(key_id)),
            std::move(material_id),
            RotationType::on_demand,
            WallTime(std::chrono::milliseconds(1'700'000'000'000)),
            0};
}

inline KeyUsageRecord usage(std::string key_id) {
    return {AccountId("111122223333"),
            "eu-central-1",
            KeyId(std::move(key_id)),
            "Encrypt",
            WallTime(std::chrono::milliseconds(1'700'000'000'000)),
            "event",
            "request",
            0};
}

inline CloudHsmClusterRecord cloudhsm_cluster(std::string id) {
    CloudHsmClusterRecord record;
    record.id = ClusterId(std::move(id));
    record.account = AccountId("111122223333");
    record.region = "eu-central-1";
    record.state = ClusterState::active;
    record.state_message = "m";
    record.hsm_type = "hsm2m.medium";
    record.mode = "FIPS";
    record.network_type = "IPV4";
    record.subnets = {{"eu-central-1a", "subnet-1"}};
    record.vpc = "vpc-1";
    record.security_group = "sg-1";
    record.source_backup = "backup-1";
    record.csr_pem = "csr";
    record.hsm_certificate_pem = "hsm";
    record.aws_hardware_pem = "aws";
    record.manufacturer_hardware_pem = "manufacturer";
    record.tags = {{"Project", "Alpha"}};
    record.created = WallTime(std::chrono::milliseconds(1'700'000'000'000));
    return record;
}

inline CloudHsmRecord cloudhsm_hsm(std::string id) {
    CloudHsmRecord record;
    record.id = HsmId(std::move(id));
    record.cluster = ClusterId("cluster-1");
    record.zone = "eu-central-1a";
    record.subnet = "subnet-1";
    record.eni = "eni-1";
    record.ip = "10.0.1.10";
    record.state = HsmState::active;
    record.state_message = "HSM created.";
    record.place = "p";
    record.created = WallTime(std::chrono::milliseconds(1'700'000'000'000));
    return record;
}

inline ClusterUserRecord cluster_user(std::string name) {
    ClusterUserRecord record;
    record.cluster = ClusterId("cluster-1");
    record.name = std::move(name);
    record.role = "admin";
    record.password_hash = Bytes(9);
    record.created = WallTime(std::chrono::milliseconds(1'700'000'000'000));
    return record;
}

inline KeyStoreRecord key_store(std::string id) {
    KeyStoreRecord record;
    record.account = AccountId("111122223333");
    record.region = "eu-central-1";
    record.id = KeyStoreId(std::move(id));
    record.name = "Store " + record.id.value();
    record.cluster = ClusterId("cluster-abcdefghijk");
    record.trust_anchor_pem = "pem";
    record.state = ConnectionState::failed;
    record.error_code = "INVALID_CREDENTIALS";
    record.sealed_password = Bytes(40);
    record.created = WallTime(std::chrono::milliseconds(1'700'000'000'000));
    return record;
}

inline BackupRecord backup(std::string id) {
    BackupRecord record;
    record.id = BackupId(std::move(id));
    record.account = AccountId("111122223333");
    record.region = "eu-central-1";
    record.cluster = ClusterId("cluster-1");
    record.state = BackupState::pending_deletion;
    record.created = WallTime(std::chrono::milliseconds(1'700'000'000'000));
    record.deletion = record.created + std::chrono::days(7);
    record.never_expires = true;
    record.source_region = "us-east-1";
    record.source_backup = BackupId("backup-0");
    record.source_cluster = ClusterId("cluster-0");
    record.hsm_type = "hsm2m.medium";
    record.mode = "FIPS";
    record.tags = {{"Project", "Alpha"}};
    record.policy = "{}";
    record.digest = Bytes(32);
    return record;
}

// Submits and waits for the completion.
inline Result<std::uint64_t> commit(Store& store, Store::Work work) {
    std::promise<Result<std::uint64_t>> promise;
    auto future = promise.get_future();
    store.submit(std::move(work),
                 [&](Result<std::uint64_t> outcome) { promise.set_value(std::move(outcome)); });
    return future.get();
}

template <class Record>
Result<std::uint64_t> put(Store& store, Record record) {
    return commit(store, [&](Txn& txn) { return txn.put(record).has_value(); });
}

// A sealing key file and stores opened with it.
class StoreHome {
public:
    StoreHome() : key_(SealingKey::create(directory_ / "sealing.key", random_).value()) {
        options_.path = directory_ / "store.db";
        options_.kind = StoreKind::dev;
    }

    Result<std::unique_ptr<SqliteStore>> try_open() { return SqliteStore::open(options_, key_, random_); }
    std::unique_ptr<SqliteStore> open() {
        auto opened = try_open();
        if (!opened) {
            throw std::runtime_error(opened.error().describe());
        }
        return std::move(*opened);
    }
    SqliteOptions& options() noexcept { return options_; }
    const SealingKey& key() const noexcept { return key_; }
    Random& random() noexcept { return random_; }
    const TemporaryDirectory& directory() const noexcept { return directory_; }

private:
    TemporaryDirectory directory_;
    SystemRandom random_;
    SealingKey key_;
    SqliteOptions options_;
};

// Occupies the store's thread from the constructor to let_go(): what is submitted meanwhile is one batch.
class Occupied {
public:
    explicit Occupied(Store& store) {
        store.submit(
            [this](Txn&) {
                running_.count_down();
                released_.wait();
                return false;
            },
            {});
        running_.wait();  // else some of what follows would share this one's batch
    }
    void let_go() { released_.count_down(); }

private:
    std::latch running_{1};
    std::latch released_{1};
};

}  // namespace claviger::store
