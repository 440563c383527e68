// The few things that are said about X.509 certificates in more than one place.
#pragma once

#include <string>
#include <string_view>

#include <claviger/base/bytes.hpp>
#include <claviger/base/clock.hpp>
#include <claviger/base/result.hpp>

#include "cluster/openssl_handles.hpp"

namespace claviger::cluster {

OwnedCertificate read_certificate(std::string_view pem);  // empty: none
Result<std::string> write_certificate(X509* certificate);
Result<Bytes> der_of(X509* certificate);

// Parts of a certificate under construction; false: OpenSSL's error queue says why.
bool add_extension(X509* certificate, X509* issuer, int nid, const char* value);
bool set_serial(X509* certificate);  // RFC 5280 section 4.1.2.2: positive, at most 20 octets, unpredictable
bool set_validity(X509* certificate, WallTime now);  // from just before now, for ten years
bool add_name(X509_NAME* name, const char* field, std::string_view value);

}  // namespace claviger::cluster
