// One HSM at a time: the first of a cluster, one that joins, one that leaves. Founding (founding.hpp) does
// the same for several at once.
//
// All of it runs on the control io_context; hosts and officer processes are its children for the time it
// takes and are ended before it answers, well or badly. What a failure left in the new HSM's state directory
// is of no cluster: remove the directory.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include <claviger/base/bytes.hpp>
#include <claviger/base/clock.hpp>
#include <claviger/base/result.hpp>
#include <claviger/base/secret.hpp>
#include <claviger/cluster/options.hpp>

namespace boost::asio {
class io_context;
}

namespace claviger::cluster {

class ClusterTrust;

// Where the work is done. What it refers to outlives the work.
struct Site {
    boost::asio::io_context& io;
    std::filesystem::path host_program;
    const Clock& clock;
    Random& random;
    std::chrono::seconds limit{300};  // nobody waits for it but its own job
};

// What makes tokens one cluster; kept by the metadata store.
struct ClusterFacts {
    std::string cluster_id;
    std::uint32_t cwk_generation = 1;
    Bytes recovery_public;  // SubjectPublicKeyInfo DER
    Bytes recovery_bundle;  // the CWK, wrapped to the recovery key
    Bytes check_token;
    Bytes identity_token;
};

// A token that was made: its serial, and the PIN of its officer. The user's PIN is kept by its host.
struct FoundedHsm {
    std::string hsm_id;
    std::string zone;
    std::string serial;
    SecretBytes officer_pin;
    std::vector<std::string> weaknesses;  // attacks that its module lets pass; empty: it is strong
};

struct FirstHsmOptions {
    std::string cluster_id;
    HsmOptions hsm;            // the serial is answered; the state directory is made here, mode 0700
    HsmOptions vault;          // recovery "vault": a token of no cluster; its host runs during this only
    std::string organization;  // of the certificate request
    std::string organizational_unit;  // "dev" or "production"
};
struct FirstHsm {
    ClusterFacts facts;
    Bytes request;  // PKCS#10 DER, signed by the identity key in the token
    FoundedHsm hsm;
    FoundedHsm vault;
};
boost::asio::awaitable<Result<FirstHsm>> make_first_hsm(Site site, FirstHsmOptions options);

// A token that can hand over the wrapping key: a member of the cluster, or its vault.
struct KeySource {
    HsmOptions token;
    SecretBytes officer_pin;
    enum class Kind : std::uint8_t { member, vault } kind = Kind::member;
    std::optional<pid_t> host;  // its host runs already; otherwise it is started for this
};
// The new HSM has wrapping key, identity and certificate; its host is not left running.
boost::asio::awaitable<Result<FoundedHsm>> join_hsm(Site site, ClusterFacts facts,
                                                    std::string certificate_pem, HsmOptions hsm,
                                                    KeySource source);

// The SHA-256 of a backup, signed by the cluster's identity in the member `source` (RSASSA-PKCS1-v1_5).
boost::asio::awaitable<Result<Bytes>> sign_backup(Site site, ClusterFacts facts, KeySource source,
                                                  Bytes digest);
// Is this such a signature by the key of the cluster certificate? Pure, thread-safe.
bool is_backup_signature(const ClusterTrust& trust, ByteView digest, ByteView signature);

// Puts the cluster certificate on a member whose host does not run.
boost::asio::awaitable<Status<>> install_certificate(Site site, ClusterFacts facts,
                                                     std::string certificate_pem, HsmOptions hsm);

// Destroys every object of ours, the officer's too, looks that none is left, and erases the files of a soft
// token. Its host must not run.
boost::asio::awaitable<Status<>> wipe_hsm(Site site, HsmOptions hsm, SecretBytes officer_pin);

// One login as the token's user in a fresh process, because one that is logged in takes any PIN, and a
// SoftHSM process that was started earlier takes the PIN of then. pin_refused: wrong, locked or not set; ckr
// and detail say which. With PinGuess::kept no attempt is made, and conflict answered, unless it is the PIN
// that the HSM's host keeps.
enum class PinGuess : std::uint8_t { kept, any };
boost::asio::awaitable<Status<>> try_user_pin(Site site, HsmOptions hsm, SecretBytes pin, PinGuess guess);

}  // namespace claviger::cluster
