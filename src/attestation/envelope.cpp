#include "src/attestation/envelope.hpp"

#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>

#include <claviger/base/deleter.hpp>

namespace claviger::attestation {
namespace {

using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Content = std::unique_ptr<CMS_ContentInfo, Deleter<CMS_ContentInfo_free>>;
using OctetString = std::unique_ptr<ASN1_OCTET_STRING, Deleter<ASN1_OCTET_STRING_free>>;

constexpr unsigned kFlags = CMS_BINARY | CMS_PARTIAL;

// OpenSSL takes recipients as certificates only, and names them by key only from one that it can encode. This
// one is never sent; who signed it does not matter.
Certificate certificate_of(const PublicKey& key) {
    static const PublicKey kSigner(EVP_EC_gen("P-256"));
    Certificate out(X509_new());
    std::array<unsigned char, EVP_MAX_MD_SIZE> name{};
    unsigned size = 0;
    const OctetString identifier(ASN1_OCTET_STRING_new());
    const bool made =
        kSigner && out && identifier && X509_set_version(out.get(), X509_VERSION_3) == 1 &&
        X509_gmtime_adj(X509_getm_notBefore(out.get()), 0) != nullptr &&
        X509_gmtime_adj(X509_getm_notAfter(out.get()), 0) != nullptr &&
        X509_set_pubkey(out.get(), key.get()) == 1 &&
        X509_pubkey_digest(out.get(), EVP_sha1(), name.data(), &size) == 1 &&  // RFC 5280 section 4.2.1.2
        ASN1_OCTET_STRING_set(identifier.get(), name.data(), static_cast<int>(size)) == 1 &&
        X509_add1_ext_i2d(out.get(), NID_subject_key_identifier, identifier.get(), 0, X509V3_ADD_DEFAULT) ==
            1 &&
        X509_sign(out.get(), kSigner.get(), EVP_sha256()) > 0;
    return made ? std::move(out) : nullptr;
}

bool add_recipient(CMS_ContentInfo* content, X509* certificate) {
    CMS_RecipientInfo* const recipient =
        CMS_add1_recipient_cert(content, certificate, CMS_USE_KEYID | CMS_KEY_PARAM);
    EVP_PKEY_CTX* const key = recipient == nullptr ? nullptr : CMS_RecipientInfo_get0_pkey_ctx(recipient);
    return key != nullptr && EVP_PKEY_CTX_set_rsa_padding(key, RSA_PKCS1_OAEP_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_oaep_md(key, EVP_sha256()) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(key, EVP_sha256()) == 1;
}

}  // namespace

Result<Bytes> envelop(const PublicKey& recipient, ByteView content) {
    const Certificate certificate = certificate_of(recipient);
    const Content cms(CMS_encrypt(nullptr, nullptr, EVP_aes_256_cbc(), kFlags));
    const Bio in(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
    if (!certificate || !cms || !in || !add_recipient(cms.get(), certificate.get()) ||
        CMS_final(cms.get(), in.get(), nullptr, kFlags) != 1) {
        return Error(Errc::internal, "cannot make CMS EnvelopedData");
    }
    unsigned char* der = nullptr;
    const int size = i2d_CMS_ContentInfo(cms.get(), &der);
    if (size <= 0) {
        return Error(Errc::internal, "cannot encode CMS EnvelopedData");
    }
    Bytes out = to_bytes({reinterpret_cast<const std::byte*>(der), static_cast<std::size_t>(size)});
    OPENSSL_free(der);
    return out;
}

}  // namespace claviger::attestation
