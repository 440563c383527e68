// Counts wrong PINs as a real HSM does: SoftHSM never locks. The counts survive the process, as in a token.
#pragma once

#include <pkcs11-helper-1.0/pkcs11.h>

#include <string>

namespace claviger::faulty {

// Counts live in FILE, one "SERIAL USERTYPE COUNT" a line. Not thread-safe; processes share FILE under a lock
// taken for each call.
class PinCounter {
public:
    explicit PinCounter(std::string file) : file_(std::move(file)) {}

    // Whether `limit` wrong PINs were seen since the last right one.
    bool locked(const std::string& serial, CK_USER_TYPE user, unsigned long limit) const;
    // A right PIN sets the count to zero, CKR_PIN_INCORRECT raises it; anything else says nothing about the
    // PIN.
    void record(const std::string& serial, CK_USER_TYPE user, CK_RV answer);
    // CKF_*_PIN_COUNT_LOW, _FINAL_TRY and _LOCKED as PKCS#11 v2.40 table 6 defines them.
    CK_FLAGS flags(const std::string& serial, unsigned long limit) const;

private:
    unsigned long count(const std::string& serial, CK_USER_TYPE user) const;

    std::string file_;
};

}  // namespace claviger::faulty
