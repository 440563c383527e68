// Lane's work with HMAC keys and private keys.
#include "hsm/private_key.hpp"

#include <algorithm>

#include "hsm/capabilities.hpp"
#include "hsm/handles.hpp"
#include "hsm/oaep.hpp"
#include "hsm/repeat.hpp"
#include "hsm/state.hpp"

namespace claviger::hsm {
namespace {

using namespace std::string_view_literals;

Error wrong_kind(std::string_view work) {
    return Error(Errc::unsupported, "a key of another purpose cannot " + std::string(work));
}

// DigestInfo without the digest (RFC 8017 section 9.2, note 1).
std::string_view digest_info(Hash hash) {
    switch (hash) {
        case Hash::sha256:
            return "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"sv;
        case Hash::sha384:
            return "\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30"sv;
        case Hash::sha512:
            return "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40"sv;
        case Hash::sha1: break;
    }
    return {};
}

CK_RSA_PKCS_PSS_PARAMS pss_params(Hash hash) {
    switch (hash) {
        case Hash::sha384: return {CKM_SHA384, CKG_MGF1_SHA384, digest_size(hash)};
        case Hash::sha512: return {CKM_SHA512, CKG_MGF1_SHA512, digest_size(hash)};
        case Hash::sha256:
        case Hash::sha1: break;
    }
    return {CKM_SHA256, CKG_MGF1_SHA256, digest_size(Hash::sha256)};
}

bool fits(const KeyKindRow& kind, SignatureScheme scheme) {
    switch (scheme) {
        case SignatureScheme::rsa_pkcs1:
        case SignatureScheme::rsa_pss: return kind.family == Family::rsa;
        case SignatureScheme::ecdsa: return kind.family == Family::ec;
    }
    return false;
}

// Is the ciphertext a number below the modulus, written as long as it? Both are public.
bool below(ByteView ciphertext, ByteView modulus) {
    return ciphertext.size() == modulus.size() && std::ranges::lexicographical_compare(ciphertext, modulus);
}

}  // namespace

CK_RV ecdh(const Functions& p11, CK_SESSION_HANDLE session, const EcdhCall& call, SecretBytes& secret) {
    CK_ECDH1_DERIVE_PARAMS params{CKD_NULL, 0, nullptr, call.point.size(), in_ptr(call.point)};
    CK_MECHANISM mechanism{CKM_ECDH1_DERIVE, &params, sizeof(params)};
    Template attributes;
    attributes.number(CKA_CLASS, CKO_SECRET_KEY).number(CKA_KEY_TYPE, CKK_GENERIC_SECRET).no(CKA_TOKEN);
    attributes.no(CKA_SENSITIVE).yes(CKA_EXTRACTABLE).number(CKA_VALUE_LEN, call.size);
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
    const CK_RV rv =
        p11->C_DeriveKey(session, &mechanism, call.key, attributes.data(), attributes.size(), &handle);
    if (rv != CKR_OK) {
        return rv;
    }
    const TemporaryObject derived(p11, session, handle);
    secret = read_secret(p11, session, handle, CKA_VALUE);
    return secret.size() == call.size ? CKR_OK : CKR_GENERAL_ERROR;
}

Result<std::size_t> Lane::mac(Key& key, ByteView message, std::span<std::byte> out) {
    const Key::State& k = key.state();
    if (k.kind->purpose != Purpose::mac) {
        return wrong_kind("make a MAC");
    }
    const Functions& p11 = token_.state().p11;
    CK_ULONG size = 0;
    const auto made = on_good_input(key, "C_Sign", [&] {
        CK_MECHANISM mechanism{k.kind->mac, nullptr, 0};
        const CK_RV rv = p11->C_SignInit(session_, &mechanism, k.handle);
        size = out.size();
        return rv == CKR_OK ? p11->C_Sign(session_, in_ptr(message), message.size(), out_ptr(out), &size)
                            : rv;
    });
    if (!made) {
        return made.error();
    }
    if (size != k.kind->size) {  // of an HMAC key: as long as its MAC
        return Error(Errc::hsm_fault, "C_Sign: a MAC of the wrong size");
    }
    return static_cast<std::size_t>(size);
}

Result<Bytes> Lane::sign(Key& key, SignatureKind kind, ByteView digest) {
    const Key::State& k = key.state();
    if (k.kind->purpose != Purpose::sign || !fits(*k.kind, kind.scheme) || kind.hash == Hash::sha1) {
        return wrong_kind("sign so");
    }
    if (digest.size() != digest_size(kind.hash)) {
        return Error(Errc::internal, "a digest of another hash");
    }
    CK_RSA_PKCS_PSS_PARAMS pss = pss_params(kind.hash);
    CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
    std::string_view prefix;
    switch (kind.scheme) {
        case SignatureScheme::ecdsa: break;
        case SignatureScheme::rsa_pss: mechanism = {CKM_RSA_PKCS_PSS, &pss, sizeof(pss)}; break;
        case SignatureScheme::rsa_pkcs1:
            mechanism.mechanism = CKM_RSA_PKCS;
            prefix = digest_info(kind.hash);
            break;
    }
    Bytes message(prefix.size() + digest.size());
    std::ranges::copy(digest, std::ranges::copy(as_bytes(prefix), message.begin()).out);
    Bytes signature;
    const auto made = on_good_input(key, "C_Sign", [&]() -> CK_RV {
        auto answer = hsm::sign(token_.state().p11, session_, mechanism, k.handle, message);
        if (!answer) {
            return answer.error().ckr;
        }
        signature = std::move(*answer);
        return CKR_OK;
    });
    if (!made) {
        return made.error();
    }
    const std::size_t size = k.kind->family == Family::rsa ? k.kind->size / 8 : 2 * k.kind->size;
    if (signature.size() != size) {
        return Error(Errc::hsm_fault, "C_Sign: a signature of the wrong size");
    }
    return k.kind->family == Family::ec ? ecdsa_to_der(signature) : std::move(signature);
}

Result<SecretBytes> Lane::derive(Key& key, ByteView peer) {
    const Key::State& k = key.state();
    if (k.kind->purpose != Purpose::agree) {
        return wrong_kind("agree");
    }
    const auto public_key = parse_public_key(peer);
    if (!public_key || ec_curve(*public_key) != k.kind->curve) {
        return Error(Errc::data_invalid, "the peer's key is not on this curve");
    }
    const auto point = ec_point(*public_key);
    if (!point) {
        return point.error();
    }
    SecretBytes secret;
    const EcdhCall call{.key = k.handle, .point = *point, .size = k.kind->size};
    const auto derived = on_good_input(key, "C_DeriveKey", [&] {
        EcdhCall with_handle = call;
        with_handle.key = k.handle;  // a reload changes it
        return ecdh(token_.state().p11, session_, with_handle, secret);
    });
    if (!derived) {
        return derived.error();
    }
    return secret;
}

Result<SecretBytes> Lane::rsa_decrypt(Key& key, Hash hash, ByteView ciphertext) {
    const Key::State& k = key.state();
    if (k.kind->family != Family::rsa || k.kind->purpose != Purpose::encrypt) {
        return wrong_kind("decrypt");
    }
    return open_oaep(key, hash, ciphertext);
}

Result<SecretBytes> Lane::open_oaep(Key& key, Hash hash, ByteView ciphertext) {
    Key::State& k = key.state();
    if (k.rsa.modulus.empty()) {
        const auto public_key = parse_public_key(k.token.header.public_key);
        auto parts = public_key ? rsa_parts(*public_key) : Result<RsaParts>(public_key.error());
        if (!parts) {
            return Error(Errc::key_fault, "the key token's public part: " + parts.error().detail);
        }
        k.rsa = std::move(*parts);
    }
    const Error refused(Errc::data_invalid, "not a ciphertext of this key");
    if (!below(ciphertext, k.rsa.modulus)) {
        ++counters_.data_faults;
        return refused;
    }
    const Functions& p11 = token_.state().p11;
    const bool token_decodes = token_.capabilities().oaep_hash >= CKM_SHA256;
    SecretBytes plain(ciphertext.size());
    CK_ULONG size = 0;
    const auto attempt = [&] {
        OaepParams oaep(hash == Hash::sha256 ? CKM_SHA256 : CKM_SHA_1);
        CK_MECHANISM mechanism{CKM_RSA_X_509, nullptr, 0};
        if (token_decodes) {
            mechanism = oaep.mechanism();
        }
        const CK_RV rv = p11->C_DecryptInit(session_, &mechanism, k.handle);
        size = plain.size();
        return rv == CKR_OK ? p11->C_Decrypt(session_, in_ptr(ciphertext), ciphertext.size(),
                                             out_ptr(plain.reveal_mutable(SecretAccess())), &size)
                            : rv;
    };
    if (token_decodes) {
        return decrypt_in_token(key, attempt, plain, size);
    }
    const auto opened = on_good_input(key, "C_Decrypt", attempt);
    if (!opened) {
        return opened.error();
    }
    if (size != plain.size()) {
        return Error(Errc::hsm_fault, "C_Decrypt: RSA answered less than its modulus");
    }
    auto message = oaep_decode(hash, plain.reveal_mutable(SecretAccess()));
    if (!message) {
        ++counters_.data_faults;
        return refused;
    }
    return std::move(*message);
}

// The token removes the padding, so a failure may be the caller's: the check value decides.
template <class Attempt>
Result<SecretBytes> Lane::decrypt_in_token(Key& key, Attempt attempt, SecretBytes& plain,
                                           const unsigned long& size) {
    ++counters_.operations;
    for (const bool last : {false, true}) {
        CK_RV rv = attempt();
        if (is_session_fault(rv) && renew_session()) {
            rv = attempt();
        }
        if (rv == CKR_OK) {
            plain.resize(std::min<std::size_t>(size, plain.size()));
            return std::move(plain);
        }
        if (!needs_check_value(rv)) {
            return call_failed("C_Decrypt", rv);
        }
        if (last) {
            break;
        }
        ++counters_.key_checks;
        auto good = verify(key);
        if (!good && good.error().code == Errc::key_fault) {
            good = reload(key);
        }
        if (!good) {
            return good.error();
        }
    }
    ++counters_.data_faults;
    return Error(Errc::data_invalid, "not a ciphertext of this key");
}

}  // namespace claviger::hsm
