// An HSM cluster in memory that really encrypts. For tests and fuzz targets only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <claviger/cluster/cluster.hpp>

namespace claviger::kms::test {

// AES-256-GCM, HMAC-SHA-256 with keys that stand in the clear in their key tokens. What private keys do
// is of the right shape only: it is the business of the tests on real tokens.
class FakeClient final : public cluster::Client {
public:
    template <class T>
    using Awaitable = boost::asio::awaitable<T>;
    Awaitable<Result<Bytes>> encrypt(const cluster::KeyMaterial& key, ByteView plaintext, ByteView context,
                                     MonoTime deadline) override;
    Awaitable<Result<SecretBytes>> decrypt(const cluster::KeyMaterial& key, ByteView blob, ByteView context,
                                           MonoTime deadline) override;
    Awaitable<Result<Bytes>> re_encrypt(const cluster::KeyMaterial& source, ByteView blob,
                                        ByteView source_context, const cluster::KeyMaterial& destination,
                                        ByteView destination_context, MonoTime deadline) override;
    Awaitable<Result<cluster::DataKey>> generate_data_key(const cluster::KeyMaterial& key, std::uint16_t size,
                                                          cluster::Plaintext want, ByteView context,
                                                          MonoTime deadline) override;
    Awaitable<Result<SecretBytes>> random(std::uint16_t size, MonoTime deadline) override;
    Awaitable<Result<Bytes>> mac(const cluster::KeyMaterial& key, ByteView message,
                                 MonoTime deadline) override;
    Awaitable<Result<Bytes>> sign(const cluster::KeyMaterial& key, SignatureKind kind, ByteView digest,
                                  MonoTime deadline) override;
    Awaitable<Result<SecretBytes>> rsa_decrypt(const cluster::KeyMaterial& key, Hash hash,
                                               ByteView ciphertext, MonoTime deadline) override;
    Awaitable<Result<SecretBytes>> derive(const cluster::KeyMaterial& key, ByteView peer,
                                          MonoTime deadline) override;
    Awaitable<Result<cluster::KeyPair>> generate_pair(std::string_view spec, MonoTime deadline) override;
    Awaitable<Result<cluster::NewKey>> create_key(const cluster::NewKeyIdentity& identity,
                                                  MonoTime deadline) override;
    Awaitable<Result<cluster::NewKey>> import_key(const cluster::NewKeyIdentity& identity,
                                                  const cluster::WrappedMaterial& material,
                                                  MonoTime deadline) override;
    Awaitable<Status<>> destroy_key(const cluster::KeyMaterial& key, MonoTime deadline) override;

    std::optional<Errc> failure;      // of every call
    std::optional<Bytes> public_key;  // of keys that are made from now on, instead of one of their spec
    bool throws = false;              // random() does, as if memory had run out
    std::vector<std::string> destroyed;
    std::size_t calls = 0;
    MonoTime deadline{};  // of the last key or pair that was made
};

}  // namespace claviger::kms::test
