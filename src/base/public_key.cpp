#include <claviger/base/public_key.hpp>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <array>

#include <claviger/base/deleter.hpp>

namespace claviger {
namespace {

using Bignum = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
using Context = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>>;

constexpr std::size_t kLargestModulus = 2048;  // bytes; what a module may answer is bounded
constexpr std::size_t kLargestPoint = 256;

Bignum number(ByteView bytes) {
    return Bignum(BN_bin2bn(as_uchar(bytes), static_cast<int>(bytes.size()), nullptr));
}

Error not_a_key(std::string_view why) {
    return Error(Errc::data_invalid, "public key: " + std::string(why));
}

Result<PublicKey> from_params(const char* type, OSSL_PARAM_BLD* builder) {
    const Params params(OSSL_PARAM_BLD_to_param(builder));
    const Context context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
        return not_a_key("its numbers make no key");
    }
    return PublicKey(key);
}

// Bytes of an uncompressed point (SEC 1, section 2.3.3): 0x04 and two coordinates. 0: no curve of that name.
std::size_t point_size(const std::string& curve) {
    int id = EC_curve_nist2nid(curve.c_str());
    if (id == NID_undef) {
        id = OBJ_sn2nid(curve.c_str());
    }
    const std::unique_ptr<EC_GROUP, Deleter<EC_GROUP_free>> group(EC_GROUP_new_by_curve_name(id));
    return group ? 1 + 2 * ((static_cast<std::size_t>(EC_GROUP_get_degree(group.get())) + 7) / 8) : 0;
}

// The point of a DER OCTET STRING; anything else is taken to be bare already. The bytes of a bare point can
// look like the header of the other form, so what has a point's size is one.
ByteView bare_point(ByteView point, std::size_t size) {
    if (point.size() < 3 || point.size() == size || point[0] != std::byte{0x04}) {
        return point;
    }
    const auto length = std::to_integer<std::size_t>(point[1]);
    if (length < 0x80 && length == point.size() - 2) {
        return point.subspan(2);
    }
    if (length == 0x81 && std::to_integer<std::size_t>(point[2]) == point.size() - 3) {
        return point.subspan(3);
    }
    return point;
}

const EVP_MD* evp(Hash hash) {
    switch (hash) {
        case Hash::sha1: return EVP_sha1();
        case Hash::sha256: return EVP_sha256();
        case Hash::sha384: return EVP_sha384();
        case Hash::sha512: return EVP_sha512();
    }
    return nullptr;
}

// What an i2d function left behind.
Result<Bytes> der_of(int size, unsigned char* der) {
    if (size <= 0) {
        return not_a_key("cannot be encoded");
    }
    Bytes out = to_bytes({reinterpret_cast<const std::byte*>(der), static_cast<std::size_t>(size)});
    OPENSSL_free(der);
    return out;
}

}  // namespace

void PublicKeyFree::operator()(evp_pkey_st* key) const noexcept {
    EVP_PKEY_free(key);
}

Result<PublicKey> rsa_public_key(const RsaParts& parts) {
    if (parts.modulus.empty() || parts.modulus.size() > kLargestModulus || parts.exponent.empty() ||
        parts.exponent.size() > 8) {
        return not_a_key("RSA numbers out of bounds");
    }
    const Bignum n = number(parts.modulus);
    const Bignum e = number(parts.exponent);
    const ParamBuilder builder(OSSL_PARAM_BLD_new());
    if (!n || !e || !builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
        return not_a_key("no memory");
    }
    return from_params("RSA", builder.get());
}

Result<PublicKey> ec_public_key(std::string_view curve, ByteView point) {
    const ByteView bare = bare_point(point, point_size(std::string(curve)));
    const ParamBuilder builder(OSSL_PARAM_BLD_new());
    if (!builder ||
        OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.data(),
                                        curve.size()) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, bare.data(), bare.size()) !=
            1) {
        return not_a_key("no memory");
    }
    return from_params("EC", builder.get());
}

Result<PublicKey> parse_public_key(ByteView spki) {
    const unsigned char* at = as_uchar(spki);
    PublicKey key(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));
    if (!key || at != as_uchar(spki) + spki.size()) {
        return not_a_key("not a SubjectPublicKeyInfo");
    }
    return key;
}

Result<Bytes> to_spki(const PublicKey& key) {
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key.get(), &der);
    return der_of(size, der);
}

Result<RsaParts> rsa_parts(const PublicKey& key) {
    BIGNUM* n_raw = nullptr;
    BIGNUM* e_raw = nullptr;
    const bool complete = EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_RSA_N, &n_raw) == 1 &&
                          EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_RSA_E, &e_raw) == 1;
    const Bignum n(n_raw);
    const Bignum e(e_raw);
    if (!complete) {
        return not_a_key("not an RSA key");
    }
    RsaParts parts;
    parts.modulus.resize(static_cast<std::size_t>(BN_num_bytes(n.get())));
    parts.exponent.resize(static_cast<std::size_t>(BN_num_bytes(e.get())));
    BN_bn2bin(n.get(), as_uchar_out(parts.modulus));
    BN_bn2bin(e.get(), as_uchar_out(parts.exponent));
    return parts;
}

std::string ec_curve(const PublicKey& key) {
    // RFC 5480 section 2.1.1 forbids it: with parameters of his own a peer can pass off a curve of his own.
    int spelled_out = 0;
    EVP_PKEY_get_int_param(key.get(), OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &spelled_out);
    if (spelled_out != 0) {
        return {};
    }
    std::array<char, 64> name{};
    std::size_t size = 0;
    return EVP_PKEY_get_group_name(key.get(), name.data(), name.size(), &size) == 1
               ? std::string(name.data(), size)
               : std::string();
}

Result<Bytes> ec_point(const PublicKey& key) {
    Bytes out(kLargestPoint);
    std::size_t size = 0;
    if (EVP_PKEY_get_octet_string_param(key.get(), OSSL_PKEY_PARAM_PUB_KEY, as_uchar_out(out), out.size(),
                                        &size) != 1 ||
        size == 0) {
        return not_a_key("not an EC key");
    }
    out.resize(size);
    return out;
}

bool verifies(const PublicKey& key, SignatureKind kind, ByteView digest, ByteView signature) {
    const bool is_rsa = EVP_PKEY_is_a(key.get(), "RSA") == 1;
    const Context context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
    if (!context || EVP_PKEY_verify_init(context.get()) != 1) {
        return false;
    }
    bool ready = false;
    switch (kind.scheme) {
        case SignatureScheme::rsa_pkcs1:
            ready = is_rsa && EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1 &&
                    EVP_PKEY_CTX_set_signature_md(context.get(), evp(kind.hash)) == 1;
            break;
        case SignatureScheme::rsa_pss:
            ready = is_rsa && EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PSS_PADDING) == 1 &&
                    EVP_PKEY_CTX_set_rsa_pss_saltlen(context.get(), RSA_PSS_SALTLEN_DIGEST) == 1 &&
                    EVP_PKEY_CTX_set_signature_md(context.get(), evp(kind.hash)) == 1;
            break;
        case SignatureScheme::ecdsa: ready = EVP_PKEY_is_a(key.get(), "EC") == 1; break;
    }
    return ready && EVP_PKEY_verify(context.get(), as_uchar(signature), signature.size(), as_uchar(digest),
                                    digest.size()) == 1;
}

Result<Bytes> ecdsa_to_der(ByteView raw) {
    if (raw.empty() || raw.size() % 2 != 0) {
        return Error(Errc::data_invalid, "an ECDSA signature of odd size");
    }
    const EcSignature parts(ECDSA_SIG_new());
    Bignum r = number(raw.first(raw.size() / 2));
    Bignum s = number(raw.subspan(raw.size() / 2));
    if (!parts || !r || !s || ECDSA_SIG_set0(parts.get(), r.get(), s.get()) != 1) {
        return Error(Errc::internal, "ECDSA signature: no memory");
    }
    (void)r.release();  // owned by `parts` now
    (void)s.release();
    unsigned char* der = nullptr;
    const int size = i2d_ECDSA_SIG(parts.get(), &der);
    return der_of(size, der);
}

Result<Bytes> rsa_encrypt(const PublicKey& key, RsaBlock block, ByteView message) {
    const Context context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
    if (!context || EVP_PKEY_encrypt_init(context.get()) != 1) {
        return not_a_key("cannot encrypt");
    }
    const auto use_oaep = [&](const EVP_MD* hash) {
        return EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), hash) == 1 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), hash) == 1;
    };
    bool ready = false;
    switch (block) {
        case RsaBlock::raw: ready = EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_NO_PADDING) == 1; break;
        case RsaBlock::oaep_sha1: ready = use_oaep(EVP_sha1()); break;
        case RsaBlock::oaep_sha256: ready = use_oaep(EVP_sha256()); break;
    }
    Bytes out(kLargestModulus);
    std::size_t size = out.size();
    if (!ready ||
        EVP_PKEY_encrypt(context.get(), as_uchar_out(out), &size, as_uchar(message), message.size()) != 1) {
        return not_a_key("encryption failed");
    }
    out.resize(size);
    return out;
}

}  // namespace claviger
