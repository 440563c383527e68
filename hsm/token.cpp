#include <claviger/hsm/token.hpp>

#include <algorithm>
#include <charconv>

#include "hsm/capabilities.hpp"
#include "hsm/handles.hpp"
#include "hsm/nonce.hpp"
#include "hsm/pin.hpp"
#include "hsm/state.hpp"

namespace claviger::hsm {
namespace {

const SystemClock kSystemClock;

std::optional<CwkId> parse_cwk_id(ByteView id) {
    const std::string_view text = as_text(id);
    const auto mark = text.rfind('#');
    if (mark == std::string_view::npos || mark == 0) {
        return std::nullopt;
    }
    CwkId out{.cluster_id = std::string(text.substr(0, mark)), .generation = 0};
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data() + mark + 1, end, out.generation);
    if (parsed.ec != std::errc() || parsed.ptr != end || out.generation == 0) {
        return std::nullopt;
    }
    return out;
}

// An object that calls itself a CWK and was not made as one is not used.
bool looks_like_cwk(const Functions& p11, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object) {
    const auto is = [&](CK_ATTRIBUTE_TYPE type, bool wanted) {
        return read_flag(p11, session, object, type) == wanted;
    };
    return is(CKA_PRIVATE, true) && is(CKA_SENSITIVE, true) && is(CKA_WRAP, true) && is(CKA_UNWRAP, true) &&
           is(CKA_ENCRYPT, false) && is(CKA_DECRYPT, false) && is(CKA_WRAP_WITH_TRUSTED, true);
}

}  // namespace

Status<> Token::State::index_objects() {
    const std::lock_guard lock(objects);
    cwks.clear();
    resident_keys.clear();
    identity = CK_INVALID_HANDLE;
    Template wanted;
    wanted.number(CKA_CLASS, CKO_SECRET_KEY).yes(CKA_TOKEN).text(CKA_LABEL, kCwkLabel);
    const auto wrapping = find_objects(p11, keeper, wanted);
    if (!wrapping) {
        return wrapping.error();
    }
    std::vector<CwkId> doubled;
    for (const CK_OBJECT_HANDLE object : *wrapping) {
        const auto id_bytes = read_attribute(p11, keeper, object, CKA_ID);
        const auto id = id_bytes ? parse_cwk_id(*id_bytes) : std::nullopt;
        if (!id || !looks_like_cwk(p11, keeper, object)) {
            continue;
        }
        const bool known = std::ranges::any_of(cwks, [&](const CwkEntry& entry) { return entry.id == *id; });
        if (known) {
            doubled.push_back(*id);  // somebody planted one: which is ours cannot be told, so neither is used
        } else {
            cwks.push_back({*id, object});
        }
    }
    std::erase_if(
        cwks, [&](const CwkEntry& entry) { return std::ranges::find(doubled, entry.id) != doubled.end(); });
    Template keys;
    keys.yes(CKA_TOKEN);
    if (options.key_arn.empty()) {
        keys.text(CKA_LABEL, kKeyLabel);
    }
    const auto resident = find_objects(p11, keeper, keys);
    if (!resident) {
        return resident.error();
    }
    for (const CK_OBJECT_HANDLE object : *resident) {
        const auto label = read_attribute(p11, keeper, object, CKA_LABEL);
        const auto id = read_attribute(p11, keeper, object, CKA_ID);
        const auto name = label && id ? resident_name(options, as_text(*label), *id) : std::nullopt;
        if (name) {
            resident_keys.emplace(*name, object);
        }
    }
    Template identity_key;
    identity_key.number(CKA_CLASS, CKO_PRIVATE_KEY).yes(CKA_TOKEN).text(CKA_LABEL, kIdentityLabel);
    const auto identities = find_objects(p11, keeper, identity_key);
    if (!identities) {
        return identities.error();
    }
    identity = identities->size() == 1 ? identities->front() : CK_INVALID_HANDLE;
    return done;
}

std::string cwk_object_id(const CwkId& id) {
    return id.cluster_id + "#" + std::to_string(id.generation);
}

Result<CK_OBJECT_HANDLE> Token::State::cwk(std::string_view cluster_id, std::uint32_t generation) {
    const std::lock_guard lock(objects);
    const auto found = std::ranges::find_if(cwks, [&](const CwkEntry& entry) {
        return entry.id.cluster_id == cluster_id && entry.id.generation == generation;
    });
    if (found == cwks.end()) {
        return Error(Errc::not_found, "no wrapping key of cluster " + std::string(cluster_id) +
                                          " generation " + std::to_string(generation) + " on this token");
    }
    return found->handle;
}

Token::Token(Module& module, TokenOptions options) : module_(module) {
    const Clock& clock = options.clock != nullptr ? *options.clock : kSystemClock;
    state_ = std::unique_ptr<State>(
        new State{.p11 = module.functions(), .slot = 0, .options = std::move(options), .clock = clock});
}

Result<std::unique_ptr<Token>> Token::open(Module& module, SlotId slot, TokenOptions options) {
    std::unique_ptr<Token> token(new Token(module, std::move(options)));
    token->state_->slot = slot.value();
    const auto keeper = open_session(module.functions(), slot.value());
    if (!keeper) {
        return keeper.error();
    }
    token->state_->keeper = *keeper;
    return token;
}

Token::~Token() {
    if (state_->keeper != CK_INVALID_HANDLE) {
        state_->p11->C_CloseSession(
            state_->keeper);  // lanes are gone: this is the last session, so it logs out
    }
}

// Under the file guard: SoftHSM reads token.object for it, which another process may be writing.
Result<TokenFacts> Token::facts() const {
    const auto guard = Guarded::enter(state_->options.guard);
    if (!guard) {
        return guard.error();
    }
    Result<TokenFacts> facts = module_.token_in(SlotId(state_->slot));
    if (!facts && facts.error().code == Errc::not_found) {
        return Error(Errc::hsm_gone, "the token is no longer in its slot");
    }
    return facts;
}

Status<> Token::login(const SecretBytes& pin, Attempt attempt) {
    const auto before = facts();
    if (!before) {
        return before.error();
    }
    const auto allowed = may_try_pin(before->user_pin, attempt);
    if (!allowed) {
        return allowed.error();
    }
    {
        const auto guard = Guarded::enter(state_->options.guard);
        if (!guard) {
            return guard.error();
        }
        const ByteView bytes = pin.reveal(SecretAccess());
        const std::lock_guard lock(state_->objects);
        const CK_RV rv = state_->p11->C_Login(state_->keeper, CKU_USER, in_ptr(bytes), bytes.size());
        if (rv != CKR_OK) {
            return call_failed("C_Login", rv);
        }
        if (capabilities_.key_wrap == 0) {  // a module does not learn: lanes read them without a lock
            capabilities_ = find_capabilities(state_->p11, state_->keeper);
        }
    }
    state_->login_epoch.fetch_add(1);
    return state_->index_objects();
}

Status<> Token::logout() {
    const std::lock_guard lock(state_->objects);
    const CK_RV rv = state_->p11->C_Logout(state_->keeper);
    state_->cwks.clear();
    state_->resident_keys.clear();
    state_->identity = CK_INVALID_HANDLE;
    if (rv != CKR_OK && rv != CKR_USER_NOT_LOGGED_IN) {
        return call_failed("C_Logout", rv);
    }
    return done;
}

bool Token::logged_in() const {
    CK_SESSION_INFO info{};
    return state_->p11->C_GetSessionInfo(state_->keeper, &info) == CKR_OK &&
           info.state == CKS_RW_USER_FUNCTIONS;
}

Status<> Token::change_pin(const SecretBytes& current, const SecretBytes& next) {
    const auto guard = Guarded::enter(state_->options.guard);
    if (!guard) {
        return guard.error();
    }
    const ByteView from = current.reveal(SecretAccess());
    const ByteView to = next.reveal(SecretAccess());
    const std::lock_guard lock(state_->objects);
    const CK_RV rv = state_->p11->C_SetPIN(state_->keeper, in_ptr(from), from.size(), in_ptr(to), to.size());
    return rv == CKR_OK ? Status<>(done) : call_failed("C_SetPIN", rv);
}

Result<std::unique_ptr<Lane>> Token::open_lane() {
    std::unique_ptr<Lane> lane(new Lane(*this));
    auto nonces = NonceSource::make(state_->options.nonce_counter);
    if (!nonces) {
        return nonces.error();
    }
    lane->nonces_ = std::move(*nonces);
    const auto opened = lane->renew_session();
    if (!opened) {
        return opened.error();
    }
    return lane;
}

std::vector<CwkId> Token::cwks() const {
    const std::lock_guard lock(state_->objects);
    std::vector<CwkId> out;
    for (const CwkEntry& entry : state_->cwks) {
        out.push_back(entry.id);
    }
    return out;
}

Result<std::vector<TokenObject>> Token::objects() const {
    const std::lock_guard lock(state_->objects);
    Template wanted;
    wanted.yes(CKA_TOKEN);
    const auto found = find_objects(state_->p11, state_->keeper, wanted);
    if (!found) {
        return found.error();
    }
    std::vector<TokenObject> out;
    for (const CK_OBJECT_HANDLE object : *found) {
        const auto label = read_attribute(state_->p11, state_->keeper, object, CKA_LABEL);
        if (!label || !is_our_label(state_->options, as_text(*label))) {
            continue;
        }
        auto id = read_attribute(state_->p11, state_->keeper, object, CKA_ID);
        out.push_back(
            {read_number(state_->p11, state_->keeper, object, CKA_CLASS).value_or(CKO_VENDOR_DEFINED),
             std::string(as_text(*label)), id ? std::move(*id) : Bytes{}});
    }
    return out;
}

Result<std::size_t> Token::destroy_key_objects(std::string_view label, ByteView id) {
    if (!is_key_label(state_->options, label)) {
        return Error(Errc::bad_config, "not the label of a KMS key");
    }
    const std::lock_guard lock(state_->objects);
    Template wanted;
    wanted.yes(CKA_TOKEN).text(CKA_LABEL, label).bytes(CKA_ID, id);
    const auto found = find_objects(state_->p11, state_->keeper, wanted);
    if (!found) {
        return found.error();
    }
    for (const CK_OBJECT_HANDLE object : *found) {
        const CK_RV rv = state_->p11->C_DestroyObject(state_->keeper, object);
        if (rv != CKR_OK) {
            return call_failed("C_DestroyObject", rv);
        }
    }
    if (const auto name = resident_name(state_->options, label, id)) {
        state_->resident_keys.erase(*name);
    }
    return found->size();
}

}  // namespace claviger::hsm
