// The sealing key and what hangs on it: seals of rows, and the secrets of the service itself.
#pragma once

#include <filesystem>
#include <string_view>

#include <claviger/base/bytes.hpp>
#include <claviger/base/clock.hpp>
#include <claviger/base/digest.hpp>
#include <claviger/base/result.hpp>
#include <claviger/base/secret.hpp>

namespace claviger::store {

// systemd guards what it puts there, with an access list that the mode does not show (systemd.exec(5)).
bool in_credentials_directory(const std::filesystem::path& path);

// The root of everything the store seals: 32 bytes in a file of their own, outside the data directory and
// never in a backup. Immutable after construction, so it may be read from any thread.
class SealingKey {
public:
    // A regular file of ours (or root's), readable by no other user: 32 raw bytes, or 64 hex digits with or
    // without a newline. A file in $CREDENTIALS_DIRECTORY (systemd.exec(5)) may have any mode.
    // Errc::bad_config says what to do.
    static Result<SealingKey> load(const std::filesystem::path& path);
    // A new key in a new file of mode 0600, on the disk when this returns. Never replaces a file.
    static Result<SealingKey> create(const std::filesystem::path& path, Random& random);

    // A key for one purpose: HMAC-SHA-256 of a label under this key. Different labels give independent keys.
    SecretBytes derive(std::string_view label) const;
    // Says whether two keys are the same without telling anything else about them.
    Sha256Digest id() const;

private:
    explicit SealingKey(SecretBytes key) : key_(std::move(key)) {}

    SecretBytes key_;
};

// AES-256-GCM under a data key of its own (derived from the sealing key and a random salt). What is sealed
// for one row opens for no other: table and primary key are authenticated.
Result<Bytes> seal_secret(const SealingKey& key, Random& random, std::string_view table,
                          std::string_view primary_key, const SecretBytes& secret);
// Errc::integrity if the bytes were made for another row, under another sealing key, or were changed.
Result<SecretBytes> open_secret(const SealingKey& key, std::string_view table, std::string_view primary_key,
                                ByteView sealed);

}  // namespace claviger::store
