#include "src/cloudhsm/password.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <array>

namespace claviger::cloudhsm {
namespace {

constexpr std::size_t kSalt = 16;
constexpr std::size_t kHash = 32;

bool scrypt(const SecretBytes& password, ByteView salt, std::span<std::byte, kHash> out) {
    const ByteView text = password.reveal(SecretAccess());
    const bool good =
        EVP_PBE_scrypt(reinterpret_cast<const char*>(text.data()), text.size(),
                       reinterpret_cast<const unsigned char*>(salt.data()), salt.size(), 1 << 14, 8, 1,
                       64 << 20, reinterpret_cast<unsigned char*>(out.data()), out.size()) == 1;
    ERR_clear_error();
    return good;
}

}  // namespace

Result<Bytes> hash_password(const SecretBytes& password, Random& random) {
    std::array<std::byte, kSalt> salt;
    random.fill(salt);
    std::array<std::byte, kHash> hash;
    if (!scrypt(password, salt, hash)) {
        return Error(Errc::internal, "scrypt failed");
    }
    Bytes both = to_bytes(salt);
    append(both, hash);
    return both;
}

bool is_password(const SecretBytes& password, ByteView stored) {
    std::array<std::byte, kHash> hash;
    return stored.size() == kSalt + kHash && scrypt(password, stored.first(kSalt), hash) &&
           equal_constant_time(hash, stored.subspan(kSalt));
}

}  // namespace claviger::cloudhsm
