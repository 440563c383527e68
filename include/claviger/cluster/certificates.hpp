// The certificates of a cluster's birth: the request for the cluster certificate, who vouches for the HSM,
// and what the customer brings back (AWS CloudHSM user guide, "Initialize the cluster").
#pragma once

#include <string>
#include <string_view>

#include <claviger/base/bytes.hpp>
#include <claviger/base/clock.hpp>
#include <claviger/base/result.hpp>

namespace claviger::cluster {

// PEM of a PKCS#10 request.
std::string request_pem(ByteView der);

// Two chains that end in the same HSM certificate, whose key is that of the request. SIMULATED, and named so:
// a soft token has no manufacturer. Both authorities are made for this and forgotten. Each hardware
// certificate is followed by its root in the same text, so that it verifies as it stands.
struct HardwareCertificates {
    std::string hsm;
    std::string aws_hardware;
    std::string manufacturer_hardware;
};
// data_invalid: no request that its own key signed.
Result<HardwareCertificates> simulate_hardware(ByteView request_der, std::string_view hsm_id, WallTime now);

// The public half of a recovery key, SubjectPublicKeyInfo DER, as PEM and back. data_invalid: it is no RSA
// key of 3072 bits or more; the detail is a sentence for the operator.
Result<std::string> recovery_key_pem(ByteView spki);
Result<Bytes> recovery_key_of(std::string_view pem);

inline constexpr std::size_t kMaxCertificateText = 5000;

// The trust anchor: one self-signed CA certificate of RSA 2048 or 4096 whose extensions, if it has any, say
// so. Lenient where the documented openssl commands are: key usage may be missing. data_invalid: the detail
// is a sentence for the caller.
Status<> check_trust_anchor(std::string_view pem, WallTime now);
// The cluster certificate: signed by the anchor, of the very key in the request, valid now. A version 1
// certificate without extensions is what the documented command makes, and good. data_invalid as above.
Status<> check_cluster_certificate(std::string_view pem, std::string_view anchor_pem,
                                   std::string_view request_pem, WallTime now);

// The same certificate, however its text is written.
bool same_certificate(std::string_view pem, std::string_view other_pem);

}  // namespace claviger::cluster
