// CMS EnvelopedData (RFC 5652 section 6) as AWS KMS answers to an attested recipient: AES-256-CBC under a
// fresh key, which RSAES-OAEP with SHA-256 carries to the one recipient, named by a subject key identifier.
#pragma once

#include <claviger/base/bytes.hpp>
#include <claviger/base/public_key.hpp>
#include <claviger/base/result.hpp>

namespace claviger::attestation {

// ContentInfo in DER. `recipient` is RSA. internal: OpenSSL refused.
Result<Bytes> envelop(const PublicKey& recipient, ByteView content);

}  // namespace claviger::attestation
