#include "src/attestation/envelope.hpp"

#include <gtest/gtest.h>
#include <openssl/cms.h>
#include <openssl/pem.h>

#include <cstdio>
#include <memory>

namespace claviger::attestation {
namespace {

template <auto Free>
struct Deleter {
    template <class T>
    void operator()(T* object) const noexcept {
        Free(object);
    }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;
using Content = std::unique_ptr<CMS_ContentInfo, Deleter<CMS_ContentInfo_free>>;

PublicKey recipient() {
    const std::unique_ptr<std::FILE, Deleter<std::fclose>> in(
        std::fopen(CLAVIGER_TEST_DATA "/attestation/recipient.key", "r"));
    return PublicKey(PEM_read_PrivateKey(in.get(), nullptr, nullptr, nullptr));
}

Content parse(const Bytes& der) {
    const unsigned char* at = as_uchar(ByteView(der));
    return Content(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(der.size())));
}

TEST(Envelop, OpensWithTheRecipientsKey) {
    const PublicKey key = recipient();
    for (const std::size_t size : {1u, 15u, 16u, 32u, 4096u}) {
        const Bytes content(size, std::byte{0x5a});
        const Content cms = parse(envelop(key, content).value());
        ASSERT_TRUE(cms);
        const Bio out(BIO_new(BIO_s_mem()));
        ASSERT_EQ(CMS_decrypt(cms.get(), key.get(), nullptr, nullptr, out.get(), CMS_BINARY), 1) << size;
        char* opened = nullptr;
        const long got = BIO_get_mem_data(out.get(), &opened);
        EXPECT_EQ(to_bytes(as_bytes(std::string_view(opened, static_cast<std::size_t>(got)))), content);
    }
}

// What the parser in AWS's SDK for Nitro enclaves insists on: versions 2 and 2, one recipient by key
// identifier, AES-256-CBC, OAEP with SHA-256 for both hashes.
TEST(Envelop, HasTheFormOfKms) {
    const Bytes der = envelop(recipient(), Bytes(32)).value();
    const Content cms = parse(der);
    ASSERT_TRUE(cms);
    const Bio out(BIO_new(BIO_s_mem()));
    ASSERT_EQ(CMS_ContentInfo_print_ctx(out.get(), cms.get(), 0, nullptr), 1);
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    const std::string printed(text, static_cast<std::size_t>(size));
    EXPECT_NE(printed.find("pkcs7-envelopedData"), std::string::npos) << printed;
    EXPECT_NE(printed.find("d.ktri"), std::string::npos) << printed;
    EXPECT_NE(printed.find("d.subjectKeyIdentifier"), std::string::npos) << printed;
    EXPECT_NE(printed.find("rsaesOaep"), std::string::npos) << printed;
    EXPECT_NE(printed.find("aes-256-cbc"), std::string::npos) << printed;
    std::size_t versions = 0;
    for (std::size_t at = printed.find("version: 2"); at != std::string::npos;
         at = printed.find("version: 2", at + 1)) {
        ++versions;
    }
    EXPECT_EQ(versions, 2u) << printed;
    EXPECT_EQ(sk_CMS_RecipientInfo_num(CMS_get0_RecipientInfos(cms.get())), 1);
    // RSAES-OAEP-params { [0] sha256, [1] mgf1SHA256 }, RFC 8017 appendix A.2.1
    constexpr std::string_view kSha256 = "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01";
    std::size_t hashes = 0;
    const std::string_view bytes = as_text(der);
    for (std::size_t at = bytes.find(kSha256); at != bytes.npos; at = bytes.find(kSha256, at + 1)) {
        ++hashes;
    }
    EXPECT_EQ(hashes, 2u);
}

}  // namespace
}  // namespace claviger::attestation
