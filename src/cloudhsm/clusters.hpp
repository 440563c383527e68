// Every cluster that the CloudHSM v2 API made: what the store says of it, its HSM hosts, and the long work
// that moves it from state to state.
//
// Threads: find(), list() and clients are for any thread and take no lock longer than a map look-up; entries
// are immutable and shared. Everything that returns an awaitable runs on the control io_context; an operation
// of another service spawns it there (control()). Lifetime: outlives the ThreadClients and the services that
// use it; the store outlives it. Failure: values.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <claviger/base/id.hpp>
#include <claviger/base/result.hpp>
#include <claviger/base/secret.hpp>
#include <claviger/cluster/cluster.hpp>

#include "src/store/records.hpp"

namespace claviger::cloudhsm {

// One HSM of a cluster. Whether it takes requests at this moment says cluster::Cluster::members().
struct Hsm {
    store::CloudHsmRecord record;
    std::string serial;  // empty until its token is made
};

// A cluster as one request sees it; a change of its rows makes a new one.
struct ClusterView {
    store::CloudHsmClusterRecord record;
    std::string certificate_pem;   // cluster certificate; empty until InitializeCluster
    std::string trust_anchor_pem;  // customerCA.crt as given
    std::vector<Hsm> hsms;         // by id; those being deleted included
    std::vector<store::ClusterUserRecord> users;

    std::size_t active_hsms() const noexcept;
    std::size_t members() const noexcept;       // ACTIVE, or DEGRADED by their user PIN alone
    std::size_t active_zones() const noexcept;  // zones with at least one ACTIVE HSM
    bool has_user(std::string_view name) const noexcept;
};
using ClusterPtr = std::shared_ptr<const ClusterView>;

// Why a cluster could not be logged in to: the causes that ConnectionErrorCode distinguishes.
enum class LoginFailure : std::uint8_t {
    cluster_not_found,    // no such cluster, or it is deleted
    insufficient_hsms,    // no ACTIVE HSM passed its proof of identity
    user_not_found,       // no kmsuser in the cluster's user table, or a token without user PIN
    invalid_credentials,  // the password is not kmsuser's; it cost one attempt on one HSM
    user_locked_out,      // the token's flags or its answer say so
    user_logged_in,       // another connect holds the cluster
    network_errors,       // no HSM host can be reached
    subnet_not_found,     // a subnet of the cluster is gone from the configuration
    internal_error,
};

struct LoginError {
    LoginFailure why = LoginFailure::internal_error;
    std::string detail;  // for the log
};

class Clusters {
public:
    virtual ~Clusters() = default;

    virtual boost::asio::io_context& control() = 0;
    // DELETED ones are found by id and not listed.
    virtual ClusterPtr find(const AccountId& account, std::string_view region, const ClusterId& id) const = 0;
    virtual std::vector<ClusterPtr> list(const AccountId& account, std::string_view region) const = 0;
    // For key operations. nullptr before InitializeCluster. Stays valid until this object is destroyed, also
    // when the cluster is deleted: then no HSM of it serves.
    virtual cluster::Cluster* cluster(const ClusterId& id) const = 0;

    // Is it kmsuser's password? The flags of every ACTIVE HSM's token are looked at first; then one login on
    // one of them in a fresh process. Changes nothing: record the answer before log_in() makes the password
    // useless.
    virtual boost::asio::awaitable<Result<Done, LoginError>> try_password(ClusterId id,
                                                                          SecretBytes password) = 0;
    // Every host logs in with the PIN that it keeps, draws another one that nobody else knows, and takes
    // requests. Good if one HSM or more serve. Survives a restart of the service.
    virtual boost::asio::awaitable<Result<Done, LoginError>> log_in(ClusterId id) = 0;
    // No request reaches the HSMs any more, and nobody is logged in to them: their hosts end. Cluster work
    // (a join, a backup) logs in by itself for as long as it takes.
    virtual boost::asio::awaitable<Status<>> log_out(ClusterId id) = 0;
};

// The clients of one io thread, by cluster. Belongs to that thread.
class ClientSource {
public:
    virtual ~ClientSource() = default;
    // nullptr: no such cluster, or it is not initialised. Valid as long as the source.
    virtual cluster::Client* client(const ClusterId& id) = 0;
};

// Clients are made when they are first asked for.
std::unique_ptr<ClientSource> thread_clients(const Clusters& clusters, boost::asio::io_context& thread);

}  // namespace claviger::cloudhsm
