#include "hsm/handles.hpp"

#include <array>

namespace claviger::hsm {

Result<CK_SESSION_HANDLE> open_session(const Functions& p11, CK_SLOT_ID slot) {
    CK_SESSION_HANDLE handle = CK_INVALID_HANDLE;
    const CK_RV rv = p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &handle);
    if (rv != CKR_OK) {
        return call_failed("C_OpenSession", rv);
    }
    return handle;
}

Result<Session> Session::open(const Functions& p11, CK_SLOT_ID slot) {
    const auto handle = open_session(p11, slot);
    if (!handle) {
        return handle.error();
    }
    return Session(p11, *handle);
}

Session::~Session() {
    if (handle_ != CK_INVALID_HANDLE) {
        (*p11_)->C_CloseSession(handle_);
    }
}

Result<std::vector<CK_OBJECT_HANDLE>> find_objects(const Functions& p11, CK_SESSION_HANDLE session,
                                                   Template& what) {
    CK_RV rv = p11->C_FindObjectsInit(session, what.data(), what.size());
    if (rv != CKR_OK) {
        return call_failed("C_FindObjectsInit", rv);
    }
    std::vector<CK_OBJECT_HANDLE> found;
    std::array<CK_OBJECT_HANDLE, 64> batch;
    CK_ULONG count = 0;
    do {
        rv = p11->C_FindObjects(session, batch.data(), batch.size(), &count);
        if (rv == CKR_OK) {
            found.insert(found.end(), batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(count));
        }
    } while (rv == CKR_OK && count != 0);
    const CK_RV final_rv = p11->C_FindObjectsFinal(session);
    if (rv != CKR_OK) {
        return call_failed("C_FindObjects", rv);
    }
    if (final_rv != CKR_OK) {
        return call_failed("C_FindObjectsFinal", final_rv);
    }
    return found;
}

std::optional<Bytes> read_attribute(const Functions& p11, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                                    CK_ATTRIBUTE_TYPE type) {
    constexpr CK_ULONG kLargest = 64 << 10;  // a module's answer is input from outside
    CK_ATTRIBUTE attribute{type, nullptr, 0};
    if (p11->C_GetAttributeValue(session, object, &attribute, 1) != CKR_OK ||
        attribute.ulValueLen == CK_UNAVAILABLE_INFORMATION || attribute.ulValueLen > kLargest) {
        return std::nullopt;
    }
    Bytes value(attribute.ulValueLen);
    if (value.empty()) {
        return value;
    }
    attribute.pValue = value.data();
    if (p11->C_GetAttributeValue(session, object, &attribute, 1) != CKR_OK ||
        attribute.ulValueLen > value.size()) {
        return std::nullopt;
    }
    value.resize(attribute.ulValueLen);
    return value;
}

SecretBytes read_secret(const Functions& p11, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                        CK_ATTRIBUTE_TYPE type) {
    SecretBytes value(1024);  // more than any number of an RSA-4096 key
    const std::span<std::byte> room = value.reveal_mutable(SecretAccess());
    CK_ATTRIBUTE attribute{type, room.data(), room.size()};
    if (p11->C_GetAttributeValue(session, object, &attribute, 1) != CKR_OK ||
        attribute.ulValueLen > room.size()) {
        return {};
    }
    value.resize(attribute.ulValueLen);
    return value;
}

std::optional<CK_ULONG> read_number(const Functions& p11, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                                    CK_ATTRIBUTE_TYPE type) {
    CK_ULONG value = 0;
    CK_ATTRIBUTE attribute{type, &value, sizeof(value)};
    if (p11->C_GetAttributeValue(session, object, &attribute, 1) != CKR_OK ||
        attribute.ulValueLen != sizeof(value)) {
        return std::nullopt;
    }
    return value;
}

std::optional<bool> read_flag(const Functions& p11, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                              CK_ATTRIBUTE_TYPE type) {
    CK_BBOOL value = CK_FALSE;
    CK_ATTRIBUTE attribute{type, &value, sizeof(value)};
    if (p11->C_GetAttributeValue(session, object, &attribute, 1) != CKR_OK ||
        attribute.ulValueLen != sizeof(value)) {
        return std::nullopt;
    }
    return value != CK_FALSE;
}

Result<Bytes> wrap_key(const Functions& p11, CK_SESSION_HANDLE session, WrapCall call) {
    Bytes out(8192);
    CK_ULONG size = out.size();
    const CK_RV rv =
        p11->C_WrapKey(session, &call.mechanism, call.wrapping_key, call.key, out_ptr(out), &size);
    if (rv != CKR_OK) {
        return call_failed("C_WrapKey", rv);
    }
    if (size > out.size()) {
        return Error(Errc::hsm_fault, "C_WrapKey answered more than it was given room for");
    }
    out.resize(size);
    return out;
}

Result<Bytes> sign(const Functions& p11, CK_SESSION_HANDLE session, CK_MECHANISM mechanism,
                   CK_OBJECT_HANDLE key, ByteView message) {
    CK_RV rv = p11->C_SignInit(session, &mechanism, key);
    if (rv != CKR_OK) {
        return call_failed("C_SignInit", rv);
    }
    Bytes out(1024);  // larger than any signature: a one-shot C_Sign always ends the operation (v2.40 §5.11)
    CK_ULONG size = out.size();
    rv = p11->C_Sign(session, in_ptr(message), message.size(), out_ptr(out), &size);
    if (rv != CKR_OK) {
        return call_failed("C_Sign", rv);
    }
    if (size > out.size()) {
        return Error(Errc::hsm_fault, "C_Sign answered more than it was given room for");
    }
    out.resize(size);
    return out;
}

}  // namespace claviger::hsm
