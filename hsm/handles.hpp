// Owners for Cryptoki's handles: nothing stays open or active on an early return.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include <claviger/base/result.hpp>
#include <claviger/base/secret.hpp>

#include "hsm/template.hpp"

namespace claviger::hsm {

// Opens a read/write serial session (CloudHSM knows no read-only ones; v2.40 §5.6).
Result<CK_SESSION_HANDLE> open_session(const Functions& p11, CK_SLOT_ID slot);

// A session that closes itself.
class Session {
public:
    static Result<Session> open(const Functions& p11, CK_SLOT_ID slot);
    Session(Session&& other) noexcept
        : p11_(other.p11_), handle_(std::exchange(other.handle_, CK_INVALID_HANDLE)) {}
    Session& operator=(Session&& other) noexcept {
        std::swap(p11_, other.p11_);
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~Session();
    CK_SESSION_HANDLE get() const noexcept { return handle_; }

private:
    Session(const Functions& p11, CK_SESSION_HANDLE handle) noexcept : p11_(&p11), handle_(handle) {}
    const Functions* p11_;
    CK_SESSION_HANDLE handle_;
};

// A session object that is destroyed on scope exit unless released.
class TemporaryObject {
public:
    TemporaryObject(const Functions& p11, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handle) noexcept
        : p11_(p11), session_(session), handle_(handle) {}
    ~TemporaryObject() {
        if (handle_ != CK_INVALID_HANDLE) {
            p11_->C_DestroyObject(session_, handle_);
        }
    }
    TemporaryObject(const TemporaryObject&) = delete;
    TemporaryObject& operator=(const TemporaryObject&) = delete;
    CK_OBJECT_HANDLE get() const noexcept { return handle_; }
    CK_OBJECT_HANDLE release() noexcept { return std::exchange(handle_, CK_INVALID_HANDLE); }

private:
    const Functions& p11_;
    CK_SESSION_HANDLE session_;
    CK_OBJECT_HANDLE handle_;
};

// All matches. The search is finished whatever happens (v2.40 §5.7: one search per session).
Result<std::vector<CK_OBJECT_HANDLE>> find_objects(const Functions& p11, CK_SESSION_HANDLE session,
                                                   Template& what);

// nullopt: the object has no such attribute, or does not show it.
std::optional<Bytes> read_attribute(const Functions& p11, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                                    CK_ATTRIBUTE_TYPE type);
// The same of a value that must be wiped; empty: the object does not show it.
SecretBytes read_secret(const Functions& p11, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                        CK_ATTRIBUTE_TYPE type);
std::optional<CK_ULONG> read_number(const Functions& p11, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                                    CK_ATTRIBUTE_TYPE type);
std::optional<bool> read_flag(const Functions& p11, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                              CK_ATTRIBUTE_TYPE type);

struct WrapCall {
    CK_MECHANISM mechanism;
    CK_OBJECT_HANDLE wrapping_key;
    CK_OBJECT_HANDLE key;
};
Result<Bytes> wrap_key(const Functions& p11, CK_SESSION_HANDLE session, WrapCall call);

// One-shot signature of at most 1024 bytes.
Result<Bytes> sign(const Functions& p11, CK_SESSION_HANDLE session, CK_MECHANISM mechanism,
                   CK_OBJECT_HANDLE key, ByteView message);

}  // namespace claviger::hsm
