// The steps that founding, first HSM and join have in common. Each works on opened tokens (enrolment.hpp).
#pragma once

#include <boost/asio/awaitable.hpp>

#include <claviger/cluster/provisioning.hpp>

#include "cluster/enrolment.hpp"

namespace claviger::cluster::steps {

// The recovery pair in the vault; its public half. Then, on the first token: nothing before it is trusted
// there, the wrapping key, the identity. Fills what `facts` lacks. The key is not sealed yet.
boost::asio::awaitable<Status<>> make_recovery(Enrolment& vault, ClusterFacts& facts);
boost::asio::awaitable<Status<>> make_keys(Enrolment& first, ClusterFacts& facts);

// The public half of a new transport pair; in a sealed cluster it takes a wrapping key that stays.
boost::asio::awaitable<Result<Bytes>> make_transport(Enrolment& joining, MembershipRule membership);
// The wrapping key for each transport key: `source` is a member, or the vault with the recovery bundle. The
// keys are trusted there for this long only.
enum class Source : std::uint8_t { member, vault };
boost::asio::awaitable<Result<std::vector<Bytes>>> hand_over(Enrolment& source, Source kind,
                                                             const ClusterFacts& facts,
                                                             std::vector<Bytes> transports);
// The transport pair goes whatever came of it: with it, the wrapping key could be opened without its
// template.
boost::asio::awaitable<Status<>> accept(Enrolment& joining, const ClusterFacts& facts, Bytes wrapped);

// Proof of the wrapping key, identity, certificate (DER; empty: none yet); sealed if the cluster is.
boost::asio::awaitable<Status<>> install_member(Enrolment& token, const ClusterFacts& facts,
                                                Bytes certificate);

}  // namespace claviger::cluster::steps
