// Certificates of a cluster: who vouches for its identity key.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <claviger/base/bytes.hpp>
#include <claviger/base/clock.hpp>
#include <claviger/base/result.hpp>

namespace claviger::cluster {

// A certificate authority for `claviger dev`: made in memory, signs one cluster certificate, and is
// forgotten. Its key is no HSM key and its word is worth what the developer's disk is worth. Not thread-safe.
class DevAuthority {
public:
    enum class KeyKind : std::uint8_t { p256, rsa2048 };
    static Result<DevAuthority> create(std::string_view organizational_unit, WallTime now,
                                       KeyKind kind = KeyKind::p256);
    DevAuthority(DevAuthority&&) noexcept;
    DevAuthority& operator=(DevAuthority&&) noexcept;
    ~DevAuthority();

    const std::string& certificate_pem() const noexcept { return certificate_pem_; }
    // PEM. data_invalid: not a certificate request, or its signature does not verify.
    Result<std::string> sign(ByteView request_der, WallTime now) const;

private:
    struct Key;
    DevAuthority(std::unique_ptr<Key> key, std::string certificate_pem);
    std::unique_ptr<Key> key_;
    std::string certificate_pem_;
};

// DER of the one certificate in `pem`. integrity: there is none.
Result<Bytes> certificate_der(std::string_view pem);

// The certificate that every token of the cluster carries, and what its key signed. Immutable, thread-safe.
// An object that exists chains to its anchor. Validity dates are judged when a cluster is initialised only:
// an expiry would end all HSMs in the same second (docs/architecture.md, admission).
class ClusterTrust {
public:
    static Result<ClusterTrust> make(std::string_view certificate_pem, std::string_view anchor_pem);
    ClusterTrust(ClusterTrust&&) noexcept;
    ClusterTrust& operator=(ClusterTrust&&) noexcept;
    ~ClusterTrust();

    const Bytes& certificate_der() const noexcept { return certificate_der_; }
    WallTime expires() const noexcept { return expires_; }
    // sha256WithRSAEncryption (RFC 8017 section 8.2) of `message` by the certificate's key.
    bool verify(ByteView message, ByteView signature) const;

private:
    struct Key;
    ClusterTrust(std::unique_ptr<Key> key, Bytes der, WallTime expires);
    std::unique_ptr<Key> key_;
    Bytes certificate_der_;
    WallTime expires_;
};

}  // namespace claviger::cluster
