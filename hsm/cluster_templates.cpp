#include "hsm/cluster_templates.hpp"

#include <claviger/base/digest.hpp>

#include "hsm/state.hpp"

namespace claviger::hsm {
namespace {

void add_life(Template& to, ObjectLife life) {
    switch (life) {
        case ObjectLife::session: to.no(CKA_TOKEN); break;
        case ObjectLife::token: to.yes(CKA_TOKEN); break;
    }
}

}  // namespace

Template cwk_flat(const Capabilities& capabilities, Membership membership, ObjectLife life) {
    Template out;
    out.number(CKA_CLASS, CKO_SECRET_KEY).number(CKA_KEY_TYPE, CKK_AES);
    add_life(out, life);
    out.yes(CKA_PRIVATE).yes(CKA_SENSITIVE);
    switch (membership) {
        case Membership::open: out.yes(CKA_EXTRACTABLE); break;
        case Membership::sealed: out.no(CKA_EXTRACTABLE); break;
    }
    out.yes(CKA_WRAP_WITH_TRUSTED).no(CKA_COPYABLE);
    out.yes(CKA_WRAP).yes(CKA_UNWRAP);
    out.no(CKA_ENCRYPT).no(CKA_DECRYPT).no(CKA_SIGN).no(CKA_VERIFY).no(CKA_DERIVE);
    out.mechanisms({capabilities.key_wrap});
    return out;
}

Template cwk_unwrap_template() {
    Template out;
    out.yes(CKA_PRIVATE).yes(CKA_SENSITIVE).no(CKA_EXTRACTABLE);
    return out;
}

Template cwk_template(const Capabilities& capabilities, Membership membership, const CwkId& id) {
    Template out = cwk_flat(capabilities, membership, ObjectLife::token);
    out.nested(CKA_UNWRAP_TEMPLATE, cwk_unwrap_template());
    out.text(CKA_LABEL, kCwkLabel).text(CKA_ID, cwk_object_id(id));
    return out;
}

Template transport_private(const Capabilities& capabilities, Membership membership, ObjectLife life,
                           std::string_view label) {
    Template out;
    add_life(out, life);
    out.yes(CKA_PRIVATE).yes(CKA_SENSITIVE).no(CKA_EXTRACTABLE).no(CKA_COPYABLE).no(CKA_MODIFIABLE);
    out.yes(CKA_UNWRAP);
    out.no(CKA_DECRYPT).no(CKA_SIGN).no(CKA_SIGN_RECOVER).no(CKA_DERIVE);
    out.mechanisms({CKM_RSA_PKCS_OAEP});
    out.nested(CKA_UNWRAP_TEMPLATE, cwk_flat(capabilities, membership, life));
    out.text(CKA_LABEL, label);
    return out;
}

Template transport_public() {
    constexpr std::array kExponent{std::byte{1}, std::byte{0}, std::byte{1}};  // 65537
    Template out;
    out.no(CKA_TOKEN).no(CKA_PRIVATE).yes(CKA_WRAP).no(CKA_ENCRYPT).no(CKA_VERIFY);
    out.number(CKA_MODULUS_BITS, kTransportBits).bytes(CKA_PUBLIC_EXPONENT, kExponent);
    return out;
}

Template trusted_public(const TrustedKey& key) {
    Template out;
    out.number(CKA_CLASS, CKO_PUBLIC_KEY).number(CKA_KEY_TYPE, CKK_RSA);
    out.yes(CKA_TOKEN).no(CKA_PRIVATE);
    out.bytes(CKA_MODULUS, key.modulus).bytes(CKA_PUBLIC_EXPONENT, key.exponent);
    out.yes(CKA_WRAP).no(CKA_ENCRYPT).no(CKA_VERIFY).no(CKA_VERIFY_RECOVER).no(CKA_DERIVE);
    out.yes(CKA_TRUSTED).no(CKA_MODIFIABLE);
    out.text(CKA_LABEL, key.label).bytes(CKA_ID, sha256(key.modulus));
    return out;
}

Template certificate_template(std::string_view label, ByteView der, ByteView subject, ByteView issuer,
                              ByteView serial) {
    Template out;
    out.number(CKA_CLASS, CKO_CERTIFICATE).number(CKA_CERTIFICATE_TYPE, CKC_X_509);
    out.yes(CKA_TOKEN).no(CKA_PRIVATE);
    out.text(CKA_LABEL, std::string(kCertificateLabel) + std::string(label));
    out.bytes(CKA_SUBJECT, subject).bytes(CKA_ISSUER, issuer).bytes(CKA_SERIAL_NUMBER, serial);
    out.bytes(CKA_VALUE, der);
    return out;
}

}  // namespace claviger::hsm
