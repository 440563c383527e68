#include <claviger/cluster/certificates.hpp>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>

#include <claviger/base/encoding.hpp>
#include <claviger/base/public_key.hpp>

#include "cluster/x509.hpp"

namespace claviger::cluster {
namespace {

constexpr std::string_view kBegin = "-----BEGIN";

Error refused(std::string sentence) {
    ERR_clear_error();
    return Error(Errc::data_invalid, std::move(sentence));
}

// A certificate, and the key it is signed with.
struct Authority {
    OwnedKey key;
    OwnedCertificate certificate;
};

bool name_it(X509* certificate, std::string_view common_name) {
    X509_NAME* name = X509_get_subject_name(certificate);
    return add_name(name, "O", "Claviger") && add_name(name, "OU", "simulated hardware") &&
           add_name(name, "CN", common_name);
}

// Signs a certificate for `key` in the name of `issuer`; without one it is self-signed with `key`.
OwnedCertificate certify(EVP_PKEY* key, std::string_view common_name, const Authority* issuer,
                         const char* constraints, WallTime now) {
    OwnedCertificate certificate(X509_new());
    X509* made = certificate.get();
    if (made == nullptr || !name_it(made, common_name)) {
        return nullptr;
    }
    X509* by = issuer != nullptr ? issuer->certificate.get() : made;
    EVP_PKEY* with = issuer != nullptr ? issuer->key.get() : key;
    const bool good = X509_set_version(made, X509_VERSION_3) == 1 && set_serial(made) &&
                      set_validity(made, now) && X509_set_issuer_name(made, X509_get_subject_name(by)) == 1 &&
                      X509_set_pubkey(made, key) == 1 &&
                      add_extension(made, by, NID_basic_constraints, constraints) &&
                      add_extension(made, by, NID_subject_key_identifier, "hash") &&
                      X509_sign(made, with, EVP_sha256()) > 0;
    return good ? std::move(certificate) : nullptr;
}

OwnedRequest read_request(ByteView der) {
    const unsigned char* at = reinterpret_cast<const unsigned char*>(der.data());
    OwnedRequest request(d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
    EVP_PKEY* key = request ? X509_REQ_get0_pubkey(request.get()) : nullptr;
    return key != nullptr && X509_REQ_verify(request.get(), key) == 1 ? std::move(request) : nullptr;
}

// The one certificate of the text; the error is a sentence about `what`.
Result<OwnedCertificate> one_certificate(std::string_view pem, const std::string& what) {
    if (pem.size() > kMaxCertificateText) {
        return refused(what + " is longer than " + std::to_string(kMaxCertificateText) + " characters.");
    }
    const std::size_t first = pem.find(kBegin);
    if (first != std::string_view::npos && pem.find(kBegin, first + 1) != std::string_view::npos) {
        return refused(what + " must hold exactly one certificate; certificate chains are not supported.");
    }
    OwnedCertificate certificate = read_certificate(pem);
    if (!certificate) {
        return refused(what + " is not a certificate in PEM format.");
    }
    return certificate;
}

Status<> check_validity(X509* certificate, WallTime now, const std::string& what) {
    std::time_t at = std::chrono::system_clock::to_time_t(now);
    if (X509_cmp_time(X509_get0_notBefore(certificate), &at) > 0) {
        return refused(what + " is not valid yet.");
    }
    if (X509_cmp_time(X509_get0_notAfter(certificate), &at) < 0) {
        return refused(what + " has expired.");
    }
    return done;
}

Bytes public_key_of(EVP_PKEY* key) {
    unsigned char* der = nullptr;
    const int size = key != nullptr ? i2d_PUBKEY(key, &der) : 0;
    Bytes bytes;
    if (size > 0) {
        const auto* begin = reinterpret_cast<const std::byte*>(der);
        bytes.assign(begin, begin + size);
    }
    OPENSSL_free(der);
    return bytes;
}

}  // namespace

std::string request_pem(ByteView der) {
    const std::string text = to_base64(der);
    std::string pem = "-----BEGIN CERTIFICATE REQUEST-----\n";
    for (std::size_t at = 0; at < text.size(); at += 64) {
        pem.append(text, at, 64).append("\n");
    }
    return pem + "-----END CERTIFICATE REQUEST-----\n";
}

Result<HardwareCertificates> simulate_hardware(ByteView request_der, std::string_view hsm_id, WallTime now) {
    const OwnedRequest request = read_request(request_der);
    if (!request) {
        return refused("not a certificate request that its own key signed");
    }
    Authority aws{OwnedKey(EVP_EC_gen("P-256")), nullptr};
    Authority manufacturer{OwnedKey(EVP_EC_gen("P-256")), nullptr};
    Authority hardware{OwnedKey(EVP_EC_gen("P-256")), nullptr};
    constexpr const char* kAuthority = "critical,CA:TRUE";
    aws.certificate =
        certify(aws.key.get(), "Claviger simulated AWS CloudHSM root", nullptr, kAuthority, now);
    manufacturer.certificate =
        certify(manufacturer.key.get(), "Claviger simulated manufacturer root", nullptr, kAuthority, now);
    if (!aws.certificate || !manufacturer.certificate) {
        return openssl_error(Errc::internal, "making the simulated hardware roots");
    }
    const std::string name = "Claviger simulated hardware of " + std::string(hsm_id);
    // The same subject and key under both roots: either chain ends in the HSM certificate.
    const OwnedCertificate by_aws = certify(hardware.key.get(), name, &aws, kAuthority, now);
    hardware.certificate = certify(hardware.key.get(), name, &manufacturer, kAuthority, now);
    if (!by_aws || !hardware.certificate) {
        return openssl_error(Errc::internal, "making the simulated hardware certificates");
    }
    const OwnedCertificate hsm =
        certify(X509_REQ_get0_pubkey(request.get()), hsm_id, &hardware, "critical,CA:FALSE", now);
    if (!hsm) {
        return openssl_error(Errc::internal, "making the simulated HSM certificate");
    }
    HardwareCertificates made;
    for (const auto& [to, certificate] :
         {std::pair(&made.hsm, hsm.get()), std::pair(&made.aws_hardware, by_aws.get()),
          std::pair(&made.aws_hardware, aws.certificate.get()),
          std::pair(&made.manufacturer_hardware, hardware.certificate.get()),
          std::pair(&made.manufacturer_hardware, manufacturer.certificate.get())}) {
        const Result<std::string> pem = write_certificate(certificate);
        if (!pem) {
            return pem.error();
        }
        *to += *pem;
    }
    return made;
}

Status<> check_trust_anchor(std::string_view pem, WallTime now) {
    const std::string what = "The trust anchor";
    const Result<OwnedCertificate> anchor = one_certificate(pem, what);
    if (!anchor) {
        return anchor.error();
    }
    X509* const certificate = anchor->get();
    EVP_PKEY* const key = X509_get0_pubkey(certificate);
    if (X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) != 0 ||
        key == nullptr || X509_verify(certificate, key) != 1) {
        return refused(what + " is not a self-signed certificate.");
    }
    const int bits = EVP_PKEY_get_bits(key);
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA || (bits != 2048 && bits != 4096)) {
        return refused(what + " must have an RSA key of 2048 or 4096 bits.");
    }
    if (Status<> valid = check_validity(certificate, now, what); !valid) {
        return valid;
    }
    const std::uint32_t flags = X509_get_extension_flags(certificate);
    if ((flags & EXFLAG_INVALID) != 0) {
        return refused(what + " has extensions that cannot be read.");
    }
    if (X509_get_ext_count(certificate) > 0 && ((flags & EXFLAG_BCONS) == 0 || (flags & EXFLAG_CA) == 0)) {
        return refused(what + " has extensions, but its basic constraints do not say that it is a CA.");
    }
    if ((flags & EXFLAG_KUSAGE) != 0 && (X509_get_key_usage(certificate) & KU_KEY_CERT_SIGN) == 0) {
        return refused(what + " may not sign certificates: its key usage lacks keyCertSign.");
    }
    return done;
}

Status<> check_cluster_certificate(std::string_view pem, std::string_view anchor_pem,
                                   std::string_view request, WallTime now) {
    const std::string what = "The signed cluster certificate";
    const Result<OwnedCertificate> signed_by = one_certificate(anchor_pem, "The trust anchor");
    const Result<OwnedCertificate> given = one_certificate(pem, what);
    if (!signed_by || !given) {
        return !given ? given.error() : signed_by.error();
    }
    X509* const certificate = given->get();
    X509* const anchor = signed_by->get();
    if (X509_NAME_cmp(X509_get_issuer_name(certificate), X509_get_subject_name(anchor)) != 0 ||
        X509_verify(certificate, X509_get0_pubkey(anchor)) != 1) {
        return refused(what + " was not signed by the trust anchor.");
    }
    const OwnedBio bio(BIO_new_mem_buf(request.data(), static_cast<int>(request.size())));
    const OwnedRequest csr(PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr));
    const Bytes wanted = csr ? public_key_of(X509_REQ_get0_pubkey(csr.get())) : Bytes();
    if (wanted.empty() || wanted != public_key_of(X509_get0_pubkey(certificate))) {
        return refused(what + " does not have the public key of the cluster's certificate signing request.");
    }
    return check_validity(certificate, now, what);
}

Result<std::string> recovery_key_pem(ByteView spki) {
    const auto key = parse_public_key(spki);
    const OwnedBio out(BIO_new(BIO_s_mem()));
    if (!key || !out || PEM_write_bio_PUBKEY(out.get(), key->get()) != 1) {
        return refused("The recovery key is no public key.");
    }
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return std::string(text, static_cast<std::size_t>(size));
}

Result<Bytes> recovery_key_of(std::string_view pem) {
    constexpr std::size_t kSmallestModulus = 3072 / 8;
    const OwnedBio in(
        BIO_new_mem_buf(pem.data(), static_cast<int>(std::min<std::size_t>(pem.size(), 1 << 16))));
    const PublicKey key(in ? PEM_read_bio_PUBKEY(in.get(), nullptr, nullptr, nullptr) : nullptr);
    const auto parts = key ? rsa_parts(key) : Result<RsaParts>(refused("no key"));
    if (!parts || parts->modulus.size() < kSmallestModulus) {
        return refused("it is no RSA public key of 3072 bits or more in PEM form (BEGIN PUBLIC KEY)");
    }
    return to_spki(key);
}

bool same_certificate(std::string_view pem, std::string_view other_pem) {
    const OwnedCertificate one = read_certificate(pem);
    const OwnedCertificate other = read_certificate(other_pem);
    ERR_clear_error();
    return one && other && X509_cmp(one.get(), other.get()) == 0;
}

}  // namespace claviger::cluster
