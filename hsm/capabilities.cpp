#include "hsm/capabilities.hpp"

#include <algorithm>

#include <claviger/base/encoding.hpp>

#include "hsm/handles.hpp"

namespace claviger::hsm {
namespace {

// RFC 5649 of a 16-byte AES key: Project Wycheproof, aes_kwp_test.json, tcId 1. RFC 3394 answers other bytes
// and PKCS#7 padding 32 of them. The RFC's own 20-byte example does not serve: SoftHSM 2.6.1 fills key
// material up with zeros to a multiple of eight bytes before it wraps, so only whole semi-blocks show the
// algorithm.
constexpr std::string_view kKek = "6f67486d1e914419cb43c28509c7c1ea";
constexpr std::string_view kKeyData = "8dc0632d92ee0be4f740028410b08270";
constexpr std::string_view kWrapped = "8cd63fa6788aa5edfa753fc87d645a672b14107c3b4519e7";

CK_OBJECT_HANDLE create(const Functions& p11, CK_SESSION_HANDLE session, Template attributes) {
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
    return p11->C_CreateObject(session, attributes.data(), attributes.size(), &handle) == CKR_OK
               ? handle
               : CK_INVALID_HANDLE;
}

unsigned long find_key_wrap(const Functions& p11, CK_SESSION_HANDLE session) {
    Template kek;
    kek.number(CKA_CLASS, CKO_SECRET_KEY).number(CKA_KEY_TYPE, CKK_AES).no(CKA_TOKEN).yes(CKA_WRAP);
    kek.bytes(CKA_VALUE, *from_hex(kKek));
    Template key;
    key.number(CKA_CLASS, CKO_SECRET_KEY).number(CKA_KEY_TYPE, CKK_AES).no(CKA_TOKEN);
    key.yes(CKA_EXTRACTABLE).no(CKA_SENSITIVE).bytes(CKA_VALUE, *from_hex(kKeyData));
    const TemporaryObject wrapping(p11, session, create(p11, session, std::move(kek)));
    const TemporaryObject wrapped(p11, session, create(p11, session, std::move(key)));
    if (wrapping.get() == CK_INVALID_HANDLE || wrapped.get() == CK_INVALID_HANDLE) {
        return 0;
    }
    for (const CK_MECHANISM_TYPE mechanism : {CKM_AES_KEY_WRAP_KWP, CKM_AES_KEY_WRAP_PAD}) {
        const auto out = wrap_key(p11, session, {{mechanism, nullptr, 0}, wrapping.get(), wrapped.get()});
        if (out && std::ranges::equal(*out, *from_hex(kWrapped))) {
            return mechanism;
        }
    }
    return 0;
}

unsigned long find_oaep_hash(const Functions& p11, CK_SESSION_HANDLE session) {
    // Nobody's modulus: whether the mechanism takes its parameters is all that is asked.
    Bytes modulus(256, std::byte{0x5b});
    modulus.front() = std::byte{0xc3};
    constexpr std::array kExponent{std::byte{1}, std::byte{0}, std::byte{1}};
    Template attributes;
    attributes.number(CKA_CLASS, CKO_PUBLIC_KEY).number(CKA_KEY_TYPE, CKK_RSA).no(CKA_TOKEN).yes(CKA_ENCRYPT);
    attributes.bytes(CKA_MODULUS, modulus).bytes(CKA_PUBLIC_EXPONENT, kExponent);
    const TemporaryObject key(p11, session, create(p11, session, std::move(attributes)));
    if (key.get() == CK_INVALID_HANDLE) {
        return 0;
    }
    for (const unsigned long hash : {CKM_SHA256, CKM_SHA_1}) {
        OaepParams oaep(hash);
        CK_MECHANISM mechanism = oaep.mechanism();
        if (p11->C_EncryptInit(session, &mechanism, key.get()) != CKR_OK) {
            continue;
        }
        Bytes message(32, std::byte{1});
        Bytes out(512);
        CK_ULONG size = out.size();
        if (p11->C_Encrypt(session, in_ptr(message), message.size(), out_ptr(out), &size) == CKR_OK) {
            return hash;
        }
    }
    return 0;
}

}  // namespace

Capabilities find_capabilities(const Functions& p11, CK_SESSION_HANDLE session) {
    return {.key_wrap = find_key_wrap(p11, session), .oaep_hash = find_oaep_hash(p11, session)};
}

}  // namespace claviger::hsm
