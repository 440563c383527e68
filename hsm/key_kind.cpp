#include "hsm/key_kind.hpp"

#include <algorithm>
#include <array>

#include <claviger/hsm/key.hpp>

#include "hsm/link/key_token.hpp"

namespace claviger::hsm {
namespace {

using namespace std::string_view_literals;

constexpr auto kP256 = "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"sv;
constexpr auto kP384 = "\x06\x05\x2b\x81\x04\x00\x22"sv;
constexpr auto kP521 = "\x06\x05\x2b\x81\x04\x00\x23"sv;
constexpr auto kK256 = "\x06\x05\x2b\x81\x04\x00\x0a"sv;

constexpr std::array kKinds{
    KeyKindRow{"SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", Family::aes, Purpose::encrypt, 32, 0, {}, {}},
    KeyKindRow{"HMAC_224", "GENERATE_VERIFY_MAC", Family::hmac, Purpose::mac, 28, CKM_SHA224_HMAC, {}, {}},
    KeyKindRow{"HMAC_256", "GENERATE_VERIFY_MAC", Family::hmac, Purpose::mac, 32, CKM_SHA256_HMAC, {}, {}},
    KeyKindRow{"HMAC_384", "GENERATE_VERIFY_MAC", Family::hmac, Purpose::mac, 48, CKM_SHA384_HMAC, {}, {}},
    KeyKindRow{"HMAC_512", "GENERATE_VERIFY_MAC", Family::hmac, Purpose::mac, 64, CKM_SHA512_HMAC, {}, {}},
    KeyKindRow{"RSA_2048", "ENCRYPT_DECRYPT", Family::rsa, Purpose::encrypt, 2048, 0, {}, {}},
    KeyKindRow{"RSA_3072", "ENCRYPT_DECRYPT", Family::rsa, Purpose::encrypt, 3072, 0, {}, {}},
    KeyKindRow{"RSA_4096", "ENCRYPT_DECRYPT", Family::rsa, Purpose::encrypt, 4096, 0, {}, {}},
    KeyKindRow{"RSA_2048", "SIGN_VERIFY", Family::rsa, Purpose::sign, 2048, 0, {}, {}},
    KeyKindRow{"RSA_3072", "SIGN_VERIFY", Family::rsa, Purpose::sign, 3072, 0, {}, {}},
    KeyKindRow{"RSA_4096", "SIGN_VERIFY", Family::rsa, Purpose::sign, 4096, 0, {}, {}},
    KeyKindRow{"ECC_NIST_P256", "SIGN_VERIFY", Family::ec, Purpose::sign, 32, 0, "prime256v1", kP256},
    KeyKindRow{"ECC_NIST_P384", "SIGN_VERIFY", Family::ec, Purpose::sign, 48, 0, "secp384r1", kP384},
    KeyKindRow{"ECC_NIST_P521", "SIGN_VERIFY", Family::ec, Purpose::sign, 66, 0, "secp521r1", kP521},
    KeyKindRow{"ECC_SECG_P256K1", "SIGN_VERIFY", Family::ec, Purpose::sign, 32, 0, "secp256k1", kK256},
    KeyKindRow{"ECC_NIST_P256", "KEY_AGREEMENT", Family::ec, Purpose::agree, 32, 0, "prime256v1", kP256},
    KeyKindRow{"ECC_NIST_P384", "KEY_AGREEMENT", Family::ec, Purpose::agree, 48, 0, "secp384r1", kP384},
    KeyKindRow{"ECC_NIST_P521", "KEY_AGREEMENT", Family::ec, Purpose::agree, 66, 0, "secp521r1", kP521},
    KeyKindRow{"RSA_2048", link::kImportUsage, Family::rsa, Purpose::import, 2048, 0, {}, {}},
    KeyKindRow{"RSA_3072", link::kImportUsage, Family::rsa, Purpose::import, 3072, 0, {}, {}},
    KeyKindRow{"RSA_4096", link::kImportUsage, Family::rsa, Purpose::import, 4096, 0, {}, {}},
    KeyKindRow{kIdentitySpec, kIdentityUsage, Family::rsa, Purpose::identity, 2048, 0, {}, {}},
};

CK_KEY_TYPE key_type(Family family) {
    switch (family) {
        case Family::aes: return CKK_AES;
        case Family::hmac: return CKK_GENERIC_SECRET;  // SoftHSM knows no typed HMAC keys
        case Family::rsa: return CKK_RSA;
        case Family::ec: return CKK_EC;
    }
    return CKK_VENDOR_DEFINED;
}

bool is_secret(Family family) {
    return family == Family::aes || family == Family::hmac;
}

void add_class(Template& to, const KeyKindRow& kind) {
    to.number(CKA_CLASS, is_secret(kind.family) ? CKO_SECRET_KEY : CKO_PRIVATE_KEY);
    to.number(CKA_KEY_TYPE, key_type(kind.family));
}

}  // namespace

const KeyKindRow* find_key_kind(std::string_view spec, std::string_view usage) noexcept {
    const auto found = std::ranges::find_if(
        kKinds, [&](const KeyKindRow& row) { return row.spec == spec && row.usage == usage; });
    return found == kKinds.end() ? nullptr : &*found;
}

const KeyKindRow* find_pair_spec(std::string_view spec) noexcept {
    const auto found = std::ranges::find_if(kKinds, [&](const KeyKindRow& row) {
        return row.spec == spec && !is_secret(row.family) && row.purpose == Purpose::sign;
    });
    return found == kKinds.end() ? nullptr : &*found;
}

bool is_known_key_kind(std::string_view spec, std::string_view usage) noexcept {
    return usage != kIdentityUsage && find_key_kind(spec, usage) != nullptr;
}

bool is_pair(std::string_view spec, std::string_view usage) noexcept {
    const KeyKindRow* kind = find_key_kind(spec, usage);
    return kind != nullptr && !is_secret(kind->family);
}

std::vector<CK_MECHANISM_TYPE> allowed_mechanisms(const KeyKindRow& kind, const Capabilities& capabilities) {
    switch (kind.family) {
        case Family::aes: return {CKM_AES_GCM};
        case Family::hmac: return {kind.mac};
        case Family::ec: return {kind.purpose == Purpose::agree ? CKM_ECDH1_DERIVE : CKM_ECDSA};
        case Family::rsa: break;
    }
    switch (kind.purpose) {
        case Purpose::encrypt:
        case Purpose::import:
            // A token without OAEP-SHA-256 cannot serve RSAES_OAEP_SHA_256: the host removes the padding
            // itself.
            return {capabilities.oaep_hash >= CKM_SHA256 ? CKM_RSA_PKCS_OAEP : CKM_RSA_X_509};
        case Purpose::identity: return {CKM_SHA256_RSA_PKCS, CKM_SHA256_RSA_PKCS_PSS};
        case Purpose::sign:
        case Purpose::agree:
        case Purpose::mac: break;
    }
    return {CKM_RSA_PKCS, CKM_RSA_PKCS_PSS};
}

Template usage_template(const KeyKindRow& kind, const Capabilities& capabilities) {
    Template out;
    const bool secret = is_secret(kind.family);
    const bool encrypts = kind.purpose == Purpose::encrypt || kind.purpose == Purpose::import;
    const bool derives = kind.purpose == Purpose::agree;
    const auto flag = [&out](CK_ATTRIBUTE_TYPE type, bool value) {
        if (value) {
            out.yes(type);
        } else {
            out.no(type);
        }
    };
    if (secret) {
        flag(CKA_ENCRYPT, encrypts);
        flag(CKA_VERIFY, !encrypts);
        out.no(CKA_WRAP);
    } else {
        out.no(CKA_SIGN_RECOVER);
    }
    flag(CKA_DECRYPT, encrypts);
    flag(CKA_SIGN, !encrypts && !derives);
    flag(CKA_DERIVE, derives);
    out.no(CKA_UNWRAP);
    out.mechanisms(allowed_mechanisms(kind, capabilities));
    return out;
}

Template imported_template(const KeyKindRow& kind, const Capabilities& capabilities) {
    Template out;
    add_class(out, kind);
    out.no(CKA_TOKEN).yes(CKA_PRIVATE).yes(CKA_SENSITIVE).yes(CKA_EXTRACTABLE);
    out.append(usage_template(kind, capabilities));
    return out;
}

Template generated_template(const KeyKindRow& kind, const Capabilities& capabilities) {
    Template out = imported_template(kind, capabilities);
    if (is_secret(kind.family)) {
        out.number(CKA_VALUE_LEN, kind.size);
    }
    return out;
}

Template readable_template(const KeyKindRow& kind) {
    Template out;
    add_class(out, kind);
    out.no(CKA_TOKEN).yes(CKA_PRIVATE).no(CKA_SENSITIVE).yes(CKA_EXTRACTABLE);
    out.yes(CKA_SIGN).no(CKA_DECRYPT).no(CKA_UNWRAP).no(CKA_DERIVE);
    return out;
}

Template generated_public_template(const KeyKindRow& kind) {
    Template out;
    out.number(CKA_CLASS, CKO_PUBLIC_KEY).number(CKA_KEY_TYPE, key_type(kind.family));
    out.no(CKA_TOKEN).no(CKA_PRIVATE).no(CKA_WRAP);
    switch (kind.purpose) {
        case Purpose::encrypt:
        case Purpose::import: out.yes(CKA_ENCRYPT).no(CKA_VERIFY); break;
        case Purpose::agree: out.no(CKA_ENCRYPT).no(CKA_VERIFY); break;
        case Purpose::sign:
        case Purpose::identity:
        case Purpose::mac: out.no(CKA_ENCRYPT).yes(CKA_VERIFY); break;
    }
    if (kind.family == Family::rsa) {
        constexpr std::array kExponent{std::byte{1}, std::byte{0}, std::byte{1}};  // 65537
        out.number(CKA_MODULUS_BITS, kind.size).bytes(CKA_PUBLIC_EXPONENT, kExponent);
    } else {
        out.text(CKA_EC_PARAMS, kind.curve_oid);
    }
    return out;
}

Template loaded_template(const KeyKindRow& kind, const Capabilities& capabilities, Residency residency) {
    Template out;
    add_class(out, kind);
    switch (residency) {
        case Residency::session: out.no(CKA_TOKEN); break;
        case Residency::token: out.yes(CKA_TOKEN); break;
    }
    out.yes(CKA_PRIVATE).yes(CKA_SENSITIVE).no(CKA_EXTRACTABLE).no(CKA_COPYABLE);
    out.append(usage_template(kind, capabilities));

    return out;
}

}  // namespace claviger::hsm
