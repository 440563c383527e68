#include "tools/claviger-bench/raw_token.hpp"

#include <dlfcn.h>
#include <pkcs11-helper-1.0/pkcs11.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tools/claviger-bench/process.hpp"

namespace claviger::bench {
namespace {

constexpr std::size_t kPlaintext = 64;
constexpr std::size_t kDataKey = 32;
constexpr std::size_t kTag = 16;
constexpr std::size_t kAad = 80;  // blob header and a context of two short pairs
constexpr std::size_t kDigest = 32;
constexpr CK_ULONG kModulusBits = 2048;

void must(CK_RV answer, const char* what) {
    if (answer != CKR_OK) {
        char code[32];
        std::snprintf(code, sizeof code, " (CKR 0x%lx)", answer);
        throw std::runtime_error(std::string("raw token: ") + what + code);
    }
}

// The one OAEP that SoftHSM 2.6.1 does itself.
constexpr CK_RSA_PKCS_OAEP_PARAMS kOaep{CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, nullptr, 0};

}  // namespace

class RawToken::Impl {
public:
    Impl(const std::filesystem::path& module, const std::filesystem::path& directory) {
        std::filesystem::create_directories(directory / "tokens");
        const std::filesystem::path configuration = directory / "softhsm2.conf";
        write_file(configuration, "directories.tokendir = " + (directory / "tokens").string() +
                                      "\nobjectstore.backend = file\nlog.level = ERROR\n");
        ::setenv("SOFTHSM2_CONF", configuration.c_str(), 1);
        void* library = ::dlopen(module.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (library == nullptr) {
            throw std::runtime_error(std::string("raw token: ") + ::dlerror());
        }
        must(reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"))(&f_), "load");
        must(f_->C_Initialize(nullptr), "C_Initialize");
        log_in();
        make_key();
        ciphertext_size_ = seal(plaintext_.data(), kPlaintext);
        sealed_ = out_;
        sealed_iv_ = iv_;
        make_pairs();
    }

    void encrypt() {
        ++iv_[11];
        seal(plaintext_.data(), kPlaintext);
    }

    void decrypt() {
        CK_GCM_PARAMS parameters = gcm(sealed_iv_);
        CK_MECHANISM mechanism{CKM_AES_GCM, &parameters, sizeof parameters};
        CK_ULONG size = out_.size();
        must(f_->C_DecryptInit(session_, &mechanism, key_), "C_DecryptInit");
        must(f_->C_Decrypt(session_, sealed_.data(), ciphertext_size_, out_.data(), &size), "C_Decrypt");
        if (size != kPlaintext || std::memcmp(out_.data(), plaintext_.data(), size) != 0) {
            throw std::runtime_error("raw token: wrong plaintext");
        }
    }

    void data_key() {
        std::array<unsigned char, kDataKey> fresh;
        must(f_->C_GenerateRandom(session_, fresh.data(), fresh.size()), "C_GenerateRandom");
        ++iv_[11];
        seal(fresh.data(), fresh.size());
    }

    void sign_rsa() { sign(CKM_RSA_PKCS, rsa_private_, digest_info_); }
    void sign_ec() { sign(CKM_ECDSA, ec_private_, digest_); }
    void verify_rsa() { verify(CKM_RSA_PKCS, rsa_public_, digest_info_, rsa_signature_); }
    void verify_ec() { verify(CKM_ECDSA, ec_public_, digest_, ec_signature_); }
    void mac() { sign(CKM_SHA256_HMAC, mac_, digest_); }
    void decrypt_rsa() {
        CK_RSA_PKCS_OAEP_PARAMS oaep = kOaep;
        CK_MECHANISM mechanism{CKM_RSA_PKCS_OAEP, &oaep, sizeof oaep};
        CK_ULONG size = big_.size();
        must(f_->C_DecryptInit(session_, &mechanism, rsa_private_), "C_DecryptInit");
        must(f_->C_Decrypt(session_, sealed_rsa_.data(), sealed_rsa_.size(), big_.data(), &size),
             "C_Decrypt");
    }

private:
    void log_in() {
        std::array<unsigned char, 8> pin;
        pin.fill('7');
        std::array<unsigned char, 32> label;
        label.fill(' ');
        CK_SLOT_ID slot = 0;
        CK_ULONG count = 1;
        must(f_->C_GetSlotList(CK_FALSE, &slot, &count), "C_GetSlotList");
        must(f_->C_InitToken(slot, pin.data(), pin.size(), label.data()), "C_InitToken");
        must(f_->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &session_),
             "C_OpenSession");
        must(f_->C_Login(session_, CKU_SO, pin.data(), pin.size()), "C_Login");
        must(f_->C_InitPIN(session_, pin.data(), pin.size()), "C_InitPIN");
        must(f_->C_Logout(session_), "C_Logout");
        must(f_->C_Login(session_, CKU_USER, pin.data(), pin.size()), "C_Login");
    }

    void make_key() {
        CK_MECHANISM mechanism{CKM_AES_KEY_GEN, nullptr, 0};
        CK_ULONG size = 32;
        CK_BBOOL yes = CK_TRUE;
        CK_BBOOL no = CK_FALSE;
        CK_MECHANISM_TYPE allowed = CKM_AES_GCM;
        std::array attributes{
            CK_ATTRIBUTE{CKA_VALUE_LEN, &size, sizeof size},
            CK_ATTRIBUTE{CKA_TOKEN, &no, sizeof no},
            CK_ATTRIBUTE{CKA_PRIVATE, &yes, sizeof yes},
            CK_ATTRIBUTE{CKA_SENSITIVE, &yes, sizeof yes},
            CK_ATTRIBUTE{CKA_EXTRACTABLE, &no, sizeof no},
            CK_ATTRIBUTE{CKA_ENCRYPT, &yes, sizeof yes},
            CK_ATTRIBUTE{CKA_DECRYPT, &yes, sizeof yes},
            CK_ATTRIBUTE{CKA_ALLOWED_MECHANISMS, &allowed, sizeof allowed},
        };
        must(f_->C_GenerateKey(session_, &mechanism, attributes.data(), attributes.size(), &key_),
             "C_GenerateKey");
    }

    // A signature or MAC, in big_; its size.
    CK_ULONG sign(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key, std::vector<unsigned char>& message) {
        CK_MECHANISM mechanism{type, nullptr, 0};
        CK_ULONG size = big_.size();
        must(f_->C_SignInit(session_, &mechanism, key), "C_SignInit");
        must(f_->C_Sign(session_, message.data(), message.size(), big_.data(), &size), "C_Sign");
        return size;
    }

    void verify(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key, std::vector<unsigned char>& message,
                std::vector<unsigned char>& signature) {
        CK_MECHANISM mechanism{type, nullptr, 0};
        must(f_->C_VerifyInit(session_, &mechanism, key), "C_VerifyInit");
        must(f_->C_Verify(session_, message.data(), message.size(), signature.data(), signature.size()),
             "C_Verify");
    }

    void make_pairs() {
        CK_BBOOL yes = CK_TRUE;
        CK_BBOOL no = CK_FALSE;
        CK_ULONG bits = kModulusBits;
        std::array<unsigned char, 10> p256{0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
        std::array rsa{CK_ATTRIBUTE{CKA_MODULUS_BITS, &bits, sizeof bits},
                       CK_ATTRIBUTE{CKA_VERIFY, &yes, sizeof yes},
                       CK_ATTRIBUTE{CKA_ENCRYPT, &yes, sizeof yes}, CK_ATTRIBUTE{CKA_TOKEN, &no, sizeof no}};
        std::array ec{CK_ATTRIBUTE{CKA_EC_PARAMS, p256.data(), p256.size()},
                      CK_ATTRIBUTE{CKA_VERIFY, &yes, sizeof yes}, CK_ATTRIBUTE{CKA_TOKEN, &no, sizeof no}};
        std::array secret{
            CK_ATTRIBUTE{CKA_TOKEN, &no, sizeof no}, CK_ATTRIBUTE{CKA_PRIVATE, &yes, sizeof yes},
            CK_ATTRIBUTE{CKA_SENSITIVE, &yes, sizeof yes}, CK_ATTRIBUTE{CKA_SIGN, &yes, sizeof yes},
            CK_ATTRIBUTE{CKA_DECRYPT, &yes, sizeof yes}};
        CK_MECHANISM make_rsa{CKM_RSA_PKCS_KEY_PAIR_GEN, nullptr, 0};
        must(f_->C_GenerateKeyPair(session_, &make_rsa, rsa.data(), rsa.size(), secret.data(), secret.size(),
                                   &rsa_public_, &rsa_private_),
             "RSA pair");
        CK_MECHANISM make_ec{CKM_EC_KEY_PAIR_GEN, nullptr, 0};
        must(f_->C_GenerateKeyPair(session_, &make_ec, ec.data(), ec.size(), secret.data(), secret.size() - 1,
                                   &ec_public_, &ec_private_),
             "EC pair");
        CK_ULONG size = 32;
        std::array mac{CK_ATTRIBUTE{CKA_VALUE_LEN, &size, sizeof size}, secret[0], secret[1], secret[2],
                       secret[3]};
        CK_MECHANISM make_mac{CKM_GENERIC_SECRET_KEY_GEN, nullptr, 0};
        must(f_->C_GenerateKey(session_, &make_mac, mac.data(), mac.size(), &mac_), "HMAC key");

        // DigestInfo of SHA-256 (RFC 8017 section 9.2, note 1)
        digest_info_ = {0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                        0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
        digest_info_.insert(digest_info_.end(), digest_.begin(), digest_.end());
        rsa_signature_ = taken(sign(CKM_RSA_PKCS, rsa_private_, digest_info_));
        ec_signature_ = taken(sign(CKM_ECDSA, ec_private_, digest_));
        CK_RSA_PKCS_OAEP_PARAMS oaep = kOaep;
        CK_MECHANISM seal_rsa{CKM_RSA_PKCS_OAEP, &oaep, sizeof oaep};
        CK_ULONG sealed = big_.size();
        must(f_->C_EncryptInit(session_, &seal_rsa, rsa_public_), "C_EncryptInit");
        must(f_->C_Encrypt(session_, plaintext_.data(), plaintext_.size(), big_.data(), &sealed),
             "C_Encrypt");
        sealed_rsa_ = taken(sealed);
    }

    std::vector<unsigned char> taken(CK_ULONG size) const {
        return {big_.begin(), big_.begin() + static_cast<std::ptrdiff_t>(size)};
    }

    CK_GCM_PARAMS gcm(std::array<unsigned char, 12>& iv) {
        return {iv.data(), iv.size(), iv.size() * 8, aad_.data(), aad_.size(), kTag * 8};
    }

    CK_ULONG seal(unsigned char* plaintext, CK_ULONG size) {
        CK_GCM_PARAMS parameters = gcm(iv_);
        CK_MECHANISM mechanism{CKM_AES_GCM, &parameters, sizeof parameters};
        CK_ULONG written = out_.size();
        must(f_->C_EncryptInit(session_, &mechanism, key_), "C_EncryptInit");
        must(f_->C_Encrypt(session_, plaintext, size, out_.data(), &written), "C_Encrypt");
        return written;
    }

    CK_FUNCTION_LIST* f_ = nullptr;
    CK_SESSION_HANDLE session_ = CK_INVALID_HANDLE;
    CK_OBJECT_HANDLE key_ = CK_INVALID_HANDLE;
    std::array<unsigned char, 12> iv_{};
    std::array<unsigned char, 12> sealed_iv_{};
    std::array<unsigned char, kPlaintext> plaintext_{};
    std::array<unsigned char, kAad> aad_{};
    std::array<unsigned char, kPlaintext + kTag> out_{};
    std::array<unsigned char, kPlaintext + kTag> sealed_{};
    CK_OBJECT_HANDLE rsa_private_ = 0, rsa_public_ = 0, ec_private_ = 0, ec_public_ = 0, mac_ = 0;
    std::vector<unsigned char> digest_ = std::vector<unsigned char>(kDigest, 0x5A);
    std::vector<unsigned char> digest_info_;
    std::vector<unsigned char> rsa_signature_, ec_signature_, sealed_rsa_;
    std::array<unsigned char, kModulusBits / 8> big_{};  // what RSA, EC and HMAC give
    CK_ULONG ciphertext_size_ = 0;
};

RawToken::RawToken(const std::filesystem::path& module, const std::filesystem::path& directory)
    : impl_(std::make_unique<Impl>(module, directory)) {}
RawToken::~RawToken() = default;

RawToken::Operation RawToken::operation(std::string_view name) {
    static constexpr std::pair<std::string_view, Operation> kTable[] = {
        {"Encrypt", &Impl::encrypt},
        {"Decrypt", &Impl::decrypt},
        {"GenerateDataKey", &Impl::data_key},
        {"Sign-RSA_2048", &Impl::sign_rsa},
        {"Sign-ECC_NIST_P256", &Impl::sign_ec},
        {"Verify-RSA_2048", &Impl::verify_rsa},
        {"Verify-ECC_NIST_P256", &Impl::verify_ec},
        {"GenerateMac-HMAC_256", &Impl::mac},
        {"Decrypt-RSA_2048", &Impl::decrypt_rsa},
    };
    for (const auto& [known, measured] : kTable) {
        if (known == name) {
            return measured;
        }
    }
    return nullptr;
}

void RawToken::run(Operation measured, int times) {
    for (int i = 0; i < times; ++i) {
        ((*impl_).*measured)();
    }
}

}  // namespace claviger::bench
