// Encrypt, Decrypt and ReEncrypt with RSA keys.
#pragma once

#include "src/kms/key_spec.hpp"
#include "src/kms/operation.hpp"

namespace claviger::kms {

// An RSA ciphertext binds nothing: a context would be ignored.
std::optional<Failure> check_no_context(const EncryptionContext& context, std::string_view algorithm);
std::optional<Failure> check_fits(const Key& key, std::string_view algorithm, std::size_t plaintext);

// With the public part, which needs no HSM. `algorithm` suits the key.
Outcome<Bytes> rsa_seal(const Key& key, std::string_view algorithm, ByteView plaintext);
asio::awaitable<Outcome<SecretBytes>> rsa_open(Call& call, const Key& key, std::string_view algorithm,
                                               ByteView ciphertext);

}  // namespace claviger::kms
