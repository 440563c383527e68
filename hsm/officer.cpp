#include <claviger/base/public_key.hpp>
#include <claviger/hsm/officer.hpp>

#include <algorithm>
#include <array>
#include <set>

#include "hsm/cluster_templates.hpp"
#include "hsm/handles.hpp"
#include "hsm/pin.hpp"
#include "hsm/state.hpp"

namespace claviger::hsm {
namespace {

constexpr std::size_t kSmallestModulus = 3072 / 8;

std::string_view label_of(TrustedKind kind) {
    switch (kind) {
        case TrustedKind::recovery: return kTrustedRecoveryLabel;
        case TrustedKind::transport: return kTrustedTransportLabel;
    }
    return {};
}

Status<> init_slot(Module& module, SlotId slot, std::string_view name, const SecretBytes& officer_pin,
                   TokenFileGuard* guard) {
    std::array<CK_UTF8CHAR, 32> label;  // padded with blanks, PKCS#11 v2.40 §5.5
    label.fill(' ');
    std::ranges::copy(name.substr(0, label.size()), label.begin());
    const auto guarded = Guarded::enter(guard);
    if (!guarded) {
        return guarded.error();
    }
    const ByteView pin = officer_pin.reveal(SecretAccess());
    const CK_RV rv = module.functions()->C_InitToken(slot.value(), in_ptr(pin), pin.size(), label.data());
    return rv == CKR_OK ? Status<>(done) : call_failed("C_InitToken", rv);
}

}  // namespace

struct Officer::State {
    const Functions& p11;
    Session session;
    TokenFileGuard* guard;
};

Officer::Officer(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Officer::~Officer() {
    state_->p11->C_Logout(state_->session.get());
}

Result<std::unique_ptr<Officer>> Officer::login(Module& module, SlotId slot, const SecretBytes& pin,
                                                TokenFileGuard* guard, Attempt attempt) {
    const auto guarded = Guarded::enter(guard);
    if (!guarded) {
        return guarded.error();
    }
    const Result<TokenFacts> facts = module.token_in(slot);
    if (!facts) {
        return facts.error();
    }
    const auto allowed = may_try_pin(facts->officer_pin, attempt);
    if (!allowed) {
        return allowed.error();
    }
    auto session = Session::open(module.functions(), slot.value());
    if (!session) {
        return session.error();
    }
    const ByteView bytes = pin.reveal(SecretAccess());
    const CK_RV rv = module.functions()->C_Login(session->get(), CKU_SO, in_ptr(bytes), bytes.size());
    if (rv != CKR_OK) {
        return call_failed("C_Login", rv);
    }
    std::unique_ptr<State> state(new State{module.functions(), std::move(*session), guard});
    return std::unique_ptr<Officer>(new Officer(std::move(state)));
}

Status<> Officer::init_user_pin(const SecretBytes& pin) {
    const auto guarded = Guarded::enter(state_->guard);
    if (!guarded) {
        return guarded.error();
    }
    const ByteView bytes = pin.reveal(SecretAccess());
    const CK_RV rv = state_->p11->C_InitPIN(state_->session.get(), in_ptr(bytes), bytes.size());
    return rv == CKR_OK ? Status<>(done) : call_failed("C_InitPIN", rv);
}

Status<> Officer::change_pin(const SecretBytes& current, const SecretBytes& next) {
    const auto guarded = Guarded::enter(state_->guard);
    if (!guarded) {
        return guarded.error();
    }
    const ByteView from = current.reveal(SecretAccess());
    const ByteView to = next.reveal(SecretAccess());
    const CK_RV rv =
        state_->p11->C_SetPIN(state_->session.get(), in_ptr(from), from.size(), in_ptr(to), to.size());
    return rv == CKR_OK ? Status<>(done) : call_failed("C_SetPIN", rv);
}

Status<> Officer::install_trusted(TrustedKind kind, ByteView public_key) {
    const auto key = parse_public_key(public_key);
    if (!key) {
        return Error(Errc::bad_config, "the key to be trusted: " + key.error().detail);
    }
    const auto parts = rsa_parts(*key);
    if (!parts || parts->modulus.size() < kSmallestModulus) {
        return Error(Errc::bad_config, "the key to be trusted must be RSA of 3072 bits or more");
    }
    Template attributes =
        trusted_public({.modulus = parts->modulus, .exponent = parts->exponent, .label = label_of(kind)});
    Template present;
    present.number(CKA_CLASS, CKO_PUBLIC_KEY).yes(CKA_TOKEN).yes(CKA_TRUSTED);
    present.bytes(CKA_MODULUS, parts->modulus).text(CKA_LABEL, label_of(kind));
    const auto found = find_objects(state_->p11, state_->session.get(), present);
    if (!found) {
        return found.error();
    }
    if (!found->empty()) {
        return done;
    }
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
    const CK_RV rv =
        state_->p11->C_CreateObject(state_->session.get(), attributes.data(), attributes.size(), &handle);
    if (rv != CKR_OK) {
        return call_failed("C_CreateObject", rv);
    }
    if (read_flag(state_->p11, state_->session.get(), handle, CKA_TRUSTED) != true) {
        state_->p11->C_DestroyObject(state_->session.get(), handle);
        return Error(Errc::unsupported, "this module does not let an officer mark a key as trusted");
    }
    return done;
}

Result<std::size_t> Officer::remove_trusted(TrustedKind kind) {
    Template wanted;
    wanted.number(CKA_CLASS, CKO_PUBLIC_KEY).yes(CKA_TOKEN).text(CKA_LABEL, label_of(kind));
    const auto found = find_objects(state_->p11, state_->session.get(), wanted);
    if (!found) {
        return found.error();
    }
    for (const CK_OBJECT_HANDLE object : *found) {
        const CK_RV rv = state_->p11->C_DestroyObject(state_->session.get(), object);
        if (rv != CKR_OK) {
            return call_failed("C_DestroyObject", rv);
        }
    }
    return found->size();
}

Result<std::size_t> Officer::wipe() {
    Template wanted;
    wanted.yes(CKA_TOKEN);
    const auto found = find_objects(state_->p11, state_->session.get(), wanted);
    if (!found) {
        return found.error();
    }
    std::size_t destroyed = 0;
    for (const CK_OBJECT_HANDLE object : *found) {
        const auto label = read_attribute(state_->p11, state_->session.get(), object, CKA_LABEL);
        if (!label || !as_text(*label).starts_with(kLabelPrefix)) {
            continue;
        }
        const CK_RV rv = state_->p11->C_DestroyObject(state_->session.get(), object);
        if (rv != CKR_OK) {
            return call_failed("C_DestroyObject", rv);
        }
        ++destroyed;
    }
    return destroyed;
}

Result<TokenFacts> init_token(Module& module, const NewToken& wanted, TokenFileGuard* guard) {
    const auto before = module.every_token();
    if (!before) {
        return before.error();
    }
    const auto free_slot =
        std::ranges::find_if(*before, [](const TokenFacts& facts) { return !facts.initialized; });
    if (free_slot == before->end()) {
        return Error(Errc::bad_config, "no slot of " + module.path() + " is free for a new token");
    }
    if (auto made = init_slot(module, free_slot->slot, wanted.label, wanted.officer_pin, guard); !made) {
        return std::move(made).error();
    }
    const auto after = module.every_token();
    if (!after) {
        return after.error();
    }
    std::set<std::string> known;
    for (const TokenFacts& facts : *before) {
        if (facts.initialized) {
            known.insert(facts.serial);
        }
    }
    const auto made = std::ranges::find_if(*after, [&](const TokenFacts& facts) {
        return facts.initialized && facts.label == wanted.label && !known.contains(facts.serial);
    });
    if (made == after->end()) {
        return Error(Errc::hsm_fault, "the token that was just made cannot be found");
    }
    const auto officer = Officer::login(module, made->slot, wanted.officer_pin, guard);
    if (!officer) {
        return officer.error();
    }
    const auto pin_set = (*officer)->init_user_pin(wanted.user_pin);
    if (!pin_set) {
        return pin_set.error();
    }
    return module.find_token(made->serial);
}

Status<> init_token_anew(Module& module, SlotId slot, const SecretBytes& officer_pin, TokenFileGuard* guard) {
    const Result<TokenFacts> before = module.token_in(slot);
    if (!before) {
        return before.error();
    }
    return init_slot(module, slot, before->label, officer_pin, guard);
}

}  // namespace claviger::hsm
