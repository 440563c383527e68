#include "cluster/x509.hpp"

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstring>
#include <ctime>

namespace claviger::cluster {

constexpr long kYears = 10;
constexpr long kDays = 365 * kYears;

OwnedCertificate read_certificate(std::string_view pem) {
    const OwnedBio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    return OwnedCertificate(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr);
}

Result<std::string> write_certificate(X509* certificate) {
    const OwnedBio bio(BIO_new(BIO_s_mem()));
    if (!bio || PEM_write_bio_X509(bio.get(), certificate) != 1) {
        return openssl_error(Errc::internal, "writing a certificate");
    }
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &text);
    return std::string(text, static_cast<std::size_t>(size));
}

bool add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const OwnedExtension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_serial(X509* certificate) {
    unsigned char raw[16];
    if (RAND_bytes(raw, sizeof raw) != 1) {
        return false;
    }
    raw[0] = static_cast<unsigned char>((raw[0] & 0x7f) | 0x40);
    const std::unique_ptr<BIGNUM, Freeing<&BN_free>> number(BN_bin2bn(raw, sizeof raw, nullptr));
    return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_validity(X509* certificate, WallTime now) {
    const std::time_t start = std::chrono::system_clock::to_time_t(now - std::chrono::minutes(5));
    return ASN1_TIME_set(X509_getm_notBefore(certificate), start) != nullptr &&
           ASN1_TIME_adj(X509_getm_notAfter(certificate), start, kDays, 0) != nullptr;
}

bool add_name(X509_NAME* name, const char* field, std::string_view value) {
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(value.data()),
                                      static_cast<int>(value.size()), -1, 0) == 1;
}

Result<Bytes> der_of(X509* certificate) {
    unsigned char* der = nullptr;
    const int size = i2d_X509(certificate, &der);
    if (size <= 0) {
        return openssl_error(Errc::internal, "encoding a certificate");
    }
    Bytes bytes(static_cast<std::size_t>(size));
    std::memcpy(bytes.data(), der, bytes.size());
    OPENSSL_free(der);
    return bytes;
}

}  // namespace claviger::cluster
