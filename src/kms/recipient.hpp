// The parameter Recipient: what a caller may read goes to an attested recipient instead, in
// CiphertextForRecipient.
#pragma once

#include <optional>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include <claviger/base/secret.hpp>

#include "src/attestation/document.hpp"
#include "src/kms/error.hpp"

namespace claviger::kms {

struct Call;

// Verifies attestation documents on a thread of its own, because one costs milliseconds. Any thread. Must be
// destroyed before the io_contexts of the calls that wait for it.
class Recipients {
public:
    explicit Recipients(attestation::Verifier verifier) : verifier_(std::move(verifier)) {}

    // Resumes where it was called. data_invalid as attestation::Verifier.
    boost::asio::awaitable<Result<attestation::Document>> verify(ByteView document, WallTime now);

private:
    boost::asio::awaitable<std::optional<Result<attestation::Document>>> check(Bytes document, WallTime now);
    const attestation::Verifier verifier_;
    boost::asio::thread_pool worker_{1};
};

// Sets call.recipient if the request has one that verifies. Before anything is authorised: policies look at
// its measurements.
boost::asio::awaitable<std::optional<Failure>> read_recipient(Call& call);

// A secret as the answer carries it: one of the two.
struct Delivered {
    std::optional<SecretBytes> clear;
    std::optional<Bytes> enveloped;
};
Outcome<Delivered> deliver(const Call& call, SecretBytes secret);

}  // namespace claviger::kms
