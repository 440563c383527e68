// The cluster's identity key, its certificate request, and certificate objects.
#include <openssl/x509.h>

#include <claviger/base/public_key.hpp>
#include <claviger/hsm/cluster_keys.hpp>

#include "hsm/check_value.hpp"
#include "hsm/cluster_templates.hpp"
#include "hsm/handles.hpp"
#include "hsm/key_create.hpp"
#include "hsm/state.hpp"

namespace claviger::hsm {
namespace {

template <auto Free>
struct Deleter {
    template <class T>
    void operator()(T* object) const noexcept {
        Free(object);
    }
};
using Request = std::unique_ptr<X509_REQ, Deleter<X509_REQ_free>>;
using X509Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Algorithm = std::unique_ptr<X509_ALGOR, Deleter<X509_ALGOR_free>>;
using BitString = std::unique_ptr<ASN1_BIT_STRING, Deleter<ASN1_BIT_STRING_free>>;

// DER by an i2d function that allocates.
template <class F>
Bytes to_der(F&& encode) {
    unsigned char* der = nullptr;
    const int size = encode(&der);
    Bytes out;
    if (size > 0) {
        out = to_bytes({reinterpret_cast<const std::byte*>(der), static_cast<std::size_t>(size)});
    }
    OPENSSL_free(der);
    return out;
}

bool add_name(X509_NAME* to, const char* field, const std::string& value) {
    return value.empty() || X509_NAME_add_entry_by_txt(to, field, MBSTRING_UTF8,
                                                       reinterpret_cast<const unsigned char*>(value.data()),
                                                       static_cast<int>(value.size()), -1, 0) == 1;
}

Error no_identity() {
    return Error(Errc::not_found, "this token has no cluster identity key");
}

Result<CK_OBJECT_HANDLE> identity_handle(Token::State& token) {
    const std::lock_guard lock(token.objects);
    if (token.identity == CK_INVALID_HANDLE) {
        return no_identity();
    }
    return token.identity;
}

Status<> destroy_identities(Token::State& token) {
    const std::lock_guard lock(token.objects);
    token.identity = CK_INVALID_HANDLE;
    Template wanted;
    wanted.number(CKA_CLASS, CKO_PRIVATE_KEY).yes(CKA_TOKEN).text(CKA_LABEL, kIdentityLabel);
    const auto found = find_objects(token.p11, token.keeper, wanted);
    if (!found) {
        return found.error();
    }
    for (const CK_OBJECT_HANDLE object : *found) {
        const CK_RV rv = token.p11->C_DestroyObject(token.keeper, object);
        if (rv != CKR_OK) {
            return call_failed("C_DestroyObject", rv);
        }
    }
    return done;
}

Status<> verify_identity(Lane& lane, const Key::State& key, CK_OBJECT_HANDLE handle) {
    return verify_check_value(lane, {.kind = *key.kind,
                                     .handle = handle,
                                     .input = key.check_input,
                                     .value = {},
                                     .public_key = key.token.header.public_key});
}

Result<PublicKey> identity_public_key(Token::State& token, CK_OBJECT_HANDLE identity) {
    const std::lock_guard lock(token.objects);
    const auto read = [&](CK_ATTRIBUTE_TYPE type) {
        return read_attribute(token.p11, token.keeper, identity, type).value_or(Bytes{});
    };
    return rsa_public_key({.modulus = read(CKA_MODULUS), .exponent = read(CKA_PUBLIC_EXPONENT)});
}

}  // namespace

Result<IdentityKey> create_identity(Lane& lane, const CwkId& cwk) {
    const KeyKindRow& kind = *find_key_kind(kIdentitySpec, kIdentityUsage);
    KeyIdentity identity{.account = "000000000000",
                         .key_id = "claviger-cluster-identity",
                         .spec = kind.spec,
                         .usage = kind.usage,
                         .origin = "CLAVIGER"};
    SystemRandom().fill(identity.material_id);
    auto made = generate_key(lane, {.cwk = cwk, .kind = kind, .identity = identity});
    if (!made) {
        return made.error();
    }
    return IdentityKey{std::move(made->token), std::move(made->public_key)};
}

Status<> install_identity(Lane& lane, ByteView key_token) {
    const auto key = read_key_token(key_token, Residency::token);
    if (!key) {
        return key.error();
    }
    Token::State& token = lane.token().state();
    const Key::State& state = (*key)->state();
    if (state.kind->purpose != Purpose::identity) {
        return Error(Errc::data_invalid, "key token: not a cluster identity");
    }
    const auto present = identity_handle(token);
    if (present && verify_identity(lane, state, *present)) {
        return done;
    }
    const auto cleared = destroy_identities(token);
    if (!cleared) {
        return cleared.error();
    }
    const auto handle = unwrap_material(token, lane.token().capabilities(), state, Residency::token);
    if (!handle) {
        return handle.error();
    }
    const auto verified = verify_identity(lane, state, *handle);
    const std::lock_guard lock(token.objects);
    if (!verified) {
        token.p11->C_DestroyObject(token.keeper, *handle);
        return verified.error();
    }
    token.identity = *handle;
    return done;
}

Result<bool> has_identity(Lane& lane) {
    return identity_handle(lane.token().state()).has_value();
}

Result<Bytes> identity_sign(Lane& lane, ByteView message) {
    Token::State& token = lane.token().state();
    const auto identity = identity_handle(token);
    if (!identity) {
        return identity.error();
    }
    const CK_MECHANISM mechanism{CKM_SHA256_RSA_PKCS, nullptr, 0};
    auto signature = sign(token.p11, lane.session(), mechanism, *identity, message);
    if (!signature && classify(signature.error().ckr).scope == FaultScope::session && lane.renew_session()) {
        signature = sign(token.p11, lane.session(), mechanism, *identity, message);
    }
    return signature;
}

Result<Bytes> identity_csr(Lane& lane, const CsrSubject& subject) {
    Token::State& token = lane.token().state();
    const auto identity = identity_handle(token);
    if (!identity) {
        return identity.error();
    }
    const auto public_key = identity_public_key(token, *identity);
    if (!public_key) {
        return public_key.error();
    }
    const auto failed = [](std::string_view step) {
        return Error(Errc::internal, "certificate request: " + std::string(step));
    };
    const Request request(X509_REQ_new());
    const Algorithm algorithm(X509_ALGOR_new());
    BitString signature_bits(ASN1_BIT_STRING_new());
    if (!request || !algorithm || !signature_bits) {
        return failed("no memory");
    }
    X509_NAME* name = X509_REQ_get_subject_name(request.get());
    if (X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) != 1 ||
        !add_name(name, "O", subject.organization) || !add_name(name, "OU", subject.organizational_unit) ||
        !add_name(name, "CN", subject.common_name) ||
        X509_REQ_set_pubkey(request.get(), public_key->get()) != 1 ||
        X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(NID_sha256WithRSAEncryption), V_ASN1_NULL, nullptr) !=
            1 ||
        X509_REQ_set1_signature_algo(request.get(), algorithm.get()) != 1) {
        return failed("the subject cannot be encoded");
    }
    const Bytes to_sign =
        to_der([&](unsigned char** out) { return i2d_re_X509_REQ_tbs(request.get(), out); });
    const auto signature = identity_sign(lane, to_sign);
    if (!signature) {
        return signature.error();
    }
    // A BIT STRING of whole bytes (X.690 section 8.6.2): no unused bits.
    signature_bits->flags &= ~(ASN1_STRING_FLAG_BITS_LEFT | 0x07);
    signature_bits->flags |= ASN1_STRING_FLAG_BITS_LEFT;
    if (ASN1_BIT_STRING_set(signature_bits.get(), const_cast<unsigned char*>(as_uchar(*signature)),
                            static_cast<int>(signature->size())) != 1) {
        return failed("no memory");
    }
    X509_REQ_set0_signature(request.get(), signature_bits.release());
    if (X509_REQ_verify(request.get(), public_key->get()) != 1) {
        return Error(Errc::hsm_fault, "certificate request: the token's signature does not verify");
    }
    return to_der([&](unsigned char** out) { return i2d_X509_REQ(request.get(), out); });
}

Status<> install_certificate(Lane& lane, std::string_view label, ByteView der) {
    const unsigned char* at = as_uchar(der);
    const X509Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    if (!certificate || at != as_uchar(der) + der.size()) {
        return Error(Errc::data_invalid, "not an X.509 certificate in DER");
    }
    const Bytes subject = to_der(
        [&](unsigned char** out) { return i2d_X509_NAME(X509_get_subject_name(certificate.get()), out); });
    const Bytes issuer = to_der(
        [&](unsigned char** out) { return i2d_X509_NAME(X509_get_issuer_name(certificate.get()), out); });
    const Bytes serial = to_der([&](unsigned char** out) {
        return i2d_ASN1_INTEGER(X509_get0_serialNumber(certificate.get()), out);
    });
    Template attributes = certificate_template(label, der, subject, issuer, serial);
    Template old;
    old.number(CKA_CLASS, CKO_CERTIFICATE).yes(CKA_TOKEN);
    old.text(CKA_LABEL, std::string(kCertificateLabel) + std::string(label));
    Token::State& token = lane.token().state();
    const std::lock_guard lock(token.objects);
    const auto replaced = find_objects(token.p11, token.keeper, old);
    if (!replaced) {
        return replaced.error();
    }
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
    CK_RV rv = token.p11->C_CreateObject(token.keeper, attributes.data(), attributes.size(), &handle);
    if (rv != CKR_OK) {
        return call_failed("C_CreateObject", rv);
    }
    for (const CK_OBJECT_HANDLE object : *replaced) {
        rv = token.p11->C_DestroyObject(token.keeper, object);
        if (rv != CKR_OK) {
            return call_failed("C_DestroyObject", rv);
        }
    }
    return done;
}

}  // namespace claviger::hsm
