// One suite for every PKCS#11 module at hand: what hsm/ promises must hold whatever return codes a module
// prefers. A difference between brands is written down here as an expectation, never skipped in silence.
#include <gmock/gmock.h>

#include <claviger/hsm/profile.hpp>

#include <algorithm>

#include "hsm/cluster_templates.hpp"
#include "hsm/cryptoki.hpp"
#include "hsm/state.hpp"
#include "tests/unit/hsm/tokens.hpp"

namespace claviger::test {
namespace {

using hsm::Lane;
using hsm::Verdict;

constexpr const char* kNssModule = "/usr/lib/x86_64-linux-gnu/libsoftokn3.so";

struct Brand {
    std::string name;
    std::string verdict;  // summary of the probe, or how it begins
    std::string bad_tag;  // what C_Decrypt answers to a bad tag
    std::vector<std::string> refused_specs;
    bool keeps_cwk;  // can store a CWK as a token object
    bool present;
};

void PrintTo(const Brand& brand, std::ostream* out) {
    *out << brand.name;
}

const Brand kSoftHsm{.name = "SoftHSM",
                     .verdict = "strong",
                     .bad_tag = "CKR_GENERAL_ERROR",
                     .refused_specs = {},
                     .keeps_cwk = true,
                     .present = true};
const Brand kNss{.name = "NSS",
                 .verdict = "weak: UNWRAP_TEMPLATE not enforced",
                 .bad_tag = "CKR_ENCRYPTED_DATA_INVALID",
                 // It unwraps no EC private key without a vendor attribute, and has no secp256k1.
                 .refused_specs = {"ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1",
                                   "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521"},  // to sign, to agree
                 .keeps_cwk = false,
                 .present = std::filesystem::exists(kNssModule)};

class TokenContract : public testing::TestWithParam<Brand> {
protected:
    void SetUp() override {
        if (!GetParam().present) {
            GTEST_SKIP() << GetParam().name << " is not installed (Debian package libnss3)";
        }
        if (GetParam().name == "NSS") {
            open_nss();
        } else {
            soft_ = std::make_unique<SoftHsm>();
            token_ = soft_->provision("contract");
        }
        const auto made = hsm::generate_cwk(*token_.slow, kTestCwk);
        EXPECT_EQ(made.has_value(), GetParam().keeps_cwk);
        if (!made) {
            use_session_cwk();
        }
    }

    // The same template, but a session object: for a module whose database cannot store a CWK's attributes.
    void use_session_cwk() {
        hsm::Token::State& state = token_.token->state();
        hsm::Template attributes =
            hsm::cwk_flat(token_.token->capabilities(), hsm::Membership::open, hsm::ObjectLife::session);
        attributes.nested(CKA_UNWRAP_TEMPLATE, hsm::cwk_unwrap_template()).number(CKA_VALUE_LEN, 32);
        CK_MECHANISM mechanism{CKM_AES_KEY_GEN, nullptr, 0};
        CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
        ASSERT_EQ(
            state.p11->C_GenerateKey(state.keeper, &mechanism, attributes.data(), attributes.size(), &handle),
            CKR_OK);
        state.cwks.push_back({kTestCwk, handle});
    }
    void TearDown() override {
        SoftHsm::close(token_);
        nss_.reset();
    }

    void open_nss() {
        nss_ =
            expect_value(hsm::Module::load({.path = kNssModule,
                                            .parameters = "configdir='sql:" + directory_.path() +
                                                          "' certPrefix='' keyPrefix='' secmod='' flags= "}));
        constexpr std::string_view kLabel = "NSS Certificate DB";
        const auto tokens = expect_value(nss_->tokens());
        const auto found = std::ranges::find(tokens, kLabel, &hsm::TokenFacts::label);
        ASSERT_NE(found, tokens.end());
        token_.user_pin = SecretBytes(std::string_view("a password of NSS"));
        {
            const auto officer =
                expect_value(hsm::Officer::login(*nss_, found->slot, SecretBytes(), nullptr));
            expect_value(officer->init_user_pin(token_.user_pin));
        }
        // Both slots of this library have one serial: the label decides.
        EXPECT_EQ(nss_->find_token(found->serial).error().code, Errc::conflict);
        token_.facts = expect_value(nss_->find_token(found->serial, kLabel));
        token_.token = expect_value(hsm::Token::open(*nss_, token_.facts.slot));
        expect_value(token_.token->login(token_.user_pin));
        token_.slow = expect_value(token_.token->open_lane());
        token_.fast = expect_value(token_.token->open_lane());
    }

    std::unique_ptr<hsm::Key> make_key(std::string_view id) {
        const auto made = expect_value(token_.slow->create_key(kTestCwk, test_identity(id)));
        return expect_value(token_.slow->load_key(made.token, hsm::Residency::session));
    }
    Bytes seal(hsm::Key& key, std::string_view text) {
        Bytes out(Lane::blob_room(text.size()));
        out.resize(expect_value(token_.fast->encrypt(key, as_bytes(text), as_bytes("ctx"), out)));
        return out;
    }
    Result<std::string> open(hsm::Key& key, ByteView blob) {
        Bytes out(blob.size());
        const auto size = token_.fast->decrypt(key, blob, as_bytes("ctx"), out);
        if (!size) {
            return size.error();
        }
        return std::string(as_text(ByteView(out).first(*size)));
    }

    TemporaryDirectory directory_;
    std::unique_ptr<SoftHsm> soft_;
    std::unique_ptr<hsm::Module> nss_;
    OpenToken token_;
};

TEST_P(TokenContract, SealsAndOpensWhateverTheSize) {
    const auto key = make_key("key-1");
    for (const std::size_t size : {1u, 15u, 16u, 17u, 64u, 4096u}) {
        const std::string text(size, 'x');
        EXPECT_EQ(expect_value(open(*key, seal(*key, text))), text);
    }
}

TEST_P(TokenContract, BadTagIsTheCallersFaultAndTheSessionStays) {
    const auto key = make_key("key-1");
    const Bytes good = seal(*key, "good");
    Bytes bad = good;
    bad.back() ^= std::byte{1};
    const auto refused = open(*key, bad);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::data_invalid);
    EXPECT_EQ(hsm::classify(refused.error().ckr).name, GetParam().bad_tag);
    EXPECT_EQ(expect_value(open(*key, good)), "good");
    EXPECT_EQ(token_.fast->counters().sessions_opened, 1u);
    EXPECT_EQ(token_.fast->counters().key_reloads, 0u);
}

TEST_P(TokenContract, SwappedHandleGivesTheRightPlaintext) {
    const auto one = make_key("key-1");
    const auto two = make_key("key-2");
    const Bytes blob = seal(*one, "right");
    std::swap(one->state().handle, two->state().handle);
    EXPECT_EQ(expect_value(open(*one, blob)), "right");
}

TEST_P(TokenContract, VanishedHandleIsLoadedAgain) {
    const auto key = make_key("key-1");
    const Bytes blob = seal(*key, "still here");
    token_.token->state().p11->C_DestroyObject(token_.fast->session(), key->state().handle);
    EXPECT_EQ(expect_value(open(*key, blob)), "still here");
}

TEST_P(TokenContract, LostSessionIsRenewed) {
    const auto key = make_key("key-1");
    token_.token->state().p11->C_CloseSession(token_.fast->session());
    EXPECT_EQ(expect_value(open(*key, seal(*key, "x"))), "x");
}

TEST_P(TokenContract, KeyTokenWithAnotherKeysMaterialIsAKeyFault) {
    const Bytes one = expect_value(token_.slow->create_key(kTestCwk, test_identity("key-1"))).token;
    const Bytes two = expect_value(token_.slow->create_key(kTestCwk, test_identity("key-2"))).token;
    auto mixed = *link::parse_key_token(one);
    const auto other = *link::parse_key_token(two);
    mixed.wrapped = other.wrapped;
    const Bytes token = *link::encode_key_token(mixed);
    EXPECT_EQ(token_.slow->load_key(token, hsm::Residency::session).error().code, Errc::key_fault);
}

TEST_P(TokenContract, FlippedBitInWrappedMaterialIsRefused) {
    Bytes token = expect_value(token_.slow->create_key(kTestCwk, test_identity("key-1"))).token;
    token.back() ^= std::byte{1};
    EXPECT_FALSE(token_.slow->load_key(token, hsm::Residency::session));
}

TEST_P(TokenContract, WrongPinIsRefusedOnce) {
    expect_value(token_.token->logout());
    const auto wrong = token_.token->login(SecretBytes(std::string_view("wrong")));
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, Errc::pin_refused);
    EXPECT_TRUE(token_.token->login(token_.user_pin, hsm::Attempt::by_operator));
    EXPECT_EQ(token_.token->cwks().size(), GetParam().keeps_cwk ? 1u : 0u);
}

TEST_P(TokenContract, IdentityIsWrappedInstalledAndSigns) {
    if (!GetParam().keeps_cwk) {
        GTEST_SKIP() << GetParam().name << " stores no token object with these attributes";
    }
    const auto identity = expect_value(hsm::create_identity(*token_.slow, kTestCwk));
    expect_value(hsm::install_identity(*token_.slow, identity.token));
    EXPECT_TRUE(hsm::identity_csr(
        *token_.slow, {.common_name = "contract", .organization = {}, .organizational_unit = {}}));
}

TEST_P(TokenContract, ProbeFindsWhatTheModuleCanAndEnforces) {
    const auto profile = expect_value(hsm::probe(*token_.slow, hsm::ProbeDepth::attacks));
    EXPECT_THAT(profile.summary, testing::StartsWith(GetParam().verdict));
    EXPECT_EQ(profile.verdict, GetParam().verdict == "strong" ? Verdict::strong : Verdict::weak);
    std::vector<std::string> refused;
    for (const hsm::KeyKind& kind : profile.key_kinds) {
        if (!kind.refusal.empty()) {
            refused.push_back(kind.spec);
        }
    }
    EXPECT_EQ(refused, GetParam().refused_specs);
}

INSTANTIATE_TEST_SUITE_P(Modules, TokenContract, testing::Values(kSoftHsm, kNss),
                         [](const auto& brand) { return brand.param.name; });

}  // namespace
}  // namespace claviger::test
