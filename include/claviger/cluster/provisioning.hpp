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
#include <memory>
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
    MembershipRule membership = MembershipRule::open;
};

inline constexpr std::size_t kLongestPin = 255;  // in bytes; an officer's or a user's

// A token that was made: its serial, and the PIN of its officer if it is ours. The user's PIN is kept by its
// host.
struct FoundedHsm {
    std::string hsm_id;
    std::string zone;
    std::string serial;
    SecretBytes officer_pin;
    std::vector<std::string> weaknesses;  // attacks that its module lets pass; empty: it is strong
};

// Where the recovery key of a new cluster is: one of the two is given.
struct RecoveryKey {
    std::optional<HsmOptions> vault;  // made in a token of no cluster, whose host runs during this only
    Bytes public_key;                 // SubjectPublicKeyInfo DER; whoever holds the other half is elsewhere
};

struct FirstHsmOptions {
    std::string cluster_id;
    MembershipRule membership = MembershipRule::open;
    HsmOptions hsm;           // the serial is answered; the state directory is made here, mode 0700
    SecretBytes officer_pin;  // if its officer is asked; pin_refused: it is another
    RecoveryKey recovery;
    std::string organization;         // of the certificate request
    std::string organizational_unit;  // "dev" or "production"
};
struct FirstHsm {
    ClusterFacts facts;
    Bytes request;  // PKCS#10 DER, signed by the identity key in the token
    FoundedHsm hsm;
    std::optional<FoundedHsm> vault;
};
boost::asio::awaitable<Result<FirstHsm>> make_first_hsm(Site site, FirstHsmOptions options);

// A token that can hand over the wrapping key: a member of the cluster, or its vault.
struct KeySource {
    HsmOptions token;
    SecretBytes officer_pin;
    enum class Kind : std::uint8_t { member, vault } kind = Kind::member;
    std::optional<pid_t> host;  // its host runs already; otherwise it is started for this
};
// The cluster's wrapping key for the transport key of a joining HSM (SubjectPublicKeyInfo DER), which the
// source trusts for this long only. A member of a sealed cluster cannot.
boost::asio::awaitable<Result<Bytes>> hand_over(Site site, ClusterFacts facts, KeySource source,
                                                Bytes transport_public);

// A joining HSM until it has the wrapping key: its token is made, its host runs, and the transport pair is on
// it. Whoever hands the key over may take days. Control thread; the host ends with close(), or with this.
class JoiningHsm {
public:
    // `officer_pin`: if its officer is asked; pin_refused: it is another.
    static boost::asio::awaitable<Result<std::unique_ptr<JoiningHsm>>> prepare(Site site, ClusterFacts facts,
                                                                               HsmOptions hsm,
                                                                               SecretBytes officer_pin);
    ~JoiningHsm();
    JoiningHsm(const JoiningHsm&) = delete;
    JoiningHsm& operator=(const JoiningHsm&) = delete;

    const Bytes& transport_public() const noexcept;  // SubjectPublicKeyInfo DER
    // What hand_over answered. The HSM has wrapping key, identity and certificate then; the transport pair is
    // destroyed whatever came of it: one attempt.
    boost::asio::awaitable<Result<FoundedHsm>> accept(std::string certificate_pem, Bytes wrapped);
    boost::asio::awaitable<void> close();

private:
    struct Impl;
    explicit JoiningHsm(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// All of it at once, where sources are at hand: they are asked in this order until one hands the key over.
// The HSM's host is not left running.
boost::asio::awaitable<Result<FoundedHsm>> join_hsm(Site site, ClusterFacts facts,
                                                    std::string certificate_pem, HsmOptions hsm,
                                                    SecretBytes officer_pin, std::vector<KeySource> sources);

// A vault apart from any cluster: the recovery pair of clusters whose recovery is "offline", on a machine of
// its holder.
struct MadeVault {
    FoundedHsm token;
    Bytes public_key;  // SubjectPublicKeyInfo DER
};
boost::asio::awaitable<Result<MadeVault>> make_vault(Site site, HsmOptions vault);

// The SHA-256 of a backup, signed by the cluster's identity in the member `source` (RSASSA-PKCS1-v1_5).
boost::asio::awaitable<Result<Bytes>> sign_backup(Site site, ClusterFacts facts, KeySource source,
                                                  Bytes digest);
// Is this such a signature by the key of the cluster certificate? Pure, thread-safe.
bool is_backup_signature(const ClusterTrust& trust, ByteView digest, ByteView signature);

// Puts the cluster certificate on a member whose host does not run.
boost::asio::awaitable<Status<>> install_certificate(Site site, ClusterFacts facts,
                                                     std::string certificate_pem, HsmOptions hsm);

// Destroys every object of ours, the officer's too, looks that none is left, and erases the files of a soft
// token, also when the user's PIN is not the one that its host keeps. One that its operator made keeps what
// is not ours. Where nobody asks its officer, its user destroys every object of ours; pin_refused: it does
// not take the user's PIN that is kept, or none is. Its host must not run. May be begun anew.
boost::asio::awaitable<Status<>> wipe_hsm(Site site, HsmOptions hsm, SecretBytes officer_pin);

// The serial of a token that its operator made, if an attempt to take it has begun to change it, as the state
// directory notes; empty: none has. io_error: one may have.
Result<std::string> claimed_serial(const std::filesystem::path& state_dir);

// The officer gives the token's user a new PIN, which its host keeps: for a token whose PIN nobody knows, or
// that locked it. An empty one: the token draws it. Its host must not run.
boost::asio::awaitable<Status<>> reset_user_pin(Site site, HsmOptions hsm, SecretBytes officer_pin,
                                                SecretBytes fresh);

// One login as the token's user in a fresh process, because one that is logged in takes any PIN, and a
// SoftHSM process that was started earlier takes the PIN of then. pin_refused: why_refused() says why. With
// PinGuess::kept no attempt is made, and data_invalid answered, unless it is the PIN that the HSM's host
// keeps. conflict: somebody holds the lock of the token.
enum class PinGuess : std::uint8_t { kept, any };
boost::asio::awaitable<Status<>> try_user_pin(Site site, HsmOptions hsm, SecretBytes pin, PinGuess guess);

// What a token has against a login of its user, told by the error of the login that failed.
enum class LoginRefusal : std::uint8_t {
    none,          // it is something else that failed
    wrong,         // the PIN was tried, and is another
    locked,        // whatever the PIN
    warned,        // nothing was tried: its flags tell of wrong attempts, or no PIN is kept that could be
    not_set,       // the user has no PIN
    another_user,  // somebody else is logged in
};
LoginRefusal why_refused(const Error& error) noexcept;

}  // namespace claviger::cluster
