// What travels between a cluster and the holder of its recovery key, as two small files: the question of an
// HSM that joins, and the answer to it. Neither is secret: the wrapping key in them opens with the recovery
// key, or with the transport key that never leaves the HSM. Each ends with the SHA-256 of what is before it,
// against damage on the way, not against forgery (decision 0020). Pure; parsing treats the file as hostile.
#pragma once

#include <cstdint>
#include <string>

#include <claviger/base/bytes.hpp>
#include <claviger/base/result.hpp>

namespace claviger::cloudhsm {

struct RecoveryRequest {
    std::string cluster;  // that the HSM joins
    std::string lineage;  // the one that the wrapping key was made for: another one if it is of a backup
    std::uint32_t generation = 1;
    std::string hsm;
    Bytes recovery_public;  // SubjectPublicKeyInfo DER, as the next: whose other half opens the bundle
    Bytes transport_public;
    Bytes bundle;  // the wrapping key under recovery_public
};

struct RecoveryAnswer {
    std::string hsm;
    Bytes transport;  // SHA-256 of the transport key that was asked for
    Bytes wrapped;    // the wrapping key under it
};

Bytes encode_recovery_request(const RecoveryRequest& request);
Bytes encode_recovery_answer(const RecoveryAnswer& answer);
// data_invalid: it is no such file; the detail says which was wanted. integrity: it was damaged.
Result<RecoveryRequest> parse_recovery_request(ByteView file);
Result<RecoveryAnswer> parse_recovery_answer(ByteView file);

// For people: the HSM, its cluster, and which cluster's backup that was made from.
std::string joining(const RecoveryRequest& request);

// By which people compare keys over the telephone: the SHA-256 of a public key, in groups.
std::string fingerprint(ByteView public_key);

}  // namespace claviger::cloudhsm
