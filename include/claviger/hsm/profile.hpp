// What a module can do and what it enforces, found by doing it. Run at enrolment and when module or firmware
// change.
#pragma once

#include <string>
#include <vector>

#include <claviger/hsm/token.hpp>

namespace claviger::hsm {

enum class Verdict : std::uint8_t {
    strong,    // every attack was refused
    weak,      // at least one attack went through
    unusable,  // what a member must do cannot be done here
};

struct AttackResult {
    std::string name;
    std::string weakness;  // what a module that lets it pass does not enforce
    std::string outcome;   // "refused (CKR_…)", or what the attacker got
    bool refused = false;
};

struct KeyKind {
    std::string spec;
    std::string usage;
    std::string refusal;  // empty: generate, wrap, unwrap and use all work
};

struct Profile {
    Verdict verdict = Verdict::unusable;
    std::string summary;  // "strong", or "weak: UNWRAP_TEMPLATE not enforced; …"
    Capabilities capabilities;
    // false (SoftHSM): a transport key lets its holder unwrap a CWK without its UNWRAP_TEMPLATE, and so read
    // every key token. Why transport keys live for one join only.
    bool nests_unwrap_template = false;
    std::vector<AttackResult> attacks;
    std::vector<KeyKind> key_kinds;
};

enum class ProbeDepth : std::uint8_t {
    attacks,        // attacks and AES only
    all_key_kinds,  // RSA and EC generation too: seconds
};

// Works with session objects of its own and leaves nothing behind. Slow lane; needs a login. An Error means
// that the probe itself could not run; a refusal of the module is a result.
Result<Profile> probe(Lane& lane, ProbeDepth depth);

}  // namespace claviger::hsm
