// Whether a host is the HSM of this cluster that we mean. In this order: serial and certificate (public, no
// PIN is spent on a stranger), login, the cluster's wrapping key (which is sealed there if the cluster is),
// the cluster's identity, a canary; then it is opened for requests.
#pragma once

#include <string>

#include <boost/asio/awaitable.hpp>

#include <claviger/base/clock.hpp>
#include <claviger/cluster/cluster.hpp>
#include <claviger/cluster/trust.hpp>

#include "cluster/connection.hpp"
#include "cluster/control_link.hpp"

namespace claviger::cluster {

// What admission compares with. Outlives every admission.
struct AdmissionRule {
    std::string cluster_id;
    std::uint32_t cwk_generation = 1;
    Bytes check_token;
    ClusterTrust trust;
    std::chrono::milliseconds step_limit{5000};
    MembershipRule membership = MembershipRule::open;
};

struct Verdict {
    enum class Kind : std::uint8_t {
        admitted,
        failed,   // a fresh process may do better
        refused,  // nothing that a restart cures: the reason says what an operator can do
    };
    Kind kind = Kind::failed;
    std::string reason;
    Errc code = Errc::integrity;  // by default: it is not the HSM we mean
    unsigned long ckr = 0;
};

// `data` is a connection to the same host's data socket. One attempt: nothing here is repeated.
boost::asio::awaitable<Verdict> admit(const AdmissionRule& rule, const HsmOptions& hsm, ControlLink& control,
                                      Connection& data, const Clock& clock, Random& random);

// One canary through the fast lane; the reply's kind says what came of it.
boost::asio::awaitable<Status<>> send_canary(Connection& data, MonoTime deadline);

// The key is unwrapped and verified there; with token residency its object is made if it is missing.
boost::asio::awaitable<Status<>> send_load(Connection& data, const KeyMaterial& key, MonoTime deadline);

// "claviger-slot-proof-v1" ‖ cluster id ‖ HSM id ‖ serial ‖ nonce.
Bytes proof_message(const std::string& cluster_id, const HsmOptions& hsm, ByteView nonce);

}  // namespace claviger::cluster
