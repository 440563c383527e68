// The attacks of a holder of the user PIN, tried on session objects of the probe's own. Private to hsm/.
#pragma once

#include <vector>

#include <claviger/hsm/profile.hpp>

#include "hsm/handles.hpp"

namespace claviger::hsm {

// What is attacked: a CWK, a key token under it, that token loaded, and a transport pair. Destroyed with it.
class AttackTarget {
public:
    static Result<std::unique_ptr<AttackTarget>> make(Lane& lane);
    ~AttackTarget();
    AttackTarget(const AttackTarget&) = delete;
    AttackTarget& operator=(const AttackTarget&) = delete;

    const Functions& p11;
    CK_SESSION_HANDLE session;
    Capabilities capabilities;
    CK_OBJECT_HANDLE cwk = CK_INVALID_HANDLE;
    CK_OBJECT_HANDLE loaded = CK_INVALID_HANDLE;
    CK_OBJECT_HANDLE transport = CK_INVALID_HANDLE;
    CK_OBJECT_HANDLE own_aes = CK_INVALID_HANDLE;  // the attacker's wrapping keys
    CK_OBJECT_HANDLE own_rsa = CK_INVALID_HANDLE;
    CK_OBJECT_HANDLE own_rsa_private = CK_INVALID_HANDLE;
    Bytes key_token;  // an AES key under the CWK
    Bytes known_cwk;  // 32 bytes the attacker chose, to the transport key

private:
    explicit AttackTarget(Lane& lane);
    Status<> prepare();
};

// Makes the probe's CWK known to the token under an id no cluster has, for as long as it lives.
class ProbeCwk {
public:
    ProbeCwk(Lane& lane, CK_OBJECT_HANDLE handle);
    ~ProbeCwk();
    ProbeCwk(const ProbeCwk&) = delete;
    ProbeCwk& operator=(const ProbeCwk&) = delete;
    const CwkId& id() const noexcept { return id_; }

private:
    Lane& lane_;
    CwkId id_{.cluster_id = "claviger-probe", .generation = 1};
};

std::vector<AttackResult> run_attacks(AttackTarget& target);

// The four calls that read a key token when a transport key is at hand and UNWRAP_TEMPLATE does not nest.
bool nests_unwrap_template(AttackTarget& target);

}  // namespace claviger::hsm
