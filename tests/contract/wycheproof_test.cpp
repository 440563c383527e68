// Project Wycheproof's AES-GCM, AES-KWP and AES-WRAP vectors through hsm/ on SoftHSM. Importing keys is the
// test's own doing: the library has no such function.
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <fstream>

#include <claviger/base/encoding.hpp>

#include "hsm/gcm.hpp"
#include "hsm/handles.hpp"
#include "hsm/state.hpp"
#include "tests/unit/hsm/tokens.hpp"

namespace claviger::test {
namespace {

namespace json = boost::json;

json::value read_vectors(const std::string& name) {
    std::ifstream in(CLAVIGER_TEST_DATA "/wycheproof/" + name);
    return json::parse(std::string{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()});
}

Bytes hex(const json::object& test, const char* field) {
    return *from_hex(std::string_view(test.at(field).as_string()));
}

bool is_valid(const json::object& test) {
    return test.at("result").as_string() == "valid";
}

class Wycheproof : public testing::Test {
protected:
    hsm::TemporaryObject import(hsm::Template attributes) {
        CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
        const CK_RV rv =
            p11()->C_CreateObject(token_.slow->session(), attributes.data(), attributes.size(), &handle);
        EXPECT_EQ(rv, CKR_OK);
        return hsm::TemporaryObject(p11(), token_.slow->session(), handle);
    }
    hsm::TemporaryObject import_aes(ByteView value, std::initializer_list<CK_ATTRIBUTE_TYPE> uses) {
        hsm::Template attributes;
        attributes.number(CKA_CLASS, CKO_SECRET_KEY).number(CKA_KEY_TYPE, CKK_AES).no(CKA_TOKEN);
        attributes.bytes(CKA_VALUE, value);
        for (const CK_ATTRIBUTE_TYPE use : uses) {
            attributes.yes(use);
        }
        return import(std::move(attributes));
    }
    const hsm::Functions& p11() { return token_.token->state().p11; }

    struct Unwrapped {
        CK_RV rv;
        Bytes value;
    };
    Unwrapped unwrap(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE kek, ByteView wrapped) {
        hsm::Template attributes;
        attributes.number(CKA_CLASS, CKO_SECRET_KEY).number(CKA_KEY_TYPE, CKK_GENERIC_SECRET).no(CKA_TOKEN);
        attributes.no(CKA_SENSITIVE).yes(CKA_EXTRACTABLE);
        CK_MECHANISM mechanism{type, nullptr, 0};
        CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
        const CK_RV rv = p11()->C_UnwrapKey(token_.slow->session(), &mechanism, kek, hsm::in_ptr(wrapped),
                                            wrapped.size(), attributes.data(), attributes.size(), &handle);
        if (rv != CKR_OK) {
            return {rv, {}};
        }
        const hsm::TemporaryObject object(p11(), token_.slow->session(), handle);
        return {rv, hsm::read_attribute(p11(), token_.slow->session(), handle, CKA_VALUE).value_or(Bytes{})};
    }

    // Wraps and unwraps every vector of `file`; answers how many were run.
    struct Counts {
        int valid = 0;
        int invalid = 0;
        int padded = 0;  // material that SoftHSM fills up with zeros before it wraps
    };
    Counts run_key_wrap(const std::string& file, CK_MECHANISM_TYPE type) {
        Counts counts;
        const auto vectors = read_vectors(file);
        for (const auto& group : vectors.at("testGroups").as_array()) {
            for (const auto& value : group.at("tests").as_array()) {
                const json::object& test = value.as_object();
                SCOPED_TRACE(test.at("tcId").as_int64());
                const Bytes message = hex(test, "msg");
                const Bytes wrapped = hex(test, "ct");
                const auto kek = import_aes(hex(test, "key"), {CKA_WRAP, CKA_UNWRAP});
                const Unwrapped opened = unwrap(type, kek.get(), wrapped);
                if (!is_valid(test)) {
                    EXPECT_TRUE(opened.rv != CKR_OK || opened.value != message);
                    ++counts.invalid;
                    continue;
                }
                if (message.size() % 8 != 0) {
                    ++counts.padded;
                    continue;
                }
                ++counts.valid;
                EXPECT_EQ(opened.rv, CKR_OK);
                EXPECT_EQ(opened.value, message);
                hsm::Template material;
                material.number(CKA_CLASS, CKO_SECRET_KEY).number(CKA_KEY_TYPE, CKK_GENERIC_SECRET);
                material.no(CKA_TOKEN).yes(CKA_EXTRACTABLE).bytes(CKA_VALUE, message);
                const auto key = import(std::move(material));
                const auto out =
                    hsm::wrap_key(p11(), token_.slow->session(), {{type, nullptr, 0}, kek.get(), key.get()});
                EXPECT_EQ(expect_value(out), wrapped);
            }
        }
        return counts;
    }

    SoftHsm soft_;
    OpenToken token_ = soft_.provision("vectors");
};

TEST_F(Wycheproof, AesGcmWith96BitIvAnd128BitTag) {
    int valid = 0;
    int invalid = 0;
    const auto vectors = read_vectors("aes_gcm_test.json");
    for (const auto& group : vectors.at("testGroups").as_array()) {
        if (group.at("ivSize").as_int64() != 96 || group.at("tagSize").as_int64() != 128) {
            continue;
        }
        for (const auto& value : group.at("tests").as_array()) {
            const json::object& test = value.as_object();
            SCOPED_TRACE(test.at("tcId").as_int64());
            const auto key = import_aes(hex(test, "key"), {CKA_ENCRYPT, CKA_DECRYPT});
            Bytes iv = hex(test, "iv");
            const Bytes aad = hex(test, "aad");
            const Bytes message = hex(test, "msg");
            Bytes sealed = hex(test, "ct");
            append(sealed, hex(test, "tag"));
            const auto params = hsm::gcm_params(iv, aad);
            const CK_SESSION_HANDLE session = token_.slow->session();
            Bytes plain(sealed.size());
            CK_ULONG size = 0;
            const CK_RV rv = hsm::gcm_decrypt(p11(), session, key.get(), params, sealed, plain, size);
            if (!is_valid(test)) {
                ++invalid;
                EXPECT_NE(rv, CKR_OK);
                continue;
            }
            ++valid;
            ASSERT_EQ(rv, CKR_OK);
            plain.resize(size);
            EXPECT_EQ(plain, message);
            if (message.empty()) {
                continue;  // KMS has no empty plaintext, and SoftHSM takes none
            }
            Bytes out(sealed.size() + 32);
            ASSERT_EQ(hsm::gcm_encrypt(p11(), session, key.get(), params, message, out, size), CKR_OK);
            out.resize(size);
            EXPECT_EQ(out, sealed);
        }
    }
    EXPECT_GE(valid, 80);
    EXPECT_GE(invalid, 60);
    RecordProperty("valid", valid);
    RecordProperty("invalid", invalid);
    std::cout << "AES-GCM: " << valid << " valid, " << invalid << " invalid\n";
}

TEST_F(Wycheproof, AesKeyWrapWithPadding) {
    const Counts counts = run_key_wrap("aes_kwp_test.json", token_.token->capabilities().key_wrap);
    std::cout << "AES-KWP: " << counts.valid << " valid, " << counts.invalid << " invalid, " << counts.padded
              << " of no whole semi-blocks\n";
    EXPECT_GE(counts.valid, 30);
    EXPECT_GE(counts.invalid, 100);
}

TEST_F(Wycheproof, AesKeyWrap) {
    const Counts counts = run_key_wrap("aes_wrap_test.json", CKM_AES_KEY_WRAP);
    std::cout << "AES-WRAP: " << counts.valid << " valid, " << counts.invalid << " invalid\n";
    EXPECT_GE(counts.valid, 30);
    EXPECT_GE(counts.invalid, 100);
}

}  // namespace
}  // namespace claviger::test
