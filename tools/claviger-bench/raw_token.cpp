#include "tools/claviger-bench/raw_token.hpp"

#include <dlfcn.h>
#include <pkcs11-helper-1.0/pkcs11.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace claviger::bench {
namespace {

constexpr std::size_t kPlaintext = 64;
constexpr std::size_t kDataKey = 32;
constexpr std::size_t kTag = 16;
constexpr std::size_t kAad = 80;  // blob header and a context of two short pairs
constexpr int kBatch = 64;        // operations between two looks at the clock

enum class RawOperation : char { encrypt = 'e', decrypt = 'd', data_key = 'g', stop = 's' };

void must(CK_RV answer, const char* what) {
    if (answer != CKR_OK) {
        char code[32];
        std::snprintf(code, sizeof code, " (CKR 0x%lx)", answer);
        throw std::runtime_error(std::string("raw token: ") + what + code);
    }
}

// One token in a directory of its own, a private session key, and the operations on it.
class RawToken {
public:
    RawToken(const std::filesystem::path& module, const std::filesystem::path& directory) {
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
    CK_ULONG ciphertext_size_ = 0;
};

RawRate rate(RawToken& token, void (RawToken::*operation)(), Seconds duration) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point start = Clock::now();
    const Seconds cpu = own_cpu();
    double done = 0;
    for (;;) {
        for (int i = 0; i < kBatch; ++i) {
            (token.*operation)();
        }
        done += kBatch;
        const Seconds passed = Clock::now() - start;
        if (passed >= duration) {
            return {done / passed.count(), (own_cpu() - cpu).count() * 1e6 / done};
        }
    }
}

// Serves orders from `orders` until stop: one character each, answered by a RawRate.
void serve(const std::filesystem::path& module, const std::filesystem::path& directory, Seconds duration,
           int orders, int answers) {
    RawToken token(module, directory);
    const auto answer = [answers](const RawRate& value) {
        if (::write(answers, &value, sizeof value) != sizeof value) {
            ::_exit(1);
        }
    };
    answer({});
    char order = 0;
    while (::read(orders, &order, 1) == 1) {
        switch (RawOperation{order}) {
            case RawOperation::encrypt: answer(rate(token, &RawToken::encrypt, duration)); break;
            case RawOperation::decrypt: answer(rate(token, &RawToken::decrypt, duration)); break;
            case RawOperation::data_key: answer(rate(token, &RawToken::data_key, duration)); break;
            case RawOperation::stop: return;
        }
    }
}

struct Worker {
    Child child;
    int orders;
    int answers;
};

// The sum of their rates and the mean of their costs.
RawRate ask_all(const std::vector<Worker>& workers) {
    RawRate all;
    for (const Worker& worker : workers) {
        RawRate value;
        if (::read(worker.answers, &value, sizeof value) != sizeof value) {
            throw std::runtime_error("raw token: a worker ended early");
        }
        all.per_second += value.per_second;
        all.cpu_microseconds += value.cpu_microseconds / static_cast<double>(workers.size());
    }
    return all;
}

void order(const std::vector<Worker>& workers, RawOperation operation) {
    const char letter = static_cast<char>(operation);
    for (const Worker& worker : workers) {
        if (::write(worker.orders, &letter, 1) != 1) {
            throw std::runtime_error("raw token: a worker ended early");
        }
    }
}

RawRate measure(const std::vector<Worker>& workers, RawOperation operation) {
    order(workers, operation);
    return ask_all(workers);
}

}  // namespace

RawRates measure_raw(const std::filesystem::path& module, unsigned processes, Seconds duration) {
    const TempDirectory scratch;
    std::vector<Worker> workers;
    for (unsigned i = 0; i < processes; ++i) {
        int orders[2];
        int answers[2];
        if (::pipe(orders) != 0 || ::pipe(answers) != 0) {
            throw std::runtime_error("raw token: no pipe");
        }
        const std::filesystem::path directory = scratch.path() / std::to_string(i);
        workers.push_back({Child::run([&] {
                               ::close(orders[1]);
                               ::close(answers[0]);
                               serve(module, directory, duration, orders[0], answers[1]);
                           }),
                           orders[1], answers[0]});
        ::close(orders[0]);
        ::close(answers[1]);
    }
    ask_all(workers);
    RawRates rates;
    rates.encrypt = measure(workers, RawOperation::encrypt);
    rates.decrypt = measure(workers, RawOperation::decrypt);
    rates.data_key = measure(workers, RawOperation::data_key);
    order(workers, RawOperation::stop);
    for (Worker& worker : workers) {
        worker.child.stop(std::chrono::seconds(5));
        ::close(worker.orders);
        ::close(worker.answers);
    }
    return rates;
}

}  // namespace claviger::bench
