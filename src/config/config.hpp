// What an operator decides, read from claviger.toml once at start. deploy/claviger.toml shows every option at
// its default; tests/unit/config holds the two to each other.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <claviger/base/result.hpp>

namespace claviger::config {

enum class Recovery { offline, vault };
enum class Membership { open, sealed };
enum class AuditSync { off, always };

struct Endpoint {
    std::string address;  // "127.0.0.1", "::1", "0.0.0.0"
    std::uint16_t port = 0;
    friend bool operator==(const Endpoint&, const Endpoint&) = default;

    static Result<Endpoint> parse(std::string_view text);  // "127.0.0.1:4599", "[::1]:4599"
    bool is_loopback() const;
};

struct Service {
    std::filesystem::path data = "/var/lib/claviger";
    std::filesystem::path sealing_key = "/etc/claviger/sealing.key";
    std::vector<std::string> regions{"us-east-1"};  // the first is where the HSMs are
    std::string account = "000000000000";
    const std::string& home_region() const { return regions.front(); }
    bool operator==(const Service&) const = default;
};

struct Http {
    Endpoint listen{"127.0.0.1", 4599};
    Endpoint admin_listen{"127.0.0.1", 4600};
    std::filesystem::path tls_certificate;  // both or neither
    std::filesystem::path tls_key;
    std::uint32_t threads = 0;  // 0: one per core
    std::uint32_t max_connections = 4096;
    std::chrono::seconds idle_timeout{75};
    bool operator==(const Http&) const = default;
};

struct Audit {
    std::filesystem::path directory;  // empty: audit/ in the data directory
    AuditSync sync = AuditSync::off;
    std::uint64_t rotate_bytes = 64ULL << 20;
    bool operator==(const Audit&) const = default;
};

// Whose attestation documents the parameter Recipient may bring.
struct Attestation {
    std::filesystem::path roots;  // PEM, one certificate or several; empty: Recipient is refused
    bool operator==(const Attestation&) const = default;
};

struct Cluster {
    Recovery recovery = Recovery::offline;
    std::filesystem::path recovery_key;  // PEM of the public half; for Recovery::offline
    Membership membership = Membership::open;
    std::chrono::milliseconds request_deadline{5000};
    std::uint32_t key_memory_mb = 128;  // of each HSM host, for loaded session keys
    bool operator==(const Cluster&) const = default;
};

// What DeleteHsm does with a token that its operator made, when no object of ours is left on it.
enum class Wipe { objects, init_token };

// Who knows the officer's PIN of an HSM of the pool.
enum class Officer {
    managed,  // this service: of a token that it makes, or in officer_pin_file
    people,   // who type it when it is needed
};

// One HSM. Its token is made when it gets a cluster: at the first start, or by CreateHsm; one of the pool can
// exist before.
struct Hsm {
    std::string name;
    std::string zone;
    std::filesystem::path module = "/usr/lib/softhsm/libsofthsm2.so";
    std::string serial{};  // of the token that exists; empty: one is made
    Officer officer = Officer::managed;
    std::filesystem::path officer_pin_file{};  // its officer's PIN; with serial only
    Wipe wipe = Wipe::objects;
    bool accept_weak_module = false;
    bool operator==(const Hsm&) const = default;
};

// Where the clusters of the CloudHSM v2 API find their HSMs.
struct CloudHsm {
    std::filesystem::path soft_module;  // of soft tokens made on demand; empty: none are made
    bool operator==(const CloudHsm&) const = default;
};

// A subnet that CreateCluster may name. There is no network behind it: it says which zone is meant.
struct Subnet {
    std::string id;       // "subnet-" and 8 to 17 hexadecimal digits
    std::string zone;     // one letter: "a" is us-east-1a in the home region us-east-1
    std::string network;  // "10.0.1.0/24": where the addresses of its HSMs are drawn from
    bool operator==(const Subnet&) const = default;
};

// An object that exists is valid: cross-checks were made, paths are absolute.
struct Config {
    Service service;
    Http http;
    Audit audit;
    Attestation attestation;
    Cluster cluster;
    CloudHsm cloudhsm;
    std::vector<Hsm> hsms;  // of the cluster of the default key store
    std::vector<Hsm> pool;  // that CreateHsm may take
    std::vector<Subnet> subnets;
    bool operator==(const Config&) const = default;

    // Errc::bad_config with file, line and what to do; an unknown key is an error too.
    static Result<Config> load(const std::filesystem::path& file);
    static Result<Config> parse(std::string_view text, std::string_view name);
};

}  // namespace claviger::config
