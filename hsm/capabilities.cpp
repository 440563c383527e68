#include "hsm/capabilities.hpp"

#include <algorithm>

#include <claviger/base/encoding.hpp>

#include "hsm/handles.hpp"

namespace claviger::hsm {
namespace {

// RFC 5649 section 6, the example of 20 octets wrapped with a 192-bit KEK.
constexpr std::string_view kKek = "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8";
constexpr std::string_view kKeyData = "c37b7e6492584340bed12207808941155068f738";
constexpr std::string_view kWrapped = "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a";

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
    key.number(CKA_CLASS, CKO_SECRET_KEY).number(CKA_KEY_TYPE, CKK_GENERIC_SECRET).no(CKA_TOKEN);
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
