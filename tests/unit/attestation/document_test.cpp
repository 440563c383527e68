#include "src/attestation/document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace claviger::attestation {
namespace {

using testing::HasSubstr;

std::string file(const std::string& name) {
    std::ifstream in(CLAVIGER_TEST_DATA "/attestation/" + name, std::ios::binary);
    EXPECT_TRUE(in) << name;
    return {std::istreambuf_iterator<char>(in), {}};
}

// tests/data/attestation/README.md
const WallTime kMade = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);

Result<Document> verify(std::string_view document, const char* root = "root.pem",
                        WallTime now = kMade + std::chrono::hours(1)) {
    return Verifier::from_pem(file(root)).value().verify(as_bytes(document), now);
}

std::string refusal(std::string_view document, const char* root = "root.pem",
                    WallTime now = kMade + std::chrono::hours(1)) {
    const Result<Document> result = verify(document, root, now);
    if (result) {
        return "accepted";
    }
    EXPECT_EQ(result.error().code, Errc::data_invalid);
    return result.error().detail;
}

TEST(Verifier, AcceptsTheDocumentOfAnEnclave) {
    const Result<Document> document = verify(file("enclave.cbor"));
    ASSERT_TRUE(document) << document.error().detail;
    EXPECT_EQ(document->module_id, "i-1234567890abcdef0-enc1234567890abcd");
    EXPECT_EQ(document->pcrs.size(), 16u);
    EXPECT_EQ(document->pcrs.at(0), Bytes(48, std::byte{0xab}));
    EXPECT_EQ(document->pcrs.at(1), Bytes(48));
    EXPECT_TRUE(document->nitrotpm_pcrs.empty());
    EXPECT_EQ(rsa_parts(document->recipient).value().modulus.size(), 256u);
}

TEST(Verifier, AcceptsTheDocumentOfANitroTpmAndTheCoseTag) {
    const Result<Document> document = verify("\xd2" + file("tpm.cbor"));
    ASSERT_TRUE(document) << document.error().detail;
    EXPECT_TRUE(document->pcrs.empty());
    EXPECT_EQ(document->nitrotpm_pcrs.at(4), Bytes(48, std::byte{0xab}));
}

TEST(Verifier, RefusesAForeignRootAndTimesOutsideTheCertificate) {
    EXPECT_THAT(refusal(file("enclave.cbor"), "other-root.pem"), HasSubstr("configured root"));
    EXPECT_THAT(refusal(file("enclave.cbor"), "root.pem", kMade - std::chrono::seconds(1)),
                HasSubstr("not yet valid"));
    EXPECT_THAT(refusal(file("enclave.cbor"), "root.pem", kMade + std::chrono::hours(4)),
                HasSubstr("expired"));
}

TEST(Verifier, RefusesADocumentWithoutARecipientWeCanEncryptTo) {
    EXPECT_THAT(refusal(file("without-key.cbor")), HasSubstr("no public key"));
    EXPECT_THAT(refusal(file("ec-key.cbor")), HasSubstr("not RSA"));
}

TEST(Verifier, RefusesAnotherSignature) {
    std::string document = file("enclave.cbor");
    document.back() = static_cast<char>(document.back() ^ 1);
    EXPECT_THAT(refusal(document), HasSubstr("signature"));
}

TEST(Verifier, RefusesEveryChangedByte) {
    const std::string document = file("enclave.cbor");
    for (std::size_t at = 0; at < document.size(); at += 7) {
        std::string changed = document;
        changed[at] = static_cast<char>(changed[at] ^ 0x20);
        EXPECT_NE(refusal(changed), "accepted") << "byte " << at;
    }
}

TEST(Verifier, RefusesEveryCutAndWhatTrails) {
    const std::string document = file("enclave.cbor");
    for (std::size_t size = 0; size < document.size(); size += 31) {
        EXPECT_NE(refusal(document.substr(0, size)), "accepted") << size;
    }
    EXPECT_THAT(refusal(document + '\0'), HasSubstr("COSE_Sign1"));
}

TEST(Verifier, RefusesAnotherAlgorithm) {
    std::string document = file("enclave.cbor");
    ASSERT_EQ(document.substr(0, 6), std::string("\x84\x44\xa1\x01\x38\x22"));
    document[5] = '\x06';  // -7: ES256
    EXPECT_THAT(refusal(document), HasSubstr("ES384"));
}

TEST(Verifier, NeedsARoot) {
    const auto none = Verifier::from_pem("-----BEGIN NOTHING-----\n");
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, Errc::bad_config);
    EXPECT_TRUE(Verifier::from_pem(file("other-root.pem") + file("root.pem"))
                    .value()
                    .verify(as_bytes(file("enclave.cbor")), kMade + std::chrono::hours(1)));
    EXPECT_TRUE(Verifier::from_pem("a comment\n" + file("root.pem") + "and another\n"));
}

TEST(Verifier, DamagedRootIsNamedAndNotPassedOver) {
    std::string damaged = file("other-root.pem");
    const std::size_t at = damaged.find("-----\n") + 6;
    damaged.replace(at, 8, "AAAAAAAA");
    for (const std::string& roots :
         {file("other-root.pem") + damaged + file("root.pem"), file("root.pem") + damaged}) {
        const auto refused = Verifier::from_pem(roots);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, Errc::bad_config);
        EXPECT_THAT(refused.error().detail, HasSubstr("certificate 2"));
    }
}

}  // namespace
}  // namespace claviger::attestation
