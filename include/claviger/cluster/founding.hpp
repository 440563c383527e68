// Making a cluster: tokens, recovery key, wrapping key, identity and certificate, on every HSM.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include <claviger/base/bytes.hpp>
#include <claviger/base/clock.hpp>
#include <claviger/base/result.hpp>
#include <claviger/base/secret.hpp>
#include <claviger/cluster/options.hpp>
#include <claviger/cluster/provisioning.hpp>

namespace boost::asio {
class io_context;
}

namespace claviger::cluster {

struct FoundingOptions {
    std::string cluster_id;
    std::filesystem::path host_program;  // claviger-hsm
    std::vector<HsmOptions> hsms;  // serials are answered; the state directories are made here, mode 0700
    MembershipRule membership = MembershipRule::open;
    RecoveryKey recovery;
    std::string organization;         // of the certificate request
    std::string organizational_unit;  // "dev" or "production"
    // Certificate (PEM) for a certificate request (PKCS#10, DER).
    std::function<Result<std::string>(ByteView request)> sign_request;
    std::string trust_anchor_pem;  // what the answer must chain to
    // Called when a step is done, from the control io_context.
    std::function<void(std::string_view step, std::chrono::milliseconds took)> progress;
    std::chrono::seconds limit{60};
};

// What the metadata store must keep. The crypto users' PINs are kept by the hosts.
struct Founded {
    ClusterFacts facts;
    std::string certificate_pem;
    std::vector<FoundedHsm> hsms;
    std::optional<FoundedHsm> vault;
};

// Each module is probed before a key exists: one that lets an attack pass is refused (bad_config) unless its
// HSM accepts that, and strong and weak ones are never in one cluster.
//
// Runs on the control io_context; hosts and officer processes are its children for the time it takes and are
// ended before it answers, well or badly. What a failure left on disk is of no cluster: remove the state
// directories.
boost::asio::awaitable<Result<Founded>> found_cluster(boost::asio::io_context& control,
                                                      FoundingOptions options, const Clock& clock,
                                                      Random& random);

}  // namespace claviger::cluster
