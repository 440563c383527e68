#include "src/store/seal.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <memory>

#include <claviger/base/descriptor.hpp>
#include <claviger/base/encoding.hpp>
#include <claviger/base/files.hpp>
#include <claviger/base/wire.hpp>

namespace claviger::store {
namespace {

constexpr std::size_t kKeySize = 32;
constexpr std::size_t kMaxKeyFile = 2 * kKeySize + 2;  // hex digits, a newline, and one more: that is no key
constexpr std::uint8_t kSecretFormat = 1;
constexpr std::size_t kSaltSize = 16;
constexpr std::size_t kIvSize = 12;
constexpr std::size_t kTagSize = 16;

// Decodes in wiping memory only: the general decoder returns ordinary bytes.
std::optional<SecretBytes> parse_key(const SecretBytes& content) {
    const ByteView bytes = content.reveal(SecretAccess());
    if (bytes.size() == kKeySize) {
        return content.clone();
    }
    const bool newline = bytes.size() == 2 * kKeySize + 1 && bytes.back() == std::byte{'\n'};
    if (bytes.size() != 2 * kKeySize && !newline) {
        return std::nullopt;
    }
    SecretBytes key(kKeySize);
    for (std::size_t i = 0; i < kKeySize; ++i) {
        const int high = hex_value(static_cast<char>(bytes[2 * i]));
        const int low = hex_value(static_cast<char>(bytes[2 * i + 1]));
        if (high < 0 || low < 0) {
            return std::nullopt;
        }
        key.reveal_mutable(SecretAccess())[i] = static_cast<std::byte>(high * 16 + low);
    }
    return key;
}

const EVP_CIPHER* aes_256_gcm() {
    static EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
    if (cipher == nullptr) {
        std::abort();  // a broken installation of OpenSSL
    }
    return cipher;
}

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

SecretBytes data_key(const SealingKey& key, ByteView salt) {
    const SecretBytes root = key.derive("claviger service secret v1");
    Sha256Digest derived = hmac_sha256(root.reveal(SecretAccess()), salt);
    SecretBytes result{ByteView(derived)};
    wipe(derived);
    return result;
}

Bytes associated_data(std::string_view table, std::string_view primary_key) {
    Bytes data;
    WireWriter(data).number(kSecretFormat).text(table).text(primary_key);
    return data;
}

}  // namespace

bool in_credentials_directory(const std::filesystem::path& path) {
    const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
    return directory != nullptr && path.parent_path() == std::filesystem::path(directory);
}

Result<SealingKey> SealingKey::load(const std::filesystem::path& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (file.get() < 0) {
        return Error(Errc::bad_config, os_error("sealing key " + path.string()).detail);
    }
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) {
        return os_error("sealing key " + path.string());
    }
    if (!S_ISREG(info.st_mode)) {
        return Error(Errc::bad_config, "sealing key " + path.string() + " is not a regular file");
    }
    if (!in_credentials_directory(path)) {
        if (info.st_uid != ::geteuid() && info.st_uid != 0) {
            return Error(Errc::bad_config,
                         "sealing key " + path.string() +
                             " belongs to another user: chown it to the user of the service");
        }
        if ((info.st_mode & 077U) != 0) {
            return Error(Errc::bad_config,
                         "sealing key " + path.string() + " can be read by other users: chmod 0600 it");
        }
    }
    SecretBytes content(kMaxKeyFile);
    const std::optional<std::size_t> size = read_all(file.get(), content.reveal_mutable(SecretAccess()));
    if (!size) {
        return os_error("read " + path.string());
    }
    content.resize(*size);
    std::optional<SecretBytes> key = parse_key(content);
    if (!key) {
        return Error(Errc::bad_config,
                     "sealing key " + path.string() + " is neither 32 bytes nor 64 hex digits");
    }
    return SealingKey(std::move(*key));
}

Result<SealingKey> SealingKey::create(const std::filesystem::path& path, Random& random) {
    SecretBytes key(kKeySize);
    random.fill(key.reveal_mutable(SecretAccess()));
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file.get() < 0) {
        return os_error("create sealing key " + path.string());
    }
    if (!write_all(file.get(), key.reveal(SecretAccess())) || ::fsync(file.get()) != 0) {
        const Error error = os_error("write sealing key " + path.string());
        ::unlink(path.c_str());
        return error;
    }
    // The directory entry too: a key that a power failure takes away takes every sealed row with it.
    const Status<> kept = sync_directory(path.has_parent_path() ? path.parent_path() : ".");
    if (!kept) {
        return kept.error();
    }
    return SealingKey(std::move(key));
}

SecretBytes SealingKey::derive(std::string_view label) const {
    Sha256Digest derived = hmac_sha256(key_.reveal(SecretAccess()), as_bytes(label));
    SecretBytes result{ByteView(derived)};
    wipe(derived);
    return result;
}

Sha256Digest SealingKey::id() const {
    return hmac_sha256(key_.reveal(SecretAccess()), as_bytes("claviger sealing key id v1"));
}

Result<Bytes> seal_secret(const SealingKey& key, Random& random, std::string_view table,
                          std::string_view primary_key, const SecretBytes& secret) {
    std::array<std::byte, kSaltSize + kIvSize> fresh;
    random.fill(fresh);
    Bytes sealed;
    WireWriter(sealed).number(kSecretFormat).raw_bytes(fresh);
    const std::size_t head = sealed.size();
    sealed.resize(head + secret.size() + kTagSize);

    const SecretBytes data = data_key(key, ByteView(fresh).first(kSaltSize));
    const Bytes aad = associated_data(table, primary_key);
    const CipherContext context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    unsigned char* const out = as_uchar_out(sealed) + head;
    int size = 0;
    if (!context ||
        EVP_EncryptInit_ex2(context.get(), aes_256_gcm(), as_uchar(data.reveal(SecretAccess())),
                            as_uchar(ByteView(fresh).subspan(kSaltSize)), nullptr) != 1 ||
        EVP_EncryptUpdate(context.get(), nullptr, &size, as_uchar(aad), static_cast<int>(aad.size())) != 1 ||
        EVP_EncryptUpdate(context.get(), out, &size, as_uchar(secret.reveal(SecretAccess())),
                          static_cast<int>(secret.size())) != 1 ||
        EVP_EncryptFinal_ex(context.get(), out + size, &size) != 1 ||
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagSize, out + secret.size()) != 1) {
        return Error(Errc::internal, "AES-GCM encryption of a service secret failed");
    }
    return sealed;
}

Result<SecretBytes> open_secret(const SealingKey& key, std::string_view table, std::string_view primary_key,
                                ByteView sealed) {
    WireReader reader(sealed);
    const auto format = reader.number<std::uint8_t>();
    const ByteView salt = reader.raw_bytes(kSaltSize);
    const ByteView iv = reader.raw_bytes(kIvSize);
    const Error refused(Errc::integrity,
                        "a secret of table " + std::string(table) +
                            " does not open: it was changed, moved from another row, or sealed "
                            "under another sealing key");
    if (!reader.ok() || format != kSecretFormat || reader.remaining() < kTagSize) {
        return refused;
    }
    const std::size_t size = reader.remaining() - kTagSize;
    const ByteView ciphertext = reader.raw_bytes(size);
    Bytes tag = to_bytes(reader.raw_bytes(kTagSize));

    const SecretBytes data = data_key(key, salt);
    const Bytes aad = associated_data(table, primary_key);
    const CipherContext context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    SecretBytes secret(size);
    unsigned char* const out = as_uchar_out(secret.reveal_mutable(SecretAccess()));
    unsigned char none = 0;  // GCM's final step writes nothing, but wants a place
    int written = 0;
    if (!context ||
        EVP_DecryptInit_ex2(context.get(), aes_256_gcm(), as_uchar(data.reveal(SecretAccess())), as_uchar(iv),
                            nullptr) != 1 ||
        EVP_DecryptUpdate(context.get(), nullptr, &written, as_uchar(aad), static_cast<int>(aad.size())) !=
            1 ||
        (size != 0 && EVP_DecryptUpdate(context.get(), out, &written, as_uchar(ciphertext),
                                        static_cast<int>(size)) != 1) ||
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagSize, tag.data()) != 1 ||
        EVP_DecryptFinal_ex(context.get(), &none, &written) != 1) {
        return refused;
    }
    return secret;
}

}  // namespace claviger::store
