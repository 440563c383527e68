#include "hsm/attacks.hpp"

#include <claviger/base/public_key.hpp>

#include <algorithm>

#include "hsm/capabilities.hpp"
#include "hsm/cluster_templates.hpp"
#include "hsm/key_kind.hpp"
#include "hsm/state.hpp"

namespace claviger::hsm {
namespace {

constexpr std::string_view kTemplateWeak = "UNWRAP_TEMPLATE not enforced";
constexpr std::string_view kTrustedWeak = "WRAP_WITH_TRUSTED not enforced";
constexpr std::string_view kMechanismsWeak = "ALLOWED_MECHANISMS not enforced";
constexpr std::string_view kExtractableWeak = "EXTRACTABLE not enforced";
constexpr std::string_view kWidenWeak = "policy attributes can be changed";
constexpr std::string_view kTrustWeak = "a user can make a trusted key";
constexpr std::string_view kUsageWeak = "usage flags not enforced";

// Empty handle and the code when the call was refused.
struct Made {
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
    CK_RV rv = CKR_OK;
};

struct UnwrapCall {
    CK_MECHANISM mechanism;
    CK_OBJECT_HANDLE with;
    ByteView wrapped;
};

Made unwrap(const AttackTarget& target, UnwrapCall call, Template attributes) {
    Made made;
    made.rv =
        target.p11->C_UnwrapKey(target.session, &call.mechanism, call.with, in_ptr(call.wrapped),
                                call.wrapped.size(), attributes.data(), attributes.size(), &made.handle);
    return made;
}

CK_RV set(const AttackTarget& target, CK_OBJECT_HANDLE object, Template attributes) {
    return target.p11->C_SetAttributeValue(target.session, object, attributes.data(), attributes.size());
}

Made copy(const AttackTarget& target, CK_OBJECT_HANDLE object, Template attributes) {
    Made made;
    made.rv =
        target.p11->C_CopyObject(target.session, object, attributes.data(), attributes.size(), &made.handle);
    return made;
}

Template weak_key() {
    Template out;
    out.number(CKA_CLASS, CKO_SECRET_KEY).number(CKA_KEY_TYPE, CKK_AES).no(CKA_TOKEN);
    out.no(CKA_SENSITIVE).yes(CKA_EXTRACTABLE);
    return out;
}

class Attacks {
public:
    explicit Attacks(AttackTarget& target) : t_(target), kwp_{target.capabilities.key_wrap, nullptr, 0} {}

    std::vector<AttackResult> run() {
        unwrap_token_weakly();
        unwrap_cwk_weakly();
        wrap_out();
        use_against_purpose();
        widen();
        make_trusted();
        rewrap();
        return std::move(results_);
    }

    // Is a value readable, so that the object is as good as lost?
    bool leaks(CK_OBJECT_HANDLE object) const {
        const auto value = read_attribute(t_.p11, t_.session, object, CKA_VALUE);
        return value && !value->empty();
    }

private:
    void note(std::string_view name, std::string_view weakness, CK_RV refusal) {
        results_.push_back({.name = std::string(name),
                            .weakness = std::string(weakness),
                            .outcome = "refused (" + std::string(classify(refusal).name) + ")",
                            .refused = true});
    }
    void lost(std::string_view name, std::string_view weakness, std::string_view what) {
        results_.push_back({.name = std::string(name),
                            .weakness = std::string(weakness),
                            .outcome = std::string(what),
                            .refused = false});
    }
    // A module may take the template, apply its own and answer OK: what counts is whether the value can be
    // read.
    void judge_unwrapped(std::string_view name, std::string_view weakness, const Made& made) {
        const TemporaryObject object(t_.p11, t_.session, made.handle);
        if (made.rv != CKR_OK) {
            note(name, weakness, made.rv);
        } else if (leaks(made.handle)) {
            lost(name, weakness, "the key was read");
        } else {
            note(name, weakness, CKR_ATTRIBUTE_SENSITIVE);
        }
    }
    void judge_wrap(std::string_view name, std::string_view weakness, WrapCall call) {
        const auto out = wrap_key(t_.p11, t_.session, call);
        if (out) {
            lost(name, weakness, "the key was wrapped out");
        } else {
            note(name, weakness, out.error().ckr);
        }
    }

    void unwrap_token_weakly() {
        judge_unwrapped("unwrap a key token as a readable key", kTemplateWeak,
                        unwrap(t_, {kwp_, t_.cwk, t_.key_token}, weak_key()));
        Template not_private = weak_key();
        not_private.no(CKA_PRIVATE);
        judge_unwrapped("unwrap a key token as a public readable key", kTemplateWeak,
                        unwrap(t_, {kwp_, t_.cwk, t_.key_token}, std::move(not_private)));
    }

    void unwrap_cwk_weakly() {
        OaepParams oaep(t_.capabilities.oaep_hash);
        judge_unwrapped("unwrap a CWK as a readable key", kTemplateWeak,
                        unwrap(t_, {oaep.mechanism(), t_.transport, t_.known_cwk}, weak_key()));
        Template usable = cwk_flat(t_.capabilities, Membership::open, ObjectLife::session);
        usable.remove(CKA_DECRYPT).yes(CKA_DECRYPT).remove(CKA_ALLOWED_MECHANISMS);
        const Made made = unwrap(t_, {oaep.mechanism(), t_.transport, t_.known_cwk}, std::move(usable));
        const TemporaryObject object(t_.p11, t_.session, made.handle);
        const std::string_view name = "unwrap a CWK as a decryption key";
        if (made.rv == CKR_OK && read_flag(t_.p11, t_.session, made.handle, CKA_DECRYPT) == true) {
            lost(name, kTemplateWeak, "a CWK that decrypts");
        } else {
            note(name, kTemplateWeak, made.rv == CKR_OK ? CKR_KEY_FUNCTION_NOT_PERMITTED : made.rv);
        }
    }

    void wrap_out() {
        OaepParams oaep(t_.capabilities.oaep_hash);
        judge_wrap("wrap a KMS key out under an own AES key", kExtractableWeak,
                   {kwp_, t_.own_aes, t_.loaded});
        judge_wrap("wrap the CWK out under an own AES key", kTrustedWeak, {kwp_, t_.own_aes, t_.cwk});
        judge_wrap("wrap the CWK out under an own RSA key", kTrustedWeak,
                   {oaep.mechanism(), t_.own_rsa, t_.cwk});
        judge_wrap("wrap the CWK out under itself", kTrustedWeak, {kwp_, t_.cwk, t_.cwk});
    }

    void judge_decrypt(std::string_view name, std::string_view weakness, CK_OBJECT_HANDLE key,
                       CK_MECHANISM mechanism) {
        CK_RV rv = t_.p11->C_DecryptInit(t_.session, &mechanism, key);
        if (rv == CKR_OK) {
            Bytes out(512);
            CK_ULONG size = out.size();
            const Bytes block(mechanism.mechanism == CKM_AES_ECB ? 32 : t_.known_cwk.size(), std::byte{1});
            // Ends the operation whatever it answers (v2.40 §5.9): the session must be free for the next
            // attack.
            static_cast<void>(
                t_.p11->C_Decrypt(t_.session, in_ptr(block), block.size(), out_ptr(out), &size));
            lost(name, weakness, "the key decrypted");
            return;
        }
        note(name, weakness, rv);
    }

    void use_against_purpose() {
        OaepParams oaep(t_.capabilities.oaep_hash);
        const CK_MECHANISM ecb{CKM_AES_ECB, nullptr, 0};
        judge_decrypt("ECB with the CWK", kUsageWeak, t_.cwk, ecb);
        Template decrypt;
        decrypt.yes(CKA_DECRYPT);
        set(t_, t_.cwk, decrypt.clone());  // may well be allowed: the mechanism list has to stop it
        judge_decrypt("ECB with the CWK after setting CKA_DECRYPT", kMechanismsWeak, t_.cwk, ecb);
        judge_decrypt("ECB with a KMS key", kMechanismsWeak, t_.loaded, ecb);
        set(t_, t_.transport, std::move(decrypt));
        judge_decrypt("decrypt a CWK with the transport key", kUsageWeak, t_.transport, oaep.mechanism());
    }

    void judge_widened(std::string_view name, CK_OBJECT_HANDLE object, const Made& result) {
        const TemporaryObject made(t_.p11, t_.session,
                                   object == result.handle ? CK_INVALID_HANDLE : result.handle);
        if (result.rv != CKR_OK) {
            note(name, kWidenWeak, result.rv);
            return;
        }
        const auto mechanisms = read_attribute(t_.p11, t_.session, result.handle, CKA_ALLOWED_MECHANISMS);
        CK_MECHANISM_TYPE ecb = CKM_AES_ECB;
        const auto needle = ByteView(reinterpret_cast<const std::byte*>(&ecb), sizeof(ecb));
        if (mechanisms && std::ranges::search(*mechanisms, needle).empty()) {
            note(name, kWidenWeak, CKR_ATTRIBUTE_READ_ONLY);  // answered OK, changed nothing
        } else {
            lost(name, kWidenWeak, "the list was changed");
        }
    }

    void widen() {
        Template more;
        more.mechanisms({t_.capabilities.key_wrap, CKM_AES_ECB});
        judge_widened("widen ALLOWED_MECHANISMS of the CWK by SetAttribute", t_.cwk,
                      {t_.cwk, set(t_, t_.cwk, more.clone())});
        judge_widened("widen ALLOWED_MECHANISMS of a KMS key by SetAttribute", t_.loaded,
                      {t_.loaded, set(t_, t_.loaded, more.clone())});
        judge_widened("widen ALLOWED_MECHANISMS of the CWK by copying", t_.cwk,
                      copy(t_, t_.cwk, more.clone()));
        judge_widened("widen ALLOWED_MECHANISMS of a KMS key by copying", t_.loaded,
                      copy(t_, t_.loaded, std::move(more)));

        Template readable;
        readable.no(CKA_SENSITIVE);
        judge_flag("make a KMS key readable", set(t_, t_.loaded, std::move(readable)), CKA_SENSITIVE, false);
        Template extractable;
        extractable.yes(CKA_EXTRACTABLE);
        judge_flag("make a KMS key extractable", set(t_, t_.loaded, std::move(extractable)), CKA_EXTRACTABLE,
                   true);

        Template looser;
        looser.nested(CKA_UNWRAP_TEMPLATE, Template());
        set(t_, t_.cwk, looser.clone());
        judge_unwrapped("unwrap a key token after changing UNWRAP_TEMPLATE by SetAttribute", kTemplateWeak,
                        unwrap(t_, {kwp_, t_.cwk, t_.key_token}, weak_key()));
        const Made copied = copy(t_, t_.cwk, std::move(looser));
        const TemporaryObject copied_object(t_.p11, t_.session, copied.handle);
        const std::string_view name = "unwrap a key token after changing UNWRAP_TEMPLATE by copying";
        if (copied.rv == CKR_OK) {
            judge_unwrapped(name, kTemplateWeak, unwrap(t_, {kwp_, copied.handle, t_.key_token}, weak_key()));
        } else {
            note(name, kTemplateWeak, copied.rv);
        }
        Template trusting;
        trusting.no(CKA_WRAP_WITH_TRUSTED);
        const CK_RV rv = set(t_, t_.cwk, std::move(trusting));
        if (rv == CKR_OK && read_flag(t_.p11, t_.session, t_.cwk, CKA_WRAP_WITH_TRUSTED) == false) {
            lost("clear WRAP_WITH_TRUSTED of the CWK", kTrustedWeak, "cleared");
        } else {
            note("clear WRAP_WITH_TRUSTED of the CWK", kTrustedWeak,
                 rv == CKR_OK ? CKR_ATTRIBUTE_READ_ONLY : rv);
        }
    }

    void judge_flag(std::string_view name, CK_RV rv, CK_ATTRIBUTE_TYPE type, bool bad) {
        if (rv == CKR_OK && read_flag(t_.p11, t_.session, t_.loaded, type) == bad) {
            lost(name, kWidenWeak, "changed");
        } else {
            note(name, kWidenWeak, rv == CKR_OK ? CKR_ATTRIBUTE_READ_ONLY : rv);
        }
    }

    void judge_trusted(std::string_view name, const Made& made) {
        if (made.rv == CKR_OK && read_flag(t_.p11, t_.session, made.handle, CKA_TRUSTED) == true) {
            lost(name, kTrustWeak, "a trusted key");
        } else {
            note(name, kTrustWeak, made.rv == CKR_OK ? CKR_ATTRIBUTE_READ_ONLY : made.rv);
        }
    }

    void make_trusted() {
        Template trusted;
        trusted.yes(CKA_TRUSTED);
        judge_trusted("mark an own public key as trusted",
                      {t_.own_rsa, set(t_, t_.own_rsa, trusted.clone())});
        judge_trusted("mark an own AES key as trusted",
                      {t_.own_aes, set(t_, t_.own_aes, std::move(trusted))});
        Template born = weak_key();
        born.number(CKA_VALUE_LEN, 32).yes(CKA_WRAP).yes(CKA_TRUSTED);
        CK_MECHANISM mechanism{CKM_AES_KEY_GEN, nullptr, 0};
        Made made;
        made.rv = t_.p11->C_GenerateKey(t_.session, &mechanism, born.data(), born.size(), &made.handle);
        const TemporaryObject object(t_.p11, t_.session, made.handle);
        judge_trusted("generate a trusted AES key", made);
        const Bytes modulus = read_attribute(t_.p11, t_.session, t_.own_rsa, CKA_MODULUS).value_or(Bytes{});
        const Bytes exponent =
            read_attribute(t_.p11, t_.session, t_.own_rsa, CKA_PUBLIC_EXPONENT).value_or(Bytes{});
        for (const ObjectLife life : {ObjectLife::session, ObjectLife::token}) {
            Template imported =
                trusted_public({.modulus = modulus, .exponent = exponent, .label = "claviger-probe"});
            if (life == ObjectLife::session) {
                imported.remove(CKA_TOKEN).no(CKA_TOKEN);
            }
            const std::vector<CK_OBJECT_HANDLE> before = public_keys();
            Made key;
            key.rv = t_.p11->C_CreateObject(t_.session, imported.data(), imported.size(), &key.handle);
            const TemporaryObject key_object(t_.p11, t_.session, key.handle);
            if (key.rv != CKR_OK) {
                remove_remains(before, modulus);
            }
            judge_trusted(life == ObjectLife::session ? "import a trusted public key as a session object"
                                                      : "import a trusted public key as a token object",
                          key);
        }
    }

    std::vector<CK_OBJECT_HANDLE> public_keys() const {
        Template wanted;
        wanted.number(CKA_CLASS, CKO_PUBLIC_KEY);
        return find_objects(t_.p11, t_.session, wanted).value_or({});
    }
    // SoftHSM 2.6.1 refuses to make the object and leaves a part of it on the token, without label and
    // number.
    void remove_remains(const std::vector<CK_OBJECT_HANDLE>& before, const Bytes& modulus) {
        for (const CK_OBJECT_HANDLE object : public_keys()) {
            const Bytes its = read_attribute(t_.p11, t_.session, object, CKA_MODULUS).value_or(Bytes{});
            if (std::ranges::find(before, object) == before.end() && (its.empty() || its == modulus)) {
                t_.p11->C_DestroyObject(t_.session, object);
            }
        }
    }

    void rewrap() {
        Template extractable = weak_key();
        extractable.remove(CKA_SENSITIVE).yes(CKA_SENSITIVE).yes(CKA_PRIVATE);
        const Made made = unwrap(t_, {kwp_, t_.cwk, t_.key_token}, std::move(extractable));
        const TemporaryObject object(t_.p11, t_.session, made.handle);
        const std::string_view name = "rewrap a key token under an own key";
        if (made.rv != CKR_OK) {
            note(name, kTemplateWeak, made.rv);
        } else {
            judge_wrap(name, kTemplateWeak, {kwp_, t_.own_aes, made.handle});
        }
    }

    AttackTarget& t_;
    CK_MECHANISM kwp_;
    std::vector<AttackResult> results_;
};

}  // namespace

AttackTarget::AttackTarget(Lane& lane)
    : p11(lane.token().state().p11), session(lane.session()), capabilities(lane.token().capabilities()) {}

Result<std::unique_ptr<AttackTarget>> AttackTarget::make(Lane& lane) {
    std::unique_ptr<AttackTarget> target(new AttackTarget(lane));
    const auto prepared = target->prepare();
    if (!prepared) {
        return prepared.error();
    }
    return target;
}

AttackTarget::~AttackTarget() {
    for (const CK_OBJECT_HANDLE object : {cwk, loaded, transport, own_aes, own_rsa, own_rsa_private}) {
        if (object != CK_INVALID_HANDLE) {
            p11->C_DestroyObject(session, object);
        }
    }
}

Status<> AttackTarget::prepare() {
    const KeyKindRow& aes = *find_key_kind("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT");
    CK_MECHANISM generate{CKM_AES_KEY_GEN, nullptr, 0};
    CK_MECHANISM kwp{capabilities.key_wrap, nullptr, 0};
    const auto make_secret = [&](Template attributes, CK_OBJECT_HANDLE& out) {
        attributes.number(CKA_VALUE_LEN, 32);
        return p11->C_GenerateKey(session, &generate, attributes.data(), attributes.size(), &out);
    };
    Template wrapping = cwk_flat(capabilities, Membership::open, ObjectLife::session);
    wrapping.nested(CKA_UNWRAP_TEMPLATE, cwk_unwrap_template());
    CK_RV rv = make_secret(std::move(wrapping), cwk);
    if (rv != CKR_OK) {
        return call_failed("C_GenerateKey (CWK)", rv);
    }
    Template own = weak_key();
    own.yes(CKA_WRAP).yes(CKA_UNWRAP);
    rv = make_secret(std::move(own), own_aes);
    if (rv != CKR_OK) {
        return call_failed("C_GenerateKey", rv);
    }
    CK_OBJECT_HANDLE material = CK_INVALID_HANDLE;
    Template material_template = generated_template(aes, capabilities);
    material_template.remove(CKA_VALUE_LEN);
    rv = make_secret(std::move(material_template), material);
    if (rv != CKR_OK) {
        return call_failed("C_GenerateKey", rv);
    }
    const TemporaryObject material_object(p11, session, material);
    auto wrapped = wrap_key(p11, session, {kwp, cwk, material});
    if (!wrapped) {
        return wrapped.error();
    }
    key_token = std::move(*wrapped);
    const Made honest =
        unwrap(*this, {kwp, cwk, key_token}, loaded_template(aes, capabilities, Residency::session));
    if (honest.rv != CKR_OK) {
        return call_failed("C_UnwrapKey", honest.rv);
    }
    loaded = honest.handle;

    CK_MECHANISM rsa{CKM_RSA_PKCS_KEY_PAIR_GEN, nullptr, 0};
    Template public_part = transport_public();
    Template private_part =
        transport_private(capabilities, Membership::open, ObjectLife::session, kTransportLabel);
    CK_OBJECT_HANDLE transport_pub = CK_INVALID_HANDLE;
    rv = p11->C_GenerateKeyPair(session, &rsa, public_part.data(), public_part.size(), private_part.data(),
                                private_part.size(), &transport_pub, &transport);
    if (rv != CKR_OK) {
        return call_failed("C_GenerateKeyPair (transport)", rv);
    }
    const TemporaryObject transport_object(p11, session, transport_pub);
    const auto key = rsa_public_key(
        {.modulus = read_attribute(p11, session, transport_pub, CKA_MODULUS).value_or(Bytes{}),
         .exponent = read_attribute(p11, session, transport_pub, CKA_PUBLIC_EXPONENT).value_or(Bytes{})});
    if (!key) {
        return key.error();
    }
    const Bytes chosen(32, std::byte{0x5a});
    auto sealed = rsa_encrypt(
        *key, capabilities.oaep_hash == CKM_SHA256 ? RsaBlock::oaep_sha256 : RsaBlock::oaep_sha1, chosen);
    if (!sealed) {
        return sealed.error();
    }
    known_cwk = std::move(*sealed);
    Template own_public = transport_public();
    own_public.remove(CKA_MODULUS_BITS).number(CKA_MODULUS_BITS, 2048);
    Template own_private;
    own_private.no(CKA_TOKEN).yes(CKA_PRIVATE).yes(CKA_SENSITIVE).no(CKA_EXTRACTABLE).yes(CKA_UNWRAP);
    own_private.no(CKA_DECRYPT).no(CKA_SIGN).no(CKA_SIGN_RECOVER);
    rv = p11->C_GenerateKeyPair(session, &rsa, own_public.data(), own_public.size(), own_private.data(),
                                own_private.size(), &own_rsa, &own_rsa_private);
    return rv == CKR_OK ? Status<>(done) : call_failed("C_GenerateKeyPair", rv);
}

ProbeCwk::ProbeCwk(Lane& lane, CK_OBJECT_HANDLE handle) : lane_(lane) {
    Token::State& token = lane_.token().state();
    const std::lock_guard lock(token.objects);
    token.cwks.push_back({id_, handle});
}

ProbeCwk::~ProbeCwk() {
    Token::State& token = lane_.token().state();
    const std::lock_guard lock(token.objects);
    std::erase_if(token.cwks, [&](const CwkEntry& entry) { return entry.id == id_; });
}

std::vector<AttackResult> run_attacks(AttackTarget& target) {
    return Attacks(target).run();
}

bool nests_unwrap_template(AttackTarget& target) {
    OaepParams oaep(target.capabilities.oaep_hash);
    const CK_MECHANISM kwp{target.capabilities.key_wrap, nullptr, 0};
    const Made bare = unwrap(target, {oaep.mechanism(), target.transport, target.known_cwk},
                             cwk_flat(target.capabilities, Membership::open, ObjectLife::session));
    const TemporaryObject bare_object(target.p11, target.session, bare.handle);
    if (bare.rv != CKR_OK) {
        return true;
    }
    const auto wrapped = wrap_key(target.p11, target.session, {kwp, bare.handle, target.own_aes});
    if (!wrapped) {
        return true;
    }
    const Made read = unwrap(target, {kwp, bare.handle, *wrapped}, weak_key());
    const TemporaryObject read_object(target.p11, target.session, read.handle);
    return read.rv != CKR_OK || !Attacks(target).leaks(read.handle);
}

}  // namespace claviger::hsm
