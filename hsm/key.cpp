#include <claviger/hsm/key.hpp>

#include <algorithm>
#include <span>

#include "hsm/check_value.hpp"
#include "hsm/handles.hpp"
#include "hsm/key_create.hpp"
#include "hsm/state.hpp"

namespace claviger::hsm {
namespace {

Error no_key_token(std::string_view why) {
    return Error(Errc::data_invalid, "key token: " + std::string(why));
}

// An object that a user's other tools made under our id must not stand in for the real one.
bool has_policy(const Functions& p11, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object) {
    return read_flag(p11, session, object, CKA_SENSITIVE) == true &&
           read_flag(p11, session, object, CKA_EXTRACTABLE) == false;
}

Status<> make_resident(Token::State& token, const Capabilities& capabilities, const Key::State& key) {
    {
        const std::lock_guard lock(token.objects);
        const auto known = token.resident_keys.find(resident_object(token.options, key.token.header).name);
        if (known != token.resident_keys.end()) {
            if (has_policy(token.p11, token.keeper, known->second)) {
                return done;
            }
            token.p11->C_DestroyObject(token.keeper, known->second);
            token.resident_keys.erase(known);
        }
    }
    const auto handle = unwrap_material(token, capabilities, key, Residency::token);
    if (!handle) {
        return handle.error();
    }
    const std::lock_guard lock(token.objects);
    token.resident_keys.emplace(resident_object(token.options, key.token.header).name, *handle);
    return done;
}

}  // namespace

Key::Key(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Key::~Key() = default;
const KeyNameBytes& Key::name() const noexcept {
    return state_->name;
}
ByteView Key::token() const noexcept {
    return state_->token_bytes;
}
std::string_view Key::spec() const noexcept {
    return state_->token.header.spec;
}
std::string_view Key::usage() const noexcept {
    return state_->token.header.usage;
}
ByteView Key::public_key() const noexcept {
    return state_->token.header.public_key;
}
Residency Key::residency() const noexcept {
    return state_->residency;
}

KeyNameBytes flat_name(const link::KeyName& name) noexcept {
    KeyNameBytes flat;
    std::ranges::copy(name.key_tag, flat.begin());
    std::ranges::copy(name.material, flat.begin() + name.key_tag.size());
    return flat;
}

Result<std::unique_ptr<Key>> read_key_token(ByteView bytes, Residency residency) {
    auto state = std::make_unique<Key::State>();
    state->token_bytes = to_bytes(bytes);
    const auto token = link::parse_key_token(state->token_bytes);
    if (!token) {
        return no_key_token("does not parse");
    }
    state->token = *token;
    state->kind = find_key_kind(token->header.spec, token->header.usage);
    if (state->kind == nullptr) {
        return no_key_token("of a kind of key that no version has known");
    }
    if (token->header.wrap_algorithm != link::kWrapRfc5649) {
        return no_key_token("wrapped with an algorithm that no version has known");
    }
    const link::KeyName name = link::key_name(token->header);
    state->residency = residency;
    state->name = flat_name(name);
    state->blob_header = link::blob_header(name, 12);
    state->check_input = check_input(token->header);
    return std::make_unique<Key>(std::move(state));
}

Result<CK_OBJECT_HANDLE> unwrap_material(Token::State& token, const Capabilities& capabilities,
                                         const Key::State& key, Residency residency) {
    if (capabilities.key_wrap == 0) {
        return Error(Errc::unsupported, "this module has no RFC 5649 key wrap");
    }
    const auto cwk = token.cwk(key.token.header.cluster_id, key.token.header.cwk_generation);
    if (!cwk) {
        return cwk.error();
    }
    Template attributes = loaded_template(*key.kind, capabilities, residency);
    if (key.kind->purpose == Purpose::identity) {
        attributes.text(CKA_LABEL, kIdentityLabel).bytes(CKA_ID, key.name);
    } else if (residency == Residency::token) {
        const ResidentObject object = resident_object(token.options, key.token.header);
        attributes.text(CKA_LABEL, object.label).bytes(CKA_ID, object.id);
    } else {
        attributes.text(CKA_LABEL, kKeyLabel);
    }
    CK_MECHANISM mechanism{capabilities.key_wrap, nullptr, 0};
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
    const ByteView wrapped = key.token.wrapped;
    const std::lock_guard lock(token.objects);
    const CK_RV rv = token.p11->C_UnwrapKey(token.keeper, &mechanism, *cwk, in_ptr(wrapped), wrapped.size(),
                                            attributes.data(), attributes.size(), &handle);
    if (rv != CKR_OK) {
        return call_failed("C_UnwrapKey", rv);
    }
    return handle;
}

Result<std::unique_ptr<Key>> Lane::load_key(ByteView key_token, Residency residency) {
    auto key = read_key_token(key_token, residency);
    if (!key) {
        return key.error();
    }
    Key::State& state = (*key)->state();
    if (state.kind->purpose == Purpose::identity) {
        return no_key_token("the cluster identity is no KMS key");
    }
    const auto handle = unwrap_material(token_.state(), token_.capabilities(), state, Residency::session);
    if (!handle) {
        return handle.error();
    }
    state.handle = *handle;
    const auto verified = verify(**key);
    if (!verified) {
        token_.state().p11->C_DestroyObject(session_, *handle);
        return verified.error();
    }
    if (residency == Residency::token) {
        const auto resident = make_resident(token_.state(), token_.capabilities(), state);
        if (!resident) {
            token_.state().p11->C_DestroyObject(session_, *handle);
            return resident.error();
        }
    }
    return key;
}

Status<> Lane::check_resident(Key& key, std::chrono::milliseconds interval) {
    Token::State& token = token_.state();
    const MonoTime now = token.clock.mono();
    if (now < key.state().resident_at + interval) {
        return done;
    }
    const std::lock_guard lock(token.objects);
    const auto known =
        token.resident_keys.find(resident_object(token.options, key.state().token.header).name);
    if (known != token.resident_keys.end()) {
        if (has_policy(token.p11, token.keeper, known->second)) {
            key.state().resident_at = now;
            return done;
        }
        token.resident_keys.erase(known);
    }
    return Error(Errc::key_fault, "its object is not on the token");
}

Status<> Lane::destroy_key(Key& key, Reach reach) {
    Token::State& token = token_.state();
    const std::lock_guard lock(token.objects);
    CK_RV rv = CKR_OK;
    const auto destroy = [&](CK_OBJECT_HANDLE object) {
        const CK_RV result = token.p11->C_DestroyObject(session_, object);
        if (result != CKR_OK && classify(result).scope != FaultScope::key) {
            rv = result;  // an object that is gone already is what was asked for
        }
    };
    if (key.state().handle != CK_INVALID_HANDLE) {
        destroy(key.state().handle);
        key.state().handle = CK_INVALID_HANDLE;
    }
    if (reach == Reach::everywhere) {
        const ResidentObject object = resident_object(token.options, key.state().token.header);
        Template wanted;
        wanted.yes(CKA_TOKEN).text(CKA_LABEL, object.label).bytes(CKA_ID, object.id);
        const auto found = find_objects(token.p11, session_, wanted);
        if (!found) {
            return found.error();
        }
        std::ranges::for_each(*found, destroy);
        token.resident_keys.erase(object.name);
    }
    return rv == CKR_OK ? Status<>(done) : call_failed("C_DestroyObject", rv);
}

Status<> Lane::destroy_resident(const KeyNameBytes& name) {
    Token::State& token = token_.state();
    const std::lock_guard lock(token.objects);
    auto known = token.resident_keys.find(name);
    if (known == token.resident_keys.end()) {
        KeyNameBytes without_material = name;
        std::ranges::fill(std::span(without_material).subspan(name.size() / 2), std::byte{0});
        known = token.resident_keys.find(without_material);
    }
    if (known == token.resident_keys.end()) {
        return done;
    }
    const CK_RV rv = token.p11->C_DestroyObject(session_, known->second);
    token.resident_keys.erase(known);
    return rv == CKR_OK || classify(rv).scope == FaultScope::key ? Status<>(done)
                                                                 : call_failed("C_DestroyObject", rv);
}

}  // namespace claviger::hsm
