// What a cluster is made of: its members, what proves membership, and its limits of time.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <claviger/base/bytes.hpp>

namespace claviger::cluster {

// Who starts the process of an HSM.
enum class Launch : std::uint8_t {
    child,     // the cluster starts, restarts and ends it
    external,  // another supervisor does (systemd); the cluster only connects
};

// How a token that its operator made is given back.
enum class Wipe : std::uint8_t {
    objects,     // what is not ours stays
    init_token,  // C_InitToken besides: nothing stays but its label and its officer's PIN
};

struct HsmOptions {
    std::string hsm_id;                       // "hsm-…"; Required
    std::string zone;                         // Required
    std::string serial;                       // as recorded at enrolment; Required
    std::filesystem::path state_dir;          // holds data.sock and control.sock; Required
    std::filesystem::path module;             // PKCS#11 module of the host; Required for Launch::child
    std::vector<std::string> host_arguments;  // further arguments of claviger-hsm
    bool existing = false;  // its operator made the token that `serial` names; else it is made, with an
                            // officer's PIN of ours
    // Of an existing one: holds the PIN of its officer, which only the officer processes read. Empty: people
    // know it, and it is handed in for each piece of work.
    std::filesystem::path officer_pin_file;
    bool officer_is_asked() const noexcept { return existing && officer_pin_file.empty(); }
    Wipe wipe = Wipe::objects;
    Launch launch = Launch::child;
    // A module that lets one of the attacks pass is enrolled all the same, and then all of the cluster's
    // must.
    bool accept_weak_module = false;
};

// Intervals that decide when an HSM is left, and when it is tried again. The defaults suit hosts on this
// machine.
struct ClusterTiming {
    std::chrono::milliseconds fast_attempt{100};  // one attempt of the fast class
    std::chrono::milliseconds load_attempt{300};  // the same when the host must load the key first
    // One attempt on an HSM that is suspected, taken because no other is left: three of them and the answer
    // that there is no HSM come within 200 ms.
    std::chrono::milliseconds suspect_attempt{60};
    std::chrono::milliseconds patience{120};      // how long a request waits for any HSM while there is none
    std::chrono::milliseconds sweep{5};           // granularity of attempt deadlines
    std::chrono::milliseconds canary{250};        // pause between canaries of an HSM that is suspected
    std::chrono::milliseconds hang{10000};        // suspected this long without a good canary: killed
    std::chrono::milliseconds admission{5000};    // one step of admission
    std::chrono::milliseconds start{10000};       // from start of the process to its sockets
    std::chrono::milliseconds backoff_first{50};  // before the second restart in a row; doubles
    std::chrono::milliseconds backoff_limit{10000};
    std::chrono::milliseconds stable{500};  // serving this long makes the next restart immediate again
    std::chrono::milliseconds grace{3000};  // from SIGTERM to SIGKILL
    std::chrono::milliseconds certificate{3'600'000};  // between two looks at the end of its validity
};

// Where the objects of KMS keys are; the hosts are told by --residency.
enum class KeyObjects : std::uint8_t {
    session,  // in a host's memory, loaded on first use
    token,    // each on every HSM's token, put there when the key is made
};

// Who can hand the wrapping key to an HSM that joins.
enum class MembershipRule : std::uint8_t {
    open,    // a member, with its officer
    sealed,  // the recovery key only: no member lets it out, and there is no way back
};

enum class Severity : std::uint8_t { info, warning, alarm };

struct ClusterOptions {
    std::string cluster_id;  // "cluster-…"; Required
    std::uint32_t cwk_generation = 1;
    std::vector<HsmOptions> hsms;        // at most kMaxMembers; more can come and go later
    std::filesystem::path host_program;  // claviger-hsm; Required if any HSM is Launch::child
    std::string certificate_pem;         // cluster certificate; Required
    std::string trust_anchor_pem;        // it chains to this; Required
    Bytes check_token;                   // key token that only this cluster's CWK opens; Required
    Bytes identity_token;                // key token of the identity pair
    KeyObjects key_objects = KeyObjects::session;
    MembershipRule membership = MembershipRule::open;
    ClusterTiming timing;
    std::uint64_t seed = 0;  // of ties in selection; 0 draws one
    // Called from the control io_context and from io threads; must not block. Texts hold no secret.
    std::function<void(Severity, std::string_view hsm_id, std::string_view text)> log;
};

inline constexpr std::size_t kMaxMembers = 32;

}  // namespace claviger::cluster
