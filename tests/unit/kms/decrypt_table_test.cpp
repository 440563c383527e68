// The decision table of Decrypt, row by row, and every damaged bit of a ciphertext.
#include <gtest/gtest.h>

#include <claviger/base/encoding.hpp>

#include "tests/unit/kms/fakes.hpp"
#include "tests/unit/kms/matchers.hpp"

namespace claviger::kms::test {
namespace {

constexpr char kForeignText[] =
    "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or "
    "you are "
    "not allowed to access.";

class DecryptTable : public ::testing::Test {
protected:
    http::Answer decrypt(const Bytes& bytes, std::string_view more = {}, std::string_view account = kAccount,
                         std::string_view region = kRegion) {
        return api.call("Decrypt",
                        R"({"CiphertextBlob":")" + to_base64(bytes) + "\"" + std::string(more) + "}", account,
                        region);
    }
    static std::string key_id(std::string_view id) { return R"(,"KeyId":")" + std::string(id) + "\""; }

    Harness api;
    const std::string key = api.make_key();
    const std::string other = api.make_key();
    const Bytes blob = *from_base64(text_at(
        api.call("Encrypt", R"({"KeyId":")" + key + R"(","Plaintext":"c2VjcmV0"})").body, "CiphertextBlob"));
};

TEST_F(DecryptTable, Row1SizeOfTheBlob) {
    EXPECT_THAT(decrypt({}),
                IsError("ValidationException",
                        "1 validation error detected: Value at 'ciphertextBlob' failed to satisfy "
                        "constraint: Member must have length greater than or equal to 1"));
    EXPECT_THAT(decrypt(Bytes(6145)),
                IsError("ValidationException",
                        "1 validation error detected: Value at 'ciphertextBlob' failed to "
                        "satisfy constraint: Member must have length less than or equal to "
                        "6144"));
    EXPECT_THAT(
        api.call("Decrypt", "{}"),
        IsError("ValidationException",
                "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: "
                "Member must not be null"));
}

TEST_F(DecryptTable, Row2KeyIdMalformedOrUnknown) {
    EXPECT_THAT(decrypt(Bytes(3), key_id("fake-key-id")),
                IsError("NotFoundException", "Invalid keyId 'fake-key-id'"));
    const std::string absent = "1234abcd-12ab-34cd-56ef-1234567890ab";
    EXPECT_THAT(decrypt(Bytes(3), key_id(absent)),
                IsError("NotFoundException", "Key '" + api.arn(absent) + "' does not exist"));
}

TEST_F(DecryptTable, Row3ArnOfAnotherRegion) {
    EXPECT_THAT(decrypt(Bytes(3), key_id("arn:aws:kms:us-west-2:111122223333:key/" + key)),
                IsError("NotFoundException", "Invalid arn us-west-2"));
}

TEST_F(DecryptTable, Row4BlobThatIsNotOurs) {
    EXPECT_THAT(decrypt(Bytes(100)), IsBareError("InvalidCiphertextException"));
    EXPECT_THAT(decrypt(Bytes(blob.begin(), blob.begin() + 40)), IsBareError("InvalidCiphertextException"));
    EXPECT_THAT(decrypt(Bytes(100), key_id(key)), IsBareError("InvalidCiphertextException"));
}

TEST_F(DecryptTable, Row5BlobOfAnotherKeyWhateverItsUse) {
    const std::string text =
        "The key ID in the request does not identify a CMK that can perform this operation.";
    EXPECT_THAT(decrypt(blob, key_id(other)), IsError("IncorrectKeyException", text));
    api.change_key(other,
                   [](store::KeyRecord& row) { row.usage = "GENERATE_VERIFY_MAC", row.spec = "HMAC_256"; });
    EXPECT_THAT(decrypt(blob, key_id(other)), IsError("IncorrectKeyException", text));
}

TEST_F(DecryptTable, Row5AliasMeansItsPresentTarget) {
    api.call("CreateAlias", R"({"AliasName":"alias/a","TargetKeyId":")" + key + "\"}");
    EXPECT_EQ(decrypt(blob, key_id("alias/a")).status, 200U);
    api.call("UpdateAlias", R"({"AliasName":"alias/a","TargetKeyId":")" + other + "\"}");
    EXPECT_THAT(decrypt(blob, key_id("alias/a")), HasType("IncorrectKeyException"));
}

TEST_F(DecryptTable, Row6WithoutKeyIdAForeignKeyReadsLikeAnUnknownOne) {
    EXPECT_THAT(decrypt(blob, {}, kAccount, "us-east-1"), IsError("AccessDeniedException", kForeignText));
    EXPECT_THAT(decrypt(blob, {}, kOtherAccount), IsError("AccessDeniedException", kForeignText));
}

TEST_F(DecryptTable, Row7NamedKeyOfAnotherAccount) {
    const std::string text =
        "User: arn:aws:iam::444455556666:user/alice is not authorized to perform: kms:Decrypt on this "
        "resource "
        "because the resource does not exist in this Region, no resource-based policies allow access, or a "
        "resource-based policy explicitly denies access";
    EXPECT_THAT(decrypt(blob, key_id(api.arn(key)), kOtherAccount), IsError("AccessDeniedException", text));
    const std::string absent = api.arn("1234abcd-12ab-34cd-56ef-1234567890ab");
    EXPECT_THAT(decrypt(blob, key_id(absent), kOtherAccount), IsError("AccessDeniedException", text));
}

TEST_F(DecryptTable, Row8StateOfTheKey) {
    using store::KeyState;
    const std::pair<KeyState, std::string> cases[] = {{KeyState::pending_deletion, "pending deletion"},
                                                      {KeyState::pending_import, "pending import"},
                                                      {KeyState::unavailable, "unavailable"},
                                                      {KeyState::creating, "creating"}};
    for (const auto& [state, what] : cases) {
        api.change_key(key, [s = state](store::KeyRecord& row) { row.state = s; });
        EXPECT_THAT(decrypt(blob), IsError("KMSInvalidStateException", api.arn(key) + " is " + what + "."));
    }
    api.change_key(key, [](store::KeyRecord& row) { row.state = KeyState::disabled; });
    EXPECT_THAT(decrypt(blob), IsError("DisabledException", api.arn(key) + " is disabled."));
    api.change_key(key, [](store::KeyRecord& row) { row.state = KeyState::updating; });
    EXPECT_EQ(decrypt(blob).status, 200U);
}

TEST_F(DecryptTable, Row9AlgorithmThatDoesNotFitTheKey) {
    EXPECT_THAT(decrypt(blob, key_id(key) + R"(,"EncryptionAlgorithm":"RSAES_OAEP_SHA_1")"),
                HasType("InvalidKeyUsageException"));
    EXPECT_THAT(decrypt(blob, R"(,"EncryptionAlgorithm":"RSAES_OAEP_SHA_1")"),
                HasType("ValidationException"));
}

TEST_F(DecryptTable, Row10SurplusContext) {
    EXPECT_THAT(decrypt(blob, R"(,"EncryptionContext":{"a":"b"})"),
                IsBareError("InvalidCiphertextException"));
}

TEST_F(DecryptTable, EveryFlippedBitIsRefused) {
    for (std::size_t bit = 0; bit < blob.size() * 8; ++bit) {
        Bytes damaged = blob;
        damaged[bit / 8] ^= std::byte{1} << (bit % 8);
        EXPECT_THAT(decrypt(damaged, key_id(key)), IsBareError("InvalidCiphertextException")) << bit;
        // Without a key id a blob with another tag is one of a key that is not here.
        const bool names_another_key = bit >= 8 && bit < 17 * 8;
        EXPECT_THAT(decrypt(damaged),
                    HasType(names_another_key ? "AccessDeniedException" : "InvalidCiphertextException"))
            << bit;
    }
}

TEST_F(DecryptTable, EveryCutAndEveryAddedByteIsRefused) {
    for (std::size_t size = 1; size < blob.size(); ++size) {
        EXPECT_THAT(
            decrypt(Bytes(blob.begin(), blob.begin() + static_cast<std::ptrdiff_t>(size)), key_id(key)),
            IsBareError("InvalidCiphertextException"));
    }
    Bytes longer = blob;
    longer.push_back(std::byte{0});
    EXPECT_THAT(decrypt(longer), IsBareError("InvalidCiphertextException"));
}

}  // namespace
}  // namespace claviger::kms::test
