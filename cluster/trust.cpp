#include <claviger/cluster/trust.hpp>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <utility>

#include "cluster/x509.hpp"

namespace claviger::cluster {

Result<Bytes> certificate_der(std::string_view pem) {
    const OwnedCertificate certificate = read_certificate(pem);
    if (!certificate) {
        return openssl_error(Errc::integrity, "not a certificate in PEM");
    }
    return der_of(certificate.get());
}

struct DevAuthority::Key {
    OwnedKey key;
    OwnedCertificate certificate;
};

DevAuthority::DevAuthority(std::unique_ptr<Key> key, std::string certificate_pem)
    : key_(std::move(key)), certificate_pem_(std::move(certificate_pem)) {}
DevAuthority::DevAuthority(DevAuthority&&) noexcept = default;
DevAuthority& DevAuthority::operator=(DevAuthority&&) noexcept = default;
DevAuthority::~DevAuthority() = default;

Result<DevAuthority> DevAuthority::create(std::string_view organizational_unit, WallTime now, KeyKind kind) {
    auto key = std::make_unique<Key>();
    key->key.reset(kind == KeyKind::p256 ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048));
    key->certificate.reset(X509_new());
    X509* certificate = key->certificate.get();
    if (!key->key || certificate == nullptr) {
        return openssl_error(Errc::internal, "making the cluster authority");
    }
    X509_NAME* name = X509_get_subject_name(certificate);
    const bool made =
        X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
        set_validity(certificate, now) && add_name(name, "O", "Claviger") &&
        add_name(name, "OU", organizational_unit) && add_name(name, "CN", "Claviger cluster authority") &&
        X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key->key.get()) == 1 &&
        add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
        add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign") &&
        add_extension(certificate, certificate, NID_subject_key_identifier, "hash") &&
        X509_sign(certificate, key->key.get(), EVP_sha256()) > 0;
    if (!made) {
        return openssl_error(Errc::internal, "making the cluster authority");
    }
    Result<std::string> pem = write_certificate(certificate);
    if (!pem) {
        return pem.error();
    }
    return DevAuthority(std::move(key), *std::move(pem));
}

Result<std::string> DevAuthority::sign(ByteView request_der, WallTime now) const {
    const unsigned char* at = as_uchar(request_der);
    const OwnedRequest request(d2i_X509_REQ(nullptr, &at, static_cast<long>(request_der.size())));
    EVP_PKEY* subject_key = request ? X509_REQ_get0_pubkey(request.get()) : nullptr;
    if (subject_key == nullptr || at != as_uchar(request_der) + request_der.size() ||
        X509_REQ_verify(request.get(), subject_key) != 1) {
        return openssl_error(Errc::data_invalid, "not a certificate request that its own key signed");
    }
    const OwnedCertificate certificate(X509_new());
    X509* made = certificate.get();
    X509* issuer = key_->certificate.get();
    const bool good = made != nullptr && X509_set_version(made, X509_VERSION_3) == 1 && set_serial(made) &&
                      set_validity(made, now) &&
                      X509_set_subject_name(made, X509_REQ_get_subject_name(request.get())) == 1 &&
                      X509_set_issuer_name(made, X509_get_subject_name(issuer)) == 1 &&
                      X509_set_pubkey(made, subject_key) == 1 &&
                      add_extension(made, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
                      add_extension(made, issuer, NID_key_usage, "critical,digitalSignature") &&
                      add_extension(made, issuer, NID_authority_key_identifier, "keyid") &&
                      X509_sign(made, key_->key.get(), EVP_sha256()) > 0;
    if (!good) {
        return openssl_error(Errc::internal, "signing the cluster certificate");
    }
    return write_certificate(made);
}

struct ClusterTrust::Key {
    OwnedCertificate certificate;
    EVP_PKEY* key = nullptr;  // belongs to the certificate
};

ClusterTrust::ClusterTrust(std::unique_ptr<Key> key, Bytes der, WallTime expires)
    : key_(std::move(key)), certificate_der_(std::move(der)), expires_(expires) {}
ClusterTrust::ClusterTrust(ClusterTrust&&) noexcept = default;
ClusterTrust& ClusterTrust::operator=(ClusterTrust&&) noexcept = default;
ClusterTrust::~ClusterTrust() = default;

Result<ClusterTrust> ClusterTrust::make(std::string_view certificate_pem, std::string_view anchor_pem) {
    auto key = std::make_unique<Key>();
    key->certificate = read_certificate(certificate_pem);
    const OwnedCertificate anchor = read_certificate(anchor_pem);
    if (!key->certificate || !anchor) {
        return openssl_error(Errc::integrity,
                             "the cluster certificate or the trust anchor is no certificate");
    }
    const OwnedStore store(X509_STORE_new());
    const OwnedStoreContext context(X509_STORE_CTX_new());
    if (!store || !context || X509_STORE_add_cert(store.get(), anchor.get()) != 1 ||
        X509_STORE_CTX_init(context.get(), store.get(), key->certificate.get(), nullptr) != 1) {
        return openssl_error(Errc::internal, "verifying the cluster certificate");
    }
    X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_PARTIAL_CHAIN);
    if (X509_verify_cert(context.get()) != 1) {
        ERR_clear_error();
        return Error(Errc::integrity,
                     std::string("the cluster certificate does not chain to the trust anchor: ") +
                         X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));
    }
    key->key = X509_get0_pubkey(key->certificate.get());
    if (key->key == nullptr || EVP_PKEY_get_base_id(key->key) != EVP_PKEY_RSA ||
        EVP_PKEY_get_bits(key->key) < 2048) {
        return Error(Errc::integrity, "the cluster certificate's key is not RSA of 2048 bits or more");
    }
    Result<Bytes> bytes = der_of(key->certificate.get());
    std::tm until{};
    if (!bytes || ASN1_TIME_to_tm(X509_get0_notAfter(key->certificate.get()), &until) != 1) {
        return openssl_error(Errc::integrity, "the cluster certificate");
    }
    const WallTime expires = std::chrono::floor<std::chrono::milliseconds>(
        std::chrono::system_clock::from_time_t(::timegm(&until)));
    return ClusterTrust(std::move(key), *std::move(bytes), expires);
}

bool ClusterTrust::verify(ByteView message, ByteView signature) const {
    const OwnedDigest context(EVP_MD_CTX_new());
    const bool good = context &&
                      EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_->key) == 1 &&
                      EVP_DigestVerify(context.get(), as_uchar(signature), signature.size(),
                                       as_uchar(message), message.size()) == 1;
    ERR_clear_error();
    return good;
}

}  // namespace claviger::cluster
