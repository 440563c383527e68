#include "hsm/key_create.hpp"

#include <claviger/base/public_key.hpp>

#include "hsm/check_value.hpp"
#include "hsm/handles.hpp"
#include "hsm/state.hpp"

namespace claviger::hsm {
namespace {

Result<CK_OBJECT_HANDLE> generate_secret(Lane& lane, const KeyKindRow& kind) {
    Template attributes = generated_template(kind, lane.token().capabilities());
    CK_MECHANISM mechanism{kind.family == Family::aes ? CKM_AES_KEY_GEN : CKM_GENERIC_SECRET_KEY_GEN, nullptr,
                           0};
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
    const CK_RV rv = lane.token().state().p11->C_GenerateKey(lane.session(), &mechanism, attributes.data(),
                                                             attributes.size(), &handle);
    if (rv != CKR_OK) {
        return call_failed("C_GenerateKey", rv);
    }
    return handle;
}

Result<Bytes> read_public_key(Lane& lane, const KeyKindRow& kind, CK_OBJECT_HANDLE object) {
    const Functions& p11 = lane.token().state().p11;
    const auto read = [&](CK_ATTRIBUTE_TYPE type) {
        return read_attribute(p11, lane.session(), object, type).value_or(Bytes{});
    };
    const auto key =
        kind.family == Family::rsa
            ? rsa_public_key({.modulus = read(CKA_MODULUS), .exponent = read(CKA_PUBLIC_EXPONENT)})
            : ec_public_key(kind.curve, read(CKA_EC_POINT));
    if (!key) {
        return Error(Errc::hsm_fault, "generated pair: " + key.error().detail);
    }
    return to_spki(*key);
}

Result<GeneratedPair> generate(Lane& lane, const KeyKindRow& kind) {
    if (kind.family == Family::rsa || kind.family == Family::ec) {
        return generate_key_pair(lane, kind, generated_template(kind, lane.token().capabilities()));
    }
    const auto handle = generate_secret(lane, kind);
    if (!handle) {
        return handle.error();
    }
    return GeneratedPair{*handle, {}};
}

}  // namespace

Result<GeneratedPair> generate_key_pair(Lane& lane, const KeyKindRow& kind, Template private_part) {
    const Functions& p11 = lane.token().state().p11;
    Template public_part = generated_public_template(kind);
    CK_MECHANISM mechanism{kind.family == Family::rsa ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN,
                           nullptr, 0};
    CK_OBJECT_HANDLE public_handle = CK_INVALID_HANDLE;
    CK_OBJECT_HANDLE private_handle = CK_INVALID_HANDLE;
    const CK_RV rv =
        p11->C_GenerateKeyPair(lane.session(), &mechanism, public_part.data(), public_part.size(),
                               private_part.data(), private_part.size(), &public_handle, &private_handle);
    if (rv != CKR_OK) {
        return call_failed("C_GenerateKeyPair", rv);
    }
    const TemporaryObject public_object(p11, lane.session(), public_handle);
    auto public_key = read_public_key(lane, kind, public_handle);
    if (!public_key) {
        p11->C_DestroyObject(lane.session(), private_handle);
        return public_key.error();
    }
    return GeneratedPair{private_handle, std::move(*public_key)};
}

Result<NewKey> seal_key(Lane& lane, const GenerateCall& call, CK_OBJECT_HANDLE material, Bytes public_key) {
    const Capabilities& capabilities = lane.token().capabilities();
    Token::State& token = lane.token().state();
    const auto cwk = token.cwk(call.cwk.cluster_id, call.cwk.generation);
    if (!cwk) {
        return cwk.error();
    }
    link::KeyToken key_token;
    link::KeyTokenHeader& header = key_token.header;
    header.cluster_id = call.cwk.cluster_id;
    header.cwk_generation = call.cwk.generation;
    header.wrap_algorithm = link::kWrapRfc5649;
    header.account = call.identity.account;
    header.key_id = call.identity.key_id;
    header.material_id = call.identity.material_id;
    header.origin = call.identity.origin;
    header.spec = call.identity.spec;
    header.usage = call.identity.usage;
    header.public_key = public_key;
    const auto check = make_check_value(lane, call.kind, material, check_input(header));
    if (!check) {
        return check.error();
    }
    header.check_value = *check;
    const auto wrapped =
        wrap_key(token.p11, lane.session(), {{capabilities.key_wrap, nullptr, 0}, *cwk, material});
    if (!wrapped) {
        return wrapped.error();
    }
    key_token.wrapped = *wrapped;
    auto encoded = link::encode_key_token(key_token);
    if (!encoded) {
        return Error(Errc::protocol_error, "the new key's identity has no valid form");
    }
    return NewKey{std::move(*encoded), std::move(public_key)};
}

Result<NewKey> generate_key(Lane& lane, const GenerateCall& call) {
    if (lane.token().capabilities().key_wrap == 0) {
        return Error(Errc::unsupported, "this module has no RFC 5649 key wrap");
    }
    Token::State& token = lane.token().state();
    if (const auto cwk = token.cwk(call.cwk.cluster_id, call.cwk.generation); !cwk) {
        return cwk.error();
    }
    auto pair = generate(lane, call.kind);
    if (!pair) {
        return pair.error();
    }
    const TemporaryObject material(token.p11, lane.session(), pair->private_key);
    return seal_key(lane, call, material.get(), std::move(pair->public_key));
}

Result<NewKey> Lane::create_key(const CwkId& cwk, const KeyIdentity& identity) {
    const KeyKindRow* kind = is_known_key_kind(identity.spec, identity.usage)
                                 ? find_key_kind(identity.spec, identity.usage)
                                 : nullptr;
    if (kind == nullptr) {
        return Error(Errc::unsupported, "no key of this spec and usage can be made");
    }
    auto made = generate_key(*this, {.cwk = cwk, .kind = *kind, .identity = identity});
    if (!made && classify(made.error().ckr).scope == FaultScope::session && renew_session()) {
        made = generate_key(*this, {.cwk = cwk, .kind = *kind, .identity = identity});
    }
    return made;
}

}  // namespace claviger::hsm
