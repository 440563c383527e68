// What Sign and Verify share: the message, and the digest that is signed.
#pragma once

#include "src/kms/key_spec.hpp"
#include "src/kms/operation.hpp"

namespace claviger::kms {

struct SignedMessage {
    ByteView message;
    std::string_view type = "RAW";  // RAW, DIGEST, EXTERNAL_MU
    std::string_view algorithm;
};

struct SignedDigest {
    SignatureKind kind;
    std::array<std::byte, kMaxDigest> room{};
    ByteView bytes() const noexcept { return ByteView(room).first(digest_size(kind.hash)); }
};

// Usage, algorithm, then sizes.
Outcome<SignedDigest> digest_to_sign(const Call& call, const SignedMessage& message);

}  // namespace claviger::kms
