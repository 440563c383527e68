#include <claviger/hsm/profile.hpp>

#include <algorithm>
#include <array>

#include "hsm/attacks.hpp"
#include "hsm/check_value.hpp"
#include "hsm/key_kind.hpp"

namespace claviger::hsm {
namespace {

struct Candidate {
    std::string_view spec;
    std::string_view usage;
    ProbeDepth from;
};
constexpr std::array kCandidates{
    Candidate{"SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", ProbeDepth::attacks},
    Candidate{"HMAC_224", "GENERATE_VERIFY_MAC", ProbeDepth::attacks},
    Candidate{"HMAC_256", "GENERATE_VERIFY_MAC", ProbeDepth::attacks},
    Candidate{"HMAC_384", "GENERATE_VERIFY_MAC", ProbeDepth::attacks},
    Candidate{"HMAC_512", "GENERATE_VERIFY_MAC", ProbeDepth::attacks},
    Candidate{"ECC_NIST_P256", "SIGN_VERIFY", ProbeDepth::attacks},
    Candidate{"ECC_NIST_P384", "SIGN_VERIFY", ProbeDepth::attacks},
    Candidate{"ECC_NIST_P521", "SIGN_VERIFY", ProbeDepth::attacks},
    Candidate{"ECC_SECG_P256K1", "SIGN_VERIFY", ProbeDepth::attacks},
    Candidate{"ECC_NIST_P256", "KEY_AGREEMENT", ProbeDepth::attacks},
    Candidate{"ECC_NIST_P384", "KEY_AGREEMENT", ProbeDepth::attacks},
    Candidate{"ECC_NIST_P521", "KEY_AGREEMENT", ProbeDepth::attacks},
    Candidate{"RSA_2048", "SIGN_VERIFY", ProbeDepth::all_key_kinds},
    Candidate{"RSA_2048", "ENCRYPT_DECRYPT", ProbeDepth::all_key_kinds},
    Candidate{"RSA_3072", "SIGN_VERIFY", ProbeDepth::all_key_kinds},
    Candidate{"RSA_3072", "ENCRYPT_DECRYPT", ProbeDepth::all_key_kinds},
    Candidate{"RSA_4096", "SIGN_VERIFY", ProbeDepth::all_key_kinds},
    Candidate{"RSA_4096", "ENCRYPT_DECRYPT", ProbeDepth::all_key_kinds},
};

// generate → check value → wrap → unwrap → verify, as CreateKey and load do it.
KeyKind try_kind(Lane& lane, const CwkId& cwk, const Candidate& candidate) {
    KeyKind kind{.spec = std::string(candidate.spec), .usage = std::string(candidate.usage), .refusal = {}};
    KeyIdentity identity{.account = "000000000000",
                         .key_id = "claviger-probe",
                         .spec = candidate.spec,
                         .usage = candidate.usage,
                         .origin = "CLAVIGER"};
    const auto made = lane.create_key(cwk, identity);
    if (!made) {
        kind.refusal = made.error().describe();
        return kind;
    }
    const auto key = lane.load_key(made->token, Residency::session);
    if (!key) {
        kind.refusal = key.error().describe();
        return kind;
    }
    const auto destroyed = lane.destroy_key(**key, Lane::Reach::handle);
    if (!destroyed) {
        kind.refusal = destroyed.error().describe();
    }
    return kind;
}

std::string summarise(Verdict verdict, const std::vector<AttackResult>& attacks, std::string_view why) {
    switch (verdict) {
        case Verdict::strong: return "strong";
        case Verdict::unusable: return "unusable: " + std::string(why);
        case Verdict::weak: break;
    }
    std::vector<std::string> weaknesses;
    for (const AttackResult& attack : attacks) {
        if (!attack.refused && std::ranges::find(weaknesses, attack.weakness) == weaknesses.end()) {
            weaknesses.push_back(attack.weakness);
        }
    }
    std::string text = "weak: ";
    for (const std::string& weakness : weaknesses) {
        text += (weakness == weaknesses.front() ? "" : "; ") + weakness;
    }
    return text;
}

}  // namespace

Result<Profile> probe(Lane& lane, ProbeDepth depth) {
    Profile profile;
    profile.capabilities = lane.token().capabilities();
    const auto unusable = [&profile](std::string_view why) {
        profile.verdict = Verdict::unusable;
        profile.summary = summarise(Verdict::unusable, {}, why);
        return profile;
    };
    if (!lane.token().logged_in()) {
        return Error(Errc::not_logged_in, "a probe needs the user's login");
    }
    if (profile.capabilities.key_wrap == 0) {
        return unusable("no mechanism is RFC 5649 key wrap");
    }
    if (profile.capabilities.oaep_hash == 0) {
        return unusable("no RSA-OAEP");
    }
    auto target = AttackTarget::make(lane);
    if (!target) {
        return unusable(target.error().describe());
    }
    {
        const ProbeCwk cwk(lane, (*target)->cwk);
        for (const Candidate& candidate : kCandidates) {
            if (candidate.from == ProbeDepth::attacks || depth == ProbeDepth::all_key_kinds) {
                profile.key_kinds.push_back(try_kind(lane, cwk.id(), candidate));
            }
        }
    }
    if (!profile.key_kinds.front().refusal.empty()) {
        return unusable("AES keys: " + profile.key_kinds.front().refusal);
    }
    profile.nests_unwrap_template = nests_unwrap_template(**target);
    profile.attacks = run_attacks(**target);
    const bool strong = std::ranges::all_of(profile.attacks, &AttackResult::refused);
    profile.verdict = strong ? Verdict::strong : Verdict::weak;
    profile.summary = summarise(profile.verdict, profile.attacks, {});
    return profile;
}

}  // namespace claviger::hsm
