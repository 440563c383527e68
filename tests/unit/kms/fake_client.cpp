#include "tests/unit/kms/fake_client.hpp"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <new>

#include <claviger/base/digest.hpp>

#include "hsm/link/blob.hpp"
#include "hsm/link/key_token.hpp"

namespace claviger::kms::test {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kKey = 32;
constexpr std::size_t kIv = 12;

ByteView key_bytes(const cluster::KeyMaterial& key) {
    return link::parse_key_token(key.token())->wrapped;
}

link::KeyName name_of(const cluster::KeyMaterial& key) {
    link::KeyName name;
    std::copy_n(key.name().begin(), 16, name.key_tag.begin());
    std::copy_n(key.name().begin() + 16, 16, name.material.begin());
    return name;
}

struct CipherContext {
    EVP_CIPHER_CTX* raw = EVP_CIPHER_CTX_new();
    ~CipherContext() { EVP_CIPHER_CTX_free(raw); }
};

int length(ByteView bytes) {
    return static_cast<int>(bytes.size());
}

Bytes seal(const cluster::KeyMaterial& key, ByteView plaintext, ByteView context) {
    const auto header = link::blob_header(name_of(key), kIv);
    Bytes blob(header.begin(), header.end());
    blob.resize(header.size() + kIv + plaintext.size() + link::kGcmTag);
    unsigned char* const iv = as_uchar_out(std::span(blob).subspan(header.size()));
    RAND_bytes(iv, kIv);
    const CipherContext cipher;
    int n = 0;
    EVP_EncryptInit_ex(cipher.raw, EVP_aes_256_gcm(), nullptr, as_uchar(key_bytes(key)), iv);
    EVP_EncryptUpdate(cipher.raw, nullptr, &n, as_uchar(ByteView(blob).first(header.size())),
                      static_cast<int>(header.size()));
    if (!context.empty()) {
        EVP_EncryptUpdate(cipher.raw, nullptr, &n, as_uchar(context), length(context));
    }
    EVP_EncryptUpdate(cipher.raw, iv + kIv, &n, as_uchar(plaintext), length(plaintext));
    EVP_EncryptFinal_ex(cipher.raw, iv + kIv + n, &n);
    EVP_CIPHER_CTX_ctrl(cipher.raw, EVP_CTRL_GCM_GET_TAG, link::kGcmTag, iv + kIv + plaintext.size());
    return blob;
}

Result<SecretBytes> open(const cluster::KeyMaterial& key, ByteView blob, ByteView context) {
    const auto view = link::parse_blob(blob);
    if (!view || view->name != name_of(key)) {
        return Error(Errc::data_invalid, "not a blob of this key");
    }
    SecretBytes plaintext(view->ciphertext.size());
    const CipherContext cipher;
    int n = 0;
    Bytes tag = to_bytes(view->sealed.last(link::kGcmTag));
    EVP_DecryptInit_ex(cipher.raw, EVP_aes_256_gcm(), nullptr, nullptr, nullptr);
    EVP_CIPHER_CTX_ctrl(cipher.raw, EVP_CTRL_GCM_SET_IVLEN, length(view->iv), nullptr);
    EVP_DecryptInit_ex(cipher.raw, nullptr, nullptr, as_uchar(key_bytes(key)), as_uchar(view->iv));
    EVP_DecryptUpdate(cipher.raw, nullptr, &n, as_uchar(view->header), length(view->header));
    if (!context.empty()) {
        EVP_DecryptUpdate(cipher.raw, nullptr, &n, as_uchar(context), length(context));
    }
    unsigned char* const out = as_uchar_out(plaintext.reveal_mutable(SecretAccess()));
    EVP_DecryptUpdate(cipher.raw, out, &n, as_uchar(view->ciphertext), length(view->ciphertext));
    EVP_CIPHER_CTX_ctrl(cipher.raw, EVP_CTRL_GCM_SET_TAG, link::kGcmTag, tag.data());
    if (EVP_DecryptFinal_ex(cipher.raw, out + n, &n) != 1) {
        return Error(Errc::data_invalid, "tag");
    }
    return plaintext;
}

// Empty for secret keys; nullopt: nobody can make this spec.
std::optional<Bytes> public_part(std::string_view spec) {
    if (spec == "SYMMETRIC_DEFAULT" || spec.starts_with("HMAC_")) {
        return Bytes{};
    }
    if (spec.starts_with("RSA_")) {
        static const PublicKey key(EVP_RSA_gen(2048));  // one is enough: nobody looks at its size
        return *to_spki(key);
    }
    for (const auto& [name, curve] : {std::pair("ECC_NIST_P256", "P-256"),
                                      {"ECC_NIST_P384", "P-384"},
                                      {"ECC_NIST_P521", "P-521"},
                                      {"ECC_SECG_P256K1", "secp256k1"}}) {
        if (spec == name) {
            return *to_spki(PublicKey(EVP_EC_gen(curve)));
        }
    }
    return std::nullopt;
}

// With the key in the clear.
Result<cluster::NewKey> token_of(const cluster::NewKeyIdentity& identity,
                                 const std::array<std::byte, 32>& material_id, const Bytes& key,
                                 const std::optional<Bytes>& public_key) {
    if (!public_key) {
        return Error(Errc::unsupported, "no HSM makes such keys");
    }
    link::KeyToken token;
    token.header.cluster_id = "cluster-abcdefghijk";
    token.header.cwk_generation = 1;
    token.header.wrap_algorithm = link::kWrapRfc5649;
    token.header.account = identity.account;
    token.header.key_id = identity.key_id;
    token.header.material_id = material_id;
    token.header.origin = identity.origin;
    token.header.spec = identity.spec;
    token.header.usage = identity.usage;
    token.header.check_value = ByteView(key).first(16);
    token.header.public_key = *public_key;
    token.wrapped = key;
    std::optional<Bytes> encoded = link::encode_key_token(token);
    if (!encoded) {
        return Error(Errc::internal, "key token out of limits");
    }
    return cluster::NewKey{*std::move(encoded), *public_key};
}

}  // namespace

asio::awaitable<Result<Bytes>> FakeClient::encrypt(const cluster::KeyMaterial& key, ByteView plaintext,
                                                   ByteView context, MonoTime) {
    ++calls;
    if (failure) {
        co_return Error(*failure, "as told");
    }
    co_return seal(key, plaintext, context);
}

asio::awaitable<Result<SecretBytes>> FakeClient::decrypt(const cluster::KeyMaterial& key, ByteView blob,
                                                         ByteView context, MonoTime) {
    ++calls;
    if (failure) {
        co_return Error(*failure, "as told");
    }
    co_return open(key, blob, context);
}

asio::awaitable<Result<Bytes>> FakeClient::re_encrypt(const cluster::KeyMaterial& source, ByteView blob,
                                                      ByteView source_context,
                                                      const cluster::KeyMaterial& destination,
                                                      ByteView destination_context, MonoTime) {
    ++calls;
    if (failure) {
        co_return Error(*failure, "as told");
    }
    const Result<SecretBytes> plaintext = open(source, blob, source_context);
    if (!plaintext) {
        co_return plaintext.error();
    }
    co_return seal(destination, plaintext->reveal(SecretAccess()), destination_context);
}

asio::awaitable<Result<cluster::DataKey>> FakeClient::generate_data_key(const cluster::KeyMaterial& key,
                                                                        std::uint16_t size,
                                                                        cluster::Plaintext want,
                                                                        ByteView context, MonoTime) {
    ++calls;
    if (failure) {
        co_return Error(*failure, "as told");
    }
    SecretBytes plaintext(size);
    RAND_bytes(as_uchar_out(plaintext.reveal_mutable(SecretAccess())), size);
    cluster::DataKey made;
    made.blob = seal(key, plaintext.reveal(SecretAccess()), context);
    if (want == cluster::Plaintext::include) {
        made.plaintext = std::move(plaintext);
    }
    co_return made;
}

asio::awaitable<Result<Bytes>> FakeClient::mac(const cluster::KeyMaterial& key, ByteView message, MonoTime) {
    ++calls;
    if (failure) {
        co_return Error(*failure, "as told");
    }
    co_return to_bytes(hmac_sha256(key_bytes(key), message));
}

asio::awaitable<Result<Bytes>> FakeClient::sign(const cluster::KeyMaterial&, SignatureKind, ByteView digest,
                                                MonoTime) {
    ++calls;
    if (failure) {
        co_return Error(*failure, "as told");
    }
    co_return to_bytes(digest);
}

asio::awaitable<Result<SecretBytes>> FakeClient::rsa_decrypt(const cluster::KeyMaterial&, Hash, ByteView,
                                                             MonoTime) {
    ++calls;
    co_return Error(failure.value_or(Errc::data_invalid), "not faked");
}

asio::awaitable<Result<SecretBytes>> FakeClient::derive(const cluster::KeyMaterial&, ByteView, MonoTime) {
    ++calls;
    if (failure) {
        co_return Error(*failure, "as told");
    }
    co_return SecretBytes(kKey);
}

asio::awaitable<Result<cluster::KeyPair>> FakeClient::generate_pair(std::string_view, MonoTime until) {
    ++calls;
    deadline = until;
    if (failure) {
        co_return Error(*failure, "as told");
    }
    co_return cluster::KeyPair{SecretBytes(kKey), Bytes(kKey)};
}

asio::awaitable<Result<SecretBytes>> FakeClient::random(std::uint16_t size, MonoTime) {
    ++calls;
    if (throws) {
        throw std::bad_alloc();
    }
    if (failure) {
        co_return Error(*failure, "as told");
    }
    SecretBytes bytes(size);
    RAND_bytes(as_uchar_out(bytes.reveal_mutable(SecretAccess())), size);
    co_return bytes;
}

asio::awaitable<Result<cluster::NewKey>> FakeClient::create_key(const cluster::NewKeyIdentity& identity,
                                                                MonoTime until) {
    ++calls;
    deadline = until;
    if (failure) {
        co_return Error(*failure, "as told");
    }
    Bytes key(kKey);
    RAND_bytes(as_uchar_out(key), kKey);
    co_return token_of(identity, identity.material_id, key,
                       public_key ? public_key : public_part(identity.spec));
}

// An envelope is the material itself, unless it is empty or begins with 0xff.
asio::awaitable<Result<cluster::NewKey>> FakeClient::import_key(const cluster::NewKeyIdentity& identity,
                                                                const cluster::WrappedMaterial& material,
                                                                MonoTime) {
    ++calls;
    if (failure || material.bytes.front() == std::byte{0xff}) {
        co_return Error(failure.value_or(Errc::data_invalid), "not an envelope");
    }
    if (material.bytes.size() != kKey) {
        co_return cluster::NewKey{};
    }
    co_return token_of(identity, hmac_sha256(material.id_key, material.bytes), to_bytes(material.bytes),
                       public_part(identity.spec));
}

asio::awaitable<Status<>> FakeClient::destroy_key(const cluster::KeyMaterial& key, MonoTime) {
    ++calls;
    if (failure) {
        co_return Error(*failure, "as told");
    }
    destroyed.push_back(key.key_id());
    co_return done;
}

}  // namespace claviger::kms::test
