#include "tools/faulty-pkcs11/pin_counter.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <utility>

namespace claviger::faulty {
namespace {

using Counts = std::map<std::pair<std::string, CK_USER_TYPE>, unsigned long>;

class Lock {
public:
    explicit Lock(const std::string& file)
        : file_(::open((file + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
        ::flock(file_, LOCK_EX);
    }
    ~Lock() { ::close(file_); }
    Lock(const Lock&) = delete;  // a copy would let go twice
    Lock& operator=(const Lock&) = delete;

private:
    int file_;
};

Counts read_counts(const std::string& file) {
    Counts counts;
    std::ifstream in(file);
    std::string serial;
    CK_USER_TYPE user = 0;
    unsigned long count = 0;
    while (in >> serial >> user >> count) {
        counts[{serial, user}] = count;
    }
    return counts;
}

}  // namespace

bool PinCounter::locked(const std::string& serial, CK_USER_TYPE user, unsigned long limit) const {
    return count(serial, user) >= limit;
}

void PinCounter::record(const std::string& serial, CK_USER_TYPE user, CK_RV answer) {
    if (answer != CKR_OK && answer != CKR_PIN_INCORRECT) {
        return;
    }
    const Lock lock(file_);
    Counts counts = read_counts(file_);
    unsigned long& wrong = counts[{serial, user}];
    wrong = answer == CKR_OK ? 0 : wrong + 1;
    std::ofstream out(file_, std::ios::trunc);
    for (const auto& [key, value] : counts) {
        out << key.first << ' ' << key.second << ' ' << value << '\n';
    }
}

CK_FLAGS PinCounter::flags(const std::string& serial, unsigned long limit) const {
    struct Bits {
        CK_USER_TYPE user;
        CK_FLAGS low, final_try, locked;
    };
    constexpr Bits kBits[] = {
        {CKU_USER, CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED},
        {CKU_SO, CKF_SO_PIN_COUNT_LOW, CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_LOCKED},
    };
    CK_FLAGS flags = 0;
    for (const Bits& bits : kBits) {
        const unsigned long wrong = count(serial, bits.user);
        flags |= wrong > 0 ? bits.low : 0;
        flags |= wrong + 1 == limit ? bits.final_try : 0;
        flags |= wrong >= limit ? bits.locked : 0;
    }
    return flags;
}

unsigned long PinCounter::count(const std::string& serial, CK_USER_TYPE user) const {
    const Lock lock(file_);
    const Counts counts = read_counts(file_);
    const auto found = counts.find({serial, user});
    return found == counts.end() ? 0 : found->second;
}

}  // namespace claviger::faulty
