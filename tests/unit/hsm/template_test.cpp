// What a token says of the objects we make, attribute by attribute, against the table of
// docs/architecture.md.
#include <algorithm>
#include <cstring>

#include "hsm/cluster_templates.hpp"
#include "hsm/handles.hpp"
#include "hsm/state.hpp"
#include "tests/unit/hsm/tokens.hpp"

namespace claviger::test {
namespace {

struct Flag {
    CK_ATTRIBUTE_TYPE type;
    bool value;
};

class TemplateTest : public testing::Test {
protected:
    void expect_flags(CK_OBJECT_HANDLE object, std::initializer_list<Flag> flags) {
        for (const Flag& flag : flags) {
            EXPECT_EQ(hsm::read_flag(state().p11, member_.slow->session(), object, flag.type), flag.value)
                << std::hex << "attribute 0x" << flag.type;
        }
    }
    void expect_mechanisms(CK_OBJECT_HANDLE object, std::vector<CK_MECHANISM_TYPE> wanted) {
        const auto raw =
            hsm::read_attribute(state().p11, member_.slow->session(), object, CKA_ALLOWED_MECHANISMS);
        ASSERT_TRUE(raw);
        std::vector<CK_MECHANISM_TYPE> got(raw->size() / sizeof(CK_MECHANISM_TYPE));
        std::memcpy(got.data(), raw->data(), raw->size());
        std::ranges::sort(got);
        std::ranges::sort(wanted);
        EXPECT_EQ(got, wanted);
    }
    std::size_t nested_attributes(CK_OBJECT_HANDLE object) {
        CK_ATTRIBUTE attribute{CKA_UNWRAP_TEMPLATE, nullptr, 0};
        state().p11->C_GetAttributeValue(member_.slow->session(), object, &attribute, 1);
        return attribute.ulValueLen / sizeof(CK_ATTRIBUTE);
    }
    CK_OBJECT_HANDLE find(std::string_view label, CK_OBJECT_CLASS object_class) {
        hsm::Template wanted;
        wanted.text(CKA_LABEL, label).number(CKA_CLASS, object_class);
        const auto found = expect_value(hsm::find_objects(state().p11, member_.slow->session(), wanted));
        EXPECT_EQ(found.size(), 1u);
        return found.empty() ? CK_INVALID_HANDLE : found.front();
    }
    hsm::Token::State& state() { return member_.token->state(); }

    SoftHsm soft_;
    OpenToken member_ = provision_member(soft_);
};

TEST_F(TemplateTest, Cwk) {
    const CK_OBJECT_HANDLE cwk = find(hsm::kCwkLabel, CKO_SECRET_KEY);
    expect_flags(cwk, {{CKA_TOKEN, true},
                       {CKA_PRIVATE, true},
                       {CKA_SENSITIVE, true},
                       {CKA_EXTRACTABLE, true},
                       {CKA_WRAP_WITH_TRUSTED, true},
                       {CKA_COPYABLE, false},
                       {CKA_WRAP, true},
                       {CKA_UNWRAP, true},
                       {CKA_ENCRYPT, false},
                       {CKA_DECRYPT, false},
                       {CKA_SIGN, false},
                       {CKA_VERIFY, false},
                       {CKA_DERIVE, false},
                       {CKA_TRUSTED, false}});
    expect_mechanisms(cwk, {CKM_AES_KEY_WRAP_PAD});
    EXPECT_EQ(nested_attributes(cwk), 3u);
}

TEST_F(TemplateTest, TransportPrivateHalf) {
    expect_value(hsm::make_transport(*member_.slow, hsm::Membership::open));
    const CK_OBJECT_HANDLE key = find(hsm::kTransportLabel, CKO_PRIVATE_KEY);
    expect_flags(key, {{CKA_TOKEN, true},
                       {CKA_PRIVATE, true},
                       {CKA_SENSITIVE, true},
                       {CKA_EXTRACTABLE, false},
                       {CKA_COPYABLE, false},
                       {CKA_MODIFIABLE, false},
                       {CKA_UNWRAP, true},
                       {CKA_DECRYPT, false},
                       {CKA_SIGN, false},
                       {CKA_SIGN_RECOVER, false},
                       {CKA_DERIVE, false}});
    expect_mechanisms(key, {CKM_RSA_PKCS_OAEP});
    EXPECT_EQ(
        nested_attributes(key),
        hsm::cwk_flat(member_.token->capabilities(), hsm::Membership::open, hsm::ObjectLife::token).size());
}

TEST_F(TemplateTest, TrustedPublicHalf) {
    const Bytes recovery = expect_value(hsm::make_recovery_pair(*member_.slow));
    soft_.install_trusted(member_, hsm::TrustedKind::recovery, recovery);
    expect_flags(find(hsm::kTrustedRecoveryLabel, CKO_PUBLIC_KEY), {{CKA_TOKEN, true},
                                                                    {CKA_PRIVATE, false},
                                                                    {CKA_TRUSTED, true},
                                                                    {CKA_WRAP, true},
                                                                    {CKA_ENCRYPT, false},
                                                                    {CKA_VERIFY, false},
                                                                    {CKA_MODIFIABLE, false}});
}

TEST_F(TemplateTest, Identity) {
    const auto identity = expect_value(hsm::create_identity(*member_.slow, kTestCwk));
    expect_value(hsm::install_identity(*member_.slow, identity.token));
    const CK_OBJECT_HANDLE key = find(hsm::kIdentityLabel, CKO_PRIVATE_KEY);
    expect_flags(key, {{CKA_TOKEN, true},
                       {CKA_PRIVATE, true},
                       {CKA_SENSITIVE, true},
                       {CKA_EXTRACTABLE, false},
                       {CKA_COPYABLE, false},
                       {CKA_SIGN, true},
                       {CKA_DECRYPT, false},
                       {CKA_UNWRAP, false},
                       {CKA_DERIVE, false}});
    expect_mechanisms(key, {CKM_SHA256_RSA_PKCS, CKM_SHA256_RSA_PKCS_PSS});
}

struct Kind {
    std::string_view spec;
    std::string_view usage;
    std::vector<CK_MECHANISM_TYPE> mechanisms;
    CK_ATTRIBUTE_TYPE does;
    CK_ATTRIBUTE_TYPE does_not;
};

TEST_F(TemplateTest, LoadedKeysHaveOnePurpose) {
    const std::vector<Kind> kinds{
        {"SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", {CKM_AES_GCM}, CKA_DECRYPT, CKA_SIGN},
        {"HMAC_512", "GENERATE_VERIFY_MAC", {CKM_SHA512_HMAC}, CKA_SIGN, CKA_DECRYPT},
        {"RSA_2048", "SIGN_VERIFY", {CKM_RSA_PKCS, CKM_RSA_PKCS_PSS}, CKA_SIGN, CKA_DECRYPT},
        {"RSA_2048", "ENCRYPT_DECRYPT", {CKM_RSA_X_509}, CKA_DECRYPT, CKA_SIGN},
        {"ECC_NIST_P256", "SIGN_VERIFY", {CKM_ECDSA}, CKA_SIGN, CKA_DECRYPT},
    };
    for (const Kind& kind : kinds) {
        SCOPED_TRACE(kind.spec);
        const auto made =
            expect_value(member_.slow->create_key(kTestCwk, test_identity("key", kind.spec, kind.usage)));
        const auto key = expect_value(member_.slow->load_key(made.token, hsm::Residency::session));
        expect_flags(key->state().handle, {{CKA_TOKEN, false},
                                           {CKA_PRIVATE, true},
                                           {CKA_SENSITIVE, true},
                                           {CKA_EXTRACTABLE, false},
                                           {CKA_COPYABLE, false},
                                           {CKA_UNWRAP, false},
                                           {CKA_DERIVE, false},
                                           {kind.does, true},
                                           {kind.does_not, false}});
        expect_mechanisms(key->state().handle, kind.mechanisms);
    }
}

}  // namespace
}  // namespace claviger::test
