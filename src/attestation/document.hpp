// Attestation documents of AWS Nitro Enclaves and of NitroTPM: COSE_Sign1 (RFC 9052 section 4.2) with ES384
// over a CBOR map that names measurements (PCRs) and the public key of whoever was measured.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <claviger/base/bytes.hpp>
#include <claviger/base/clock.hpp>
#include <claviger/base/public_key.hpp>
#include <claviger/base/result.hpp>

struct x509_store_st;

namespace claviger::attestation {

using Pcrs = std::map<unsigned, Bytes>;  // index 0..31; 32, 48 or 64 bytes each

// What a document that verified says.
struct Document {
    std::string module_id;
    Pcrs pcrs;            // of a Nitro enclave; PCR 0 is the digest of its image
    Pcrs nitrotpm_pcrs;   // of an instance with a NitroTPM
    PublicKey recipient;  // RSA with 2048 to 4096 bits
};

// Holds documents against roots of trust. Any thread, several at once; one document costs some milliseconds
// of CPU (an ECDSA verification on P-384 for each certificate).
class Verifier {
public:
    // One or more PEM certificates. bad_config: none in there.
    static Result<Verifier> from_pem(std::string_view roots);

    // The signature, the chain from the document's certificate to a root with every certificate valid at
    // `now`, and the form of the document. There is no other test of its age: the certificate of an enclave
    // lives for hours. data_invalid, with the reason; no secret is in it.
    Result<Document> verify(ByteView document, WallTime now) const;

private:
    struct Free {
        void operator()(x509_store_st* store) const noexcept;
    };
    explicit Verifier(std::unique_ptr<x509_store_st, Free> roots) : roots_(std::move(roots)) {}
    std::unique_ptr<x509_store_st, Free> roots_;
};

}  // namespace claviger::attestation
