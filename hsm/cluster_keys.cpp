#include <claviger/base/public_key.hpp>
#include <claviger/hsm/cluster_keys.hpp>

#include <algorithm>

#include "hsm/capabilities.hpp"
#include "hsm/cluster_templates.hpp"
#include "hsm/handles.hpp"
#include "hsm/key_create.hpp"
#include "hsm/state.hpp"

namespace claviger::hsm {
namespace {

bool holds(const Token::State& token, const CwkId& id) {
    return std::ranges::any_of(token.cwks, [&](const CwkEntry& entry) { return entry.id == id; });
}

Error exists_already(const CwkId& id) {
    return Error(Errc::conflict, "wrapping key " + cwk_object_id(id) + " is on this token already");
}

// The trusted public key of this modulus. Requires the object mutex.
Result<CK_OBJECT_HANDLE> find_trusted(const Token::State& token, ByteView recipient) {
    const auto key = parse_public_key(recipient);
    if (!key) {
        return key.error();
    }
    const auto parts = rsa_parts(*key);
    if (!parts) {
        return parts.error();
    }
    Template wanted;
    wanted.number(CKA_CLASS, CKO_PUBLIC_KEY).yes(CKA_TOKEN).bytes(CKA_MODULUS, parts->modulus);
    const auto found = find_objects(token.p11, token.keeper, wanted);
    if (!found) {
        return found.error();
    }
    for (const CK_OBJECT_HANDLE object : *found) {
        if (read_flag(token.p11, token.keeper, object, CKA_TRUSTED) == true &&
            read_flag(token.p11, token.keeper, object, CKA_WRAP) == true) {
            return object;
        }
    }
    return Error(Errc::not_found, "no officer has installed this public key as trusted");
}

Result<std::vector<CK_OBJECT_HANDLE>> find_private(const Token::State& token, std::string_view label) {
    Template wanted;
    wanted.number(CKA_CLASS, CKO_PRIVATE_KEY).yes(CKA_TOKEN).text(CKA_LABEL, label);
    return find_objects(token.p11, token.keeper, wanted);
}

Status<> destroy_all(const Token::State& token, const std::vector<CK_OBJECT_HANDLE>& objects) {
    for (const CK_OBJECT_HANDLE object : objects) {
        const CK_RV rv = token.p11->C_DestroyObject(token.keeper, object);
        if (rv != CKR_OK) {
            return call_failed("C_DestroyObject", rv);
        }
    }
    return done;
}

struct PairCall {
    Membership membership;
    std::string_view label;
};

Result<Bytes> make_pair(Lane& lane, const PairCall& call) {
    Token::State& token = lane.token().state();
    if (lane.token().capabilities().oaep_hash == 0) {
        return Error(Errc::unsupported, "this module has no RSA-OAEP");
    }
    Template public_part = transport_public();
    Template private_part =
        transport_private(lane.token().capabilities(), call.membership, ObjectLife::token, call.label);
    CK_MECHANISM mechanism{CKM_RSA_PKCS_KEY_PAIR_GEN, nullptr, 0};
    CK_OBJECT_HANDLE public_handle = CK_INVALID_HANDLE;
    CK_OBJECT_HANDLE private_handle = CK_INVALID_HANDLE;
    // Through the generation, too: it makes token objects, and a search beside it fails it (Token::State). A
    // token that makes such a pair joins a cluster or is a vault: no request waits behind it.
    const std::lock_guard lock(token.objects);
    const auto old = find_private(token, call.label);
    if (!old) {
        return old.error();
    }
    if (!old->empty()) {
        return Error(Errc::conflict, "there is a key " + std::string(call.label) + " on this token already");
    }
    const CK_RV rv = token.p11->C_GenerateKeyPair(lane.session(), &mechanism, public_part.data(),
                                                  public_part.size(), private_part.data(),
                                                  private_part.size(), &public_handle, &private_handle);
    if (rv != CKR_OK) {
        return call_failed("C_GenerateKeyPair", rv);
    }
    const TemporaryObject public_object(token.p11, lane.session(), public_handle);
    const auto read = [&](CK_ATTRIBUTE_TYPE type) {
        return read_attribute(token.p11, lane.session(), public_handle, type).value_or(Bytes{});
    };
    const auto key = rsa_public_key({.modulus = read(CKA_MODULUS), .exponent = read(CKA_PUBLIC_EXPONENT)});
    if (!key) {
        token.p11->C_DestroyObject(lane.session(), private_handle);
        return Error(Errc::hsm_fault, "generated pair: " + key.error().detail);
    }
    return to_spki(*key);
}

}  // namespace

Status<> generate_cwk(Lane& lane, const CwkId& id) {
    Token::State& token = lane.token().state();
    const Capabilities& capabilities = lane.token().capabilities();
    if (capabilities.key_wrap == 0) {
        return Error(Errc::unsupported, "this module has no RFC 5649 key wrap");
    }
    Template attributes = cwk_template(capabilities, Membership::open, id);
    attributes.number(CKA_VALUE_LEN, 32);
    CK_MECHANISM mechanism{CKM_AES_KEY_GEN, nullptr, 0};
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
    const std::lock_guard lock(token.objects);
    if (holds(token, id)) {
        return exists_already(id);
    }
    const CK_RV rv =
        token.p11->C_GenerateKey(token.keeper, &mechanism, attributes.data(), attributes.size(), &handle);
    if (rv != CKR_OK) {
        return call_failed("C_GenerateKey", rv);
    }
    token.cwks.push_back({id, handle});
    return done;
}

Result<Bytes> wrap_cwk(Lane& lane, const CwkId& id, ByteView recipient) {
    Token::State& token = lane.token().state();
    const auto cwk = token.cwk(id.cluster_id, id.generation);
    if (!cwk) {
        return cwk.error();
    }
    OaepParams oaep(lane.token().capabilities().oaep_hash);
    const std::lock_guard lock(token.objects);
    const auto trusted = find_trusted(token, recipient);
    if (!trusted) {
        return trusted.error();
    }
    return wrap_key(token.p11, token.keeper, {oaep.mechanism(), *trusted, *cwk});
}

Status<> accept_cwk(Lane& lane, const CwkId& id, PrivateHalf with, Membership membership, ByteView wrapped) {
    Token::State& token = lane.token().state();
    const Capabilities& capabilities = lane.token().capabilities();
    const std::lock_guard lock(token.objects);
    if (holds(token, id)) {
        return exists_already(id);
    }
    const auto halves =
        find_private(token, with == PrivateHalf::transport ? kTransportLabel : kRecoveryLabel);
    if (!halves) {
        return halves.error();
    }
    if (halves->size() != 1) {
        return Error(Errc::not_found, "this token has no key that opens a wrapping key");
    }
    CK_RV rv = CKR_GENERAL_ERROR;
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
    for (const unsigned long hash : {CKM_SHA256, CKM_SHA_1}) {
        if (hash > capabilities.oaep_hash && capabilities.oaep_hash != CKM_SHA256) {
            continue;
        }
        OaepParams oaep(hash);
        CK_MECHANISM mechanism = oaep.mechanism();
        Template attributes = cwk_template(capabilities, membership, id);
        rv = token.p11->C_UnwrapKey(token.keeper, &mechanism, halves->front(), in_ptr(wrapped),
                                    wrapped.size(), attributes.data(), attributes.size(), &handle);
        if (rv == CKR_OK) {
            token.cwks.push_back({id, handle});
            return done;
        }
    }
    return call_failed("C_UnwrapKey", rv);
}

Result<bool> seal_cwk(Lane& lane, const CwkId& id) {
    Token::State& token = lane.token().state();
    const auto cwk = token.cwk(id.cluster_id, id.generation);
    if (!cwk) {
        return cwk.error();
    }
    const std::lock_guard lock(token.objects);
    if (read_flag(token.p11, token.keeper, *cwk, CKA_EXTRACTABLE) == false) {
        return false;
    }
    Template change;
    change.no(CKA_EXTRACTABLE);
    const CK_RV rv = token.p11->C_SetAttributeValue(token.keeper, *cwk, change.data(), change.size());
    if (rv != CKR_OK) {
        return call_failed("C_SetAttributeValue", rv);
    }
    if (read_flag(token.p11, token.keeper, *cwk, CKA_EXTRACTABLE) != false) {
        return Error(Errc::unsupported, "this module does not make a key non-extractable");
    }
    return true;
}

Status<> destroy_cwk(Lane& lane, const CwkId& id) {
    Token::State& token = lane.token().state();
    const auto cwk = token.cwk(id.cluster_id, id.generation);
    if (!cwk) {
        return cwk.error();
    }
    const std::lock_guard lock(token.objects);
    std::erase_if(token.cwks, [&](const CwkEntry& entry) { return entry.id == id; });
    return destroy_all(token, {*cwk});
}

Result<Bytes> create_check_token(Lane& lane, const CwkId& id) {
    KeyIdentity identity{.account = "000000000000",
                         .key_id = "claviger-check-token",
                         .spec = "SYMMETRIC_DEFAULT",
                         .usage = "ENCRYPT_DECRYPT",
                         .origin = "CLAVIGER"};
    SystemRandom().fill(identity.material_id);
    auto made = lane.create_key(id, identity);
    if (!made) {
        return made.error();
    }
    return std::move(made->token);
}

Result<Bytes> make_transport(Lane& lane, Membership membership) {
    return make_pair(lane, {.membership = membership, .label = kTransportLabel});
}

Result<Bytes> make_recovery_pair(Lane& lane) {
    return make_pair(lane, {.membership = Membership::open, .label = kRecoveryLabel});
}

Result<bool> has_transport(Lane& lane) {
    Token::State& token = lane.token().state();
    const std::lock_guard lock(token.objects);
    const auto found = find_private(token, kTransportLabel);
    if (!found) {
        return found.error();
    }
    return !found->empty();
}

Status<> drop_transport(Lane& lane) {
    Token::State& token = lane.token().state();
    const std::lock_guard lock(token.objects);
    const auto private_halves = find_private(token, kTransportLabel);
    if (!private_halves) {
        return private_halves.error();
    }
    Template wanted;
    wanted.number(CKA_CLASS, CKO_PUBLIC_KEY).yes(CKA_TOKEN).text(CKA_LABEL, kTrustedTransportLabel);
    const auto public_halves = find_objects(token.p11, token.keeper, wanted);
    if (!public_halves) {
        return public_halves.error();
    }
    const auto first = destroy_all(token, *private_halves);
    const auto second = destroy_all(token, *public_halves);
    return first ? second : first;
}

Result<bool> has_trusted(Lane& lane, ByteView public_key) {
    Token::State& token = lane.token().state();
    const std::lock_guard lock(token.objects);
    const auto found = find_trusted(token, public_key);
    if (!found && found.error().code != Errc::not_found) {
        return found.error();
    }
    return found.has_value();
}

Result<std::size_t> wipe_user_objects(Lane& lane) {
    Token::State& token = lane.token().state();
    const std::lock_guard lock(token.objects);
    token.cwks.clear();
    token.resident_keys.clear();
    token.identity = CK_INVALID_HANDLE;
    const auto ours = [&]() -> Result<std::vector<CK_OBJECT_HANDLE>> {
        Template wanted;
        wanted.yes(CKA_TOKEN);
        auto found = find_objects(token.p11, token.keeper, wanted);
        if (found) {
            std::erase_if(*found, [&](CK_OBJECT_HANDLE object) {
                const auto label = read_attribute(token.p11, token.keeper, object, CKA_LABEL);
                return !label || !is_our_label(token.options, as_text(*label));
            });
        }
        return found;
    };
    const auto before = ours();
    if (!before) {
        return before.error();
    }
    const auto destroyed = destroy_all(token, *before);
    if (!destroyed) {
        return destroyed.error();
    }
    const auto after = ours();
    if (!after) {
        return after.error();
    }
    if (!after->empty()) {
        return Error(Errc::hsm_fault,
                     std::to_string(after->size()) + " objects are still there after wiping");
    }
    return before->size();
}

}  // namespace claviger::hsm
