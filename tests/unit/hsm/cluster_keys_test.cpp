// From one token to a cluster: CWK, join by transport key, identity, certificates, recovery, sealing, wiping.
#include <gmock/gmock.h>

#include <openssl/x509.h>
#include <claviger/base/encoding.hpp>
#include <claviger/base/public_key.hpp>
#include <claviger/hsm/existing_token.hpp>

#include <algorithm>

#include "hsm/capabilities.hpp"
#include "hsm/cluster_templates.hpp"
#include "hsm/handles.hpp"
#include "hsm/state.hpp"
#include "tests/unit/hsm/tokens.hpp"

namespace claviger::test {
namespace {

// What an attacker with the user PIN and a transport key does: unwrap the CWK without its UNWRAP_TEMPLATE,
// then a key token as a readable key. Calls one and two (wrap, install) belong to the join itself.
struct Export {
    CK_RV cwk = CKR_GENERAL_ERROR;
    CK_RV key = CKR_GENERAL_ERROR;
    Bytes material;
};

Export four_call_export(OpenToken& on, ByteView wrapped_cwk, ByteView key_token) {
    hsm::Token::State& token = on.token->state();
    const CK_SESSION_HANDLE session = on.slow->session();
    Export result;
    hsm::Template halves;
    halves.number(CKA_CLASS, CKO_PRIVATE_KEY).yes(CKA_UNWRAP).yes(CKA_TOKEN);
    const auto found = expect_value(hsm::find_objects(token.p11, session, halves));
    if (found.empty()) {
        result.cwk = CKR_KEY_HANDLE_INVALID;
        return result;
    }
    hsm::OaepParams oaep(on.token->capabilities().oaep_hash);
    CK_MECHANISM mechanism = oaep.mechanism();
    hsm::Template flat =
        hsm::cwk_flat(on.token->capabilities(), hsm::Membership::open, hsm::ObjectLife::token);
    CK_OBJECT_HANDLE cwk = CK_INVALID_HANDLE;
    result.cwk = token.p11->C_UnwrapKey(session, &mechanism, found.front(), hsm::in_ptr(wrapped_cwk),
                                        wrapped_cwk.size(), flat.data(), flat.size(), &cwk);
    if (result.cwk != CKR_OK) {
        return result;
    }
    const ByteView wrapped = link::parse_key_token(key_token)->wrapped;
    hsm::Template readable;
    readable.number(CKA_CLASS, CKO_SECRET_KEY).number(CKA_KEY_TYPE, CKK_AES).no(CKA_TOKEN);
    readable.no(CKA_SENSITIVE).yes(CKA_EXTRACTABLE);
    CK_MECHANISM kwp{on.token->capabilities().key_wrap, nullptr, 0};
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    result.key = token.p11->C_UnwrapKey(session, &kwp, cwk, hsm::in_ptr(wrapped), wrapped.size(),
                                        readable.data(), readable.size(), &key);
    result.material = hsm::read_attribute(token.p11, session, key, CKA_VALUE).value_or(Bytes{});
    return result;
}

class ClusterKeysTest : public testing::Test {
protected:
    void SetUp() override {
        source_ = provision_member(soft_, "source");
        joiner_ = soft_.provision("joiner");
    }

    // All steps of a join but the last, which drops the transport pair.
    Bytes carry_cwk(hsm::Membership membership = hsm::Membership::open) {
        const Bytes transport = expect_value(hsm::make_transport(*joiner_.slow, membership));
        soft_.install_trusted(source_, hsm::TrustedKind::transport, transport);
        Bytes wrapped = expect_value(hsm::wrap_cwk(*source_.slow, kTestCwk, transport));
        expect_value(
            hsm::accept_cwk(*joiner_.slow, kTestCwk, hsm::PrivateHalf::transport, membership, wrapped));
        return wrapped;
    }
    void finish_join() {
        expect_value(hsm::drop_transport(*joiner_.slow));
        expect_value(hsm::drop_transport(*source_.slow));
    }

    SoftHsm soft_;
    OpenToken source_;
    OpenToken joiner_;
};

TEST_F(ClusterKeysTest, JoinedTokenServesKeysOfTheFirst) {
    carry_cwk();
    finish_join();
    EXPECT_FALSE(expect_value(hsm::has_transport(*joiner_.slow)));
    const auto made = expect_value(source_.slow->create_key(kTestCwk, test_identity("key-1")));
    const auto there = expect_value(source_.slow->load_key(made.token, hsm::Residency::session));
    const auto here = expect_value(joiner_.slow->load_key(made.token, hsm::Residency::session));
    Bytes blob(hsm::Lane::blob_room(5));
    blob.resize(expect_value(source_.fast->encrypt(*there, as_bytes("hello"), as_bytes("ctx"), blob)));
    Bytes plain(blob.size());
    const auto size = expect_value(joiner_.fast->decrypt(*here, blob, as_bytes("ctx"), plain));
    EXPECT_EQ(as_text(ByteView(plain).first(size)), "hello");
    EXPECT_THAT(joiner_.token->cwks(), testing::ElementsAre(kTestCwk));
}

TEST_F(ClusterKeysTest, FourCallExportFailsAfterAJoin) {
    const Bytes wrapped = carry_cwk();
    finish_join();
    const auto made = expect_value(source_.slow->create_key(kTestCwk, test_identity("key-1")));
    const Export joiner = four_call_export(joiner_, wrapped, made.token);
    EXPECT_NE(joiner.cwk, CKR_OK);
    EXPECT_TRUE(joiner.material.empty());
    EXPECT_NE(four_call_export(source_, wrapped, made.token).cwk, CKR_OK);
}

// The planted fault: this is why a transport key must not outlive its join.
TEST_F(ClusterKeysTest, FourCallExportReadsAKeyWithATransportKeyKeptOnPurpose) {
    const Bytes wrapped = carry_cwk();
    const auto made = expect_value(source_.slow->create_key(kTestCwk, test_identity("key-1")));
    const Export kept = four_call_export(joiner_, wrapped, made.token);
    EXPECT_EQ(kept.cwk, CKR_OK);
    EXPECT_EQ(kept.key, CKR_OK);
    EXPECT_EQ(kept.material.size(), 32u);
}

TEST_F(ClusterKeysTest, CwkLeavesOnlyForAKeyAnOfficerTrusts) {
    const Bytes transport = expect_value(hsm::make_transport(*joiner_.slow, hsm::Membership::open));
    const auto refused = hsm::wrap_cwk(*source_.slow, kTestCwk, transport);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::not_found);
    EXPECT_FALSE(expect_value(hsm::has_trusted(*source_.slow, transport)));
    soft_.install_trusted(source_, hsm::TrustedKind::transport, transport);
    EXPECT_TRUE(expect_value(hsm::has_trusted(*source_.slow, transport)));
    EXPECT_TRUE(hsm::wrap_cwk(*source_.slow, kTestCwk, transport));
}

TEST_F(ClusterKeysTest, SealedMembersGiveTheCwkToNobody) {
    carry_cwk(hsm::Membership::open);
    EXPECT_TRUE(expect_value(hsm::seal_cwk(*source_.slow, kTestCwk)));
    EXPECT_FALSE(expect_value(hsm::seal_cwk(*source_.slow, kTestCwk)));
    hsm::Token::State& token = source_.token->state();
    const auto cwk = expect_value(token.cwk(kTestCwk.cluster_id, kTestCwk.generation));
    EXPECT_EQ(hsm::read_flag(token.p11, source_.slow->session(), cwk, CKA_EXTRACTABLE), false);
    hsm::Template wanted;
    wanted.text(CKA_LABEL, hsm::kTrustedTransportLabel);
    const auto trusted = expect_value(hsm::find_objects(token.p11, source_.slow->session(), wanted));
    ASSERT_EQ(trusted.size(), 1u);
    hsm::OaepParams oaep(source_.token->capabilities().oaep_hash);
    EXPECT_FALSE(hsm::wrap_key(token.p11, source_.slow->session(), {oaep.mechanism(), trusted.front(), cwk}));
    // And still serves.
    EXPECT_TRUE(source_.slow->create_key(kTestCwk, test_identity("key-1")));
}

TEST_F(ClusterKeysTest, SealedJoinArrivesNotExtractable) {
    carry_cwk(hsm::Membership::sealed);
    hsm::Token::State& token = joiner_.token->state();
    const auto cwk = expect_value(token.cwk(kTestCwk.cluster_id, kTestCwk.generation));
    EXPECT_EQ(hsm::read_flag(token.p11, joiner_.slow->session(), cwk, CKA_EXTRACTABLE), false);
}

TEST_F(ClusterKeysTest, RecoveryKeyOpensTheBundleAndFeedsAnEmptyToken) {
    OpenToken vault = soft_.provision("vault");
    const Bytes recovery = expect_value(hsm::make_recovery_pair(*vault.slow));
    soft_.install_trusted(source_, hsm::TrustedKind::recovery, recovery);
    const Bytes bundle = expect_value(hsm::wrap_cwk(*source_.slow, kTestCwk, recovery));
    const auto made = expect_value(source_.slow->create_key(kTestCwk, test_identity("key-1")));

    expect_value(
        hsm::accept_cwk(*vault.slow, kTestCwk, hsm::PrivateHalf::recovery, hsm::Membership::open, bundle));
    const Bytes transport = expect_value(hsm::make_transport(*joiner_.slow, hsm::Membership::open));
    soft_.install_trusted(vault, hsm::TrustedKind::transport, transport);
    const Bytes wrapped = expect_value(hsm::wrap_cwk(*vault.slow, kTestCwk, transport));
    expect_value(hsm::destroy_cwk(*vault.slow, kTestCwk));
    EXPECT_TRUE(vault.token->cwks().empty());
    expect_value(hsm::accept_cwk(*joiner_.slow, kTestCwk, hsm::PrivateHalf::transport, hsm::Membership::open,
                                 wrapped));
    EXPECT_TRUE(joiner_.slow->load_key(made.token, hsm::Residency::session));
}

TEST_F(ClusterKeysTest, WrappedCwkWithAFlippedBitIsRefused) {
    const Bytes transport = expect_value(hsm::make_transport(*joiner_.slow, hsm::Membership::open));
    soft_.install_trusted(source_, hsm::TrustedKind::transport, transport);
    Bytes wrapped = expect_value(hsm::wrap_cwk(*source_.slow, kTestCwk, transport));
    wrapped.back() ^= std::byte{1};
    EXPECT_FALSE(hsm::accept_cwk(*joiner_.slow, kTestCwk, hsm::PrivateHalf::transport, hsm::Membership::open,
                                 wrapped));
    EXPECT_TRUE(joiner_.token->cwks().empty());
}

TEST_F(ClusterKeysTest, IdentityIsSharedAndSignsTheClustersRequest) {
    const auto identity = expect_value(hsm::create_identity(*source_.slow, kTestCwk));
    EXPECT_FALSE(expect_value(hsm::has_identity(*source_.slow)));
    expect_value(hsm::install_identity(*source_.slow, identity.token));
    expect_value(hsm::install_identity(*source_.slow, identity.token));
    carry_cwk();
    finish_join();
    expect_value(hsm::install_identity(*joiner_.slow, identity.token));
    const auto public_key = expect_value(parse_public_key(identity.public_key));
    for (OpenToken* token : {&source_, &joiner_}) {
        const Bytes signature = expect_value(hsm::identity_sign(*token->slow, as_bytes("challenge")));
        EXPECT_TRUE(verifies(public_key, {}, sha256(as_bytes("challenge")), signature));
    }
    const Bytes csr = expect_value(hsm::identity_csr(
        *joiner_.slow,
        {.common_name = "cluster-x", .organization = "Acme", .organizational_unit = "production"}));
    const unsigned char* at = as_uchar(csr);
    X509_REQ* request = d2i_X509_REQ(nullptr, &at, static_cast<long>(csr.size()));
    ASSERT_NE(request, nullptr);
    EXPECT_EQ(X509_REQ_verify(request, public_key.get()), 1);
    X509_REQ_free(request);
    EXPECT_FALSE(source_.slow->load_key(identity.token, hsm::Residency::session));
}

TEST_F(ClusterKeysTest, IdentityOfAnotherKeyIsReplaced) {
    const auto first = expect_value(hsm::create_identity(*source_.slow, kTestCwk));
    const auto second = expect_value(hsm::create_identity(*source_.slow, kTestCwk));
    expect_value(hsm::install_identity(*source_.slow, first.token));
    expect_value(hsm::install_identity(*source_.slow, second.token));
    const auto key = expect_value(parse_public_key(second.public_key));
    const Bytes signature = expect_value(hsm::identity_sign(*source_.slow, as_bytes("x")));
    EXPECT_TRUE(verifies(key, {}, sha256(as_bytes("x")), signature));
}

TEST_F(ClusterKeysTest, TrustedKeyMustBeLargeAndRsa) {
    const auto small =
        expect_value(source_.slow->create_key(kTestCwk, test_identity("k", "RSA_2048", "SIGN_VERIFY")));
    SoftHsm::close(source_);
    const auto officer = expect_value(hsm::Officer::login(
        soft_.module(), expect_value(soft_.module().find_token(source_.facts.serial)).slot,
        source_.officer_pin, nullptr));
    EXPECT_EQ(officer->install_trusted(hsm::TrustedKind::recovery, small.public_key).error().code,
              Errc::bad_config);
}

TEST_F(ClusterKeysTest, WipeLeavesNothingOfOurs) {
    const auto identity = expect_value(hsm::create_identity(*source_.slow, kTestCwk));
    expect_value(hsm::install_identity(*source_.slow, identity.token));
    EXPECT_EQ(expect_value(hsm::wipe_user_objects(*source_.slow)), 2u);
    EXPECT_TRUE(source_.token->cwks().empty());
    EXPECT_TRUE(expect_value(source_.token->objects()).empty());
    EXPECT_EQ(expect_value(hsm::wipe_user_objects(*source_.slow)), 0u);
}

TEST_F(ClusterKeysTest, SecondCwkOfOneNameIsNotUsed) {
    hsm::Token::State& token = source_.token->state();
    hsm::Template planted = hsm::cwk_template(source_.token->capabilities(), hsm::Membership::open, kTestCwk);
    planted.number(CKA_VALUE_LEN, 32);
    CK_MECHANISM mechanism{CKM_AES_KEY_GEN, nullptr, 0};
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
    ASSERT_EQ(token.p11->C_GenerateKey(source_.slow->session(), &mechanism, planted.data(), planted.size(),
                                       &handle),
              CKR_OK);
    SoftHsm::close(source_);
    SoftHsm::open(soft_.module(), source_);
    EXPECT_TRUE(source_.token->cwks().empty());
}

TEST_F(ClusterKeysTest, TokenResidentKeyIsSeenByOtherToolsAndDestroyedEverywhere) {
    const auto made = expect_value(source_.slow->create_key(kTestCwk, test_identity("key-1")));
    const auto key = expect_value(source_.slow->load_key(made.token, hsm::Residency::token));
    const auto again = expect_value(source_.slow->load_key(made.token, hsm::Residency::token));
    const auto keys = [&] {
        const auto objects = expect_value(source_.token->objects());
        return std::ranges::count(objects, hsm::kKeyLabel, &hsm::TokenObject::label);
    };
    EXPECT_EQ(keys(), 1);
    expect_value(source_.slow->destroy_key(*key, hsm::Lane::Reach::everywhere));
    EXPECT_EQ(keys(), 0);
}

// What this token's keys are labelled with, and the same key's object that was made under another Region.
TEST_F(ClusterKeysTest, KeyObjectsOfEveryRegionAreOursAndOnlyThoseOfTheOwnOneServe) {
    const auto made = expect_value(
        source_.slow->create_key(kTestCwk, test_identity("0f0e0d0c-0b0a-4908-8706-050403020100")));
    const auto load_in = [&](std::string region) {
        SoftHsm::close(source_);
        hsm::TokenOptions options;
        options.key_arn = "arn:aws:kms:" + std::move(region);
        SoftHsm::open(soft_.module(), source_, options);
        return expect_value(source_.slow->load_key(made.token, hsm::Residency::token));
    };
    const auto labels = [&] {
        std::vector<std::string> all;
        for (const hsm::TokenObject& object : expect_value(source_.token->objects())) {
            all.push_back(object.label);
        }
        return all;
    };
    const std::string other = "arn:aws:kms:eu-west-1:111122223333:key/0f0e0d0c-0b0a-4908-8706-050403020100";
    static_cast<void>(load_in("eu-west-1"));
    const auto key = load_in("us-east-1");
    EXPECT_EQ(std::ranges::count(labels(), other), 1);

    const Bytes id = *from_hex("0f0e0d0c0b0a49088706050403020100");
    EXPECT_EQ(expect_value(source_.token->destroy_key_objects(other, id)), 1u);
    EXPECT_TRUE(source_.slow->check_resident(*key, {}));

    static_cast<void>(load_in("eu-west-1"));
    static_cast<void>(load_in("us-east-1"));
    expect_value(hsm::wipe_user_objects(*source_.slow));
    EXPECT_TRUE(hsm::expect_empty(soft_.module(), source_.facts.slot));
}

}  // namespace
}  // namespace claviger::test
