// Encrypt, Decrypt, ReEncrypt, GenerateDataKey, GenerateDataKeyWithoutPlaintext, GenerateRandom.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <claviger/base/encoding.hpp>

#include "tests/unit/kms/fakes.hpp"
#include "tests/unit/kms/matchers.hpp"

namespace claviger::kms::test {
namespace {

class Crypto : public ::testing::Test {
protected:
    std::string encrypt(std::string_view with, std::string_view plaintext, std::string_view more = {}) {
        const http::Answer answer = api.call("Encrypt", body_of(with, plaintext, more));
        EXPECT_EQ(answer.status, 200U) << answer.body;
        return text_at(answer.body, "CiphertextBlob");
    }
    static std::string body_of(std::string_view with, std::string_view plaintext,
                               std::string_view more = {}) {
        return R"({"KeyId":")" + std::string(with) + R"(","Plaintext":")" + to_base64(as_bytes(plaintext)) +
               "\"" + std::string(more) + "}";
    }
    static std::string blob_body(std::string_view blob, std::string_view more = {}) {
        return R"({"CiphertextBlob":")" + std::string(blob) + "\"" + std::string(more) + "}";
    }

    Harness api;
    const std::string key = api.make_key();
};

TEST_F(Crypto, EncryptAnswersBlobArnAndAlgorithm) {
    const http::Answer answer = api.call("Encrypt", body_of(key, "attack at dawn"));
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(text_at(answer.body, "KeyId"), api.arn(key));
    EXPECT_EQ(text_at(answer.body, "EncryptionAlgorithm"), "SYMMETRIC_DEFAULT");
    EXPECT_EQ(json_at(answer.body, "KeyMaterialId"), "");
    EXPECT_EQ(from_base64(text_at(answer.body, "CiphertextBlob"))->size(), 34U + 12 + 14 + 16);
}

TEST_F(Crypto, DecryptGivesThePlaintextBack) {
    const std::string blob = encrypt(key, "attack at dawn", R"(,"EncryptionContext":{"b":"2","a":"1"})");
    const http::Answer answer =
        api.call("Decrypt", blob_body(blob, R"(,"EncryptionContext":{"a":"1","b":"2"})"));
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(text_at(answer.body, "Plaintext"), to_base64(as_bytes("attack at dawn")));
    EXPECT_EQ(text_at(answer.body, "KeyId"), api.arn(key));
    EXPECT_EQ(text_at(answer.body, "EncryptionAlgorithm"), "SYMMETRIC_DEFAULT");
    EXPECT_EQ(text_at(answer.body, "KeyMaterialId").size(), 64U);
}

TEST_F(Crypto, LargestPlaintextFitsAndOneByteMoreIsRefusedWithoutEchoingIt) {
    encrypt(key, std::string(4096, 'x'));
    EXPECT_THAT(
        api.call("Encrypt", body_of(key, std::string(4097, 'x'))),
        IsError("ValidationException",
                "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member "
                "must have length less than or equal to 4096"));
    EXPECT_THAT(
        api.call("Encrypt", body_of(key, "")),
        IsError("ValidationException",
                "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member "
                "must have length greater than or equal to 1"));
}

TEST_F(Crypto, EmptyContextAbsentContextAndNullAreTheSame) {
    const std::string blob = encrypt(key, "x", R"(,"EncryptionContext":{})");
    EXPECT_EQ(api.call("Decrypt", blob_body(blob)).status, 200U);
    EXPECT_EQ(api.call("Decrypt", blob_body(blob, R"(,"EncryptionContext":null)")).status, 200U);
}

TEST_F(Crypto, OtherContextIsInvalidCiphertextWithoutMessage) {
    const std::string blob = encrypt(key, "x", R"(,"EncryptionContext":{"a":"bc"})");
    for (const char* context :
         {"", R"(,"EncryptionContext":{"ab":"c"})", R"(,"EncryptionContext":{"A":"bc"})",
          R"(,"EncryptionContext":{"a":"bc","d":""})"}) {
        EXPECT_THAT(api.call("Decrypt", blob_body(blob, context)), IsBareError("InvalidCiphertextException"));
    }
}

TEST_F(Crypto, ContextOver8KiBIsRefused) {
    EXPECT_THAT(
        api.call("Encrypt",
                 body_of(key, "x", R"(,"EncryptionContext":{"a":")" + std::string(8192, 'v') + "\"}")),
        HasType("ValidationException"));
}

TEST_F(Crypto, ContextValueThatIsNoStringIsSerializationException) {
    EXPECT_THAT(api.call("Encrypt", body_of(key, "x", R"(,"EncryptionContext":{"a":1})")),
                HasType("SerializationException"));
}

TEST_F(Crypto, ForeignAlgorithmIsIncompatible) {
    EXPECT_THAT(api.call("Encrypt", body_of(key, "x", R"(,"EncryptionAlgorithm":"RSAES_OAEP_SHA_256")")),
                IsError("InvalidKeyUsageException",
                        "Algorithm RSAES_OAEP_SHA_256 is incompatible with key spec SYMMETRIC_DEFAULT."));
}

TEST_F(Crypto, WrongUsageIsReportedBeforeTheAlgorithm) {
    api.change_key(key, [](store::KeyRecord& row) { row.usage = "SIGN_VERIFY", row.spec = "RSA_2048"; });
    EXPECT_THAT(api.call("Encrypt", body_of(key, "x", R"(,"EncryptionAlgorithm":"RSAES_OAEP_SHA_256")")),
                IsError("InvalidKeyUsageException",
                        api.arn(key) + " key usage is SIGN_VERIFY which is not valid for Encrypt."));
    EXPECT_THAT(api.call("GenerateDataKey", R"({"KeyId":")" + key + R"(","NumberOfBytes":16})"),
                IsError("InvalidKeyUsageException",
                        api.arn(key) + " key usage is SIGN_VERIFY which is not valid for GenerateDataKey."));
}

TEST_F(Crypto, DryRunSaysThatItWouldHaveWorkedAndDoesNothing) {
    const std::string blob = encrypt(key, "x");
    const std::size_t before = api.client.calls;
    const std::string text = "The request would have succeeded, but the DryRun option is set.";
    EXPECT_THAT(api.call("Encrypt", body_of(key, "x", R"(,"DryRun":true)")),
                IsError("DryRunOperationException", text));
    EXPECT_THAT(
        api.call("GenerateDataKey", R"({"KeyId":")" + key + R"(","KeySpec":"AES_256","DryRun":true})"),
        IsError("DryRunOperationException", text));
    EXPECT_EQ(api.client.calls, before);
    EXPECT_THAT(api.call("Decrypt", blob_body(blob, R"(,"DryRun":true)")),
                IsError("DryRunOperationException", text));
}

TEST_F(Crypto, DryRunOfDecryptChecksTheCiphertextUnlessToldNotTo) {
    std::string blob = encrypt(key, "x", R"(,"EncryptionContext":{"a":"b"})");
    EXPECT_THAT(api.call("Decrypt", blob_body(blob, R"(,"DryRun":true)")),
                IsBareError("InvalidCiphertextException"));
    EXPECT_THAT(api.call("Decrypt",
                         R"({"DryRun":true,"DryRunModifiers":["IGNORE_CIPHERTEXT"],"KeyId":")" + key + "\"}"),
                HasType("DryRunOperationException"));
    EXPECT_THAT(
        api.call("Decrypt", R"({"DryRun":true,"DryRunModifiers":["IGNORE_CIPHERTEXT"]})"),
        IsError("ValidationException",
                "1 validation error detected: Value null at 'keyId' failed to satisfy constraint: Member "
                "must not be null"));
}

TEST_F(Crypto, GrantTokensThatNobodyGaveOutAreRefusedAndAnEmptyListIsNot) {
    EXPECT_THAT(api.call("Encrypt", body_of(key, "x", R"(,"GrantTokens":["abc"])")),
                IsBareError("InvalidGrantTokenException"));
    EXPECT_EQ(api.call("Encrypt", body_of(key, "x", R"(,"GrantTokens":[])")).status, 200U);
}

TEST_F(Crypto, GenerateDataKeyTakesEitherSpecOrSize) {
    const auto size_of = [&](std::string_view arguments) {
        const http::Answer answer =
            api.call("GenerateDataKey", R"({"KeyId":")" + key + "\"," + std::string(arguments) + "}");
        EXPECT_EQ(answer.status, 200U) << answer.body;
        EXPECT_EQ(text_at(answer.body, "KeyId"), api.arn(key));
        EXPECT_EQ(text_at(answer.body, "KeyMaterialId").size(), 64U);
        const std::string plaintext = text_at(answer.body, "Plaintext");
        EXPECT_EQ(
            text_at(api.call("Decrypt", blob_body(text_at(answer.body, "CiphertextBlob"))).body, "Plaintext"),
            plaintext);
        return from_base64(plaintext)->size();
    };
    EXPECT_EQ(size_of(R"("KeySpec":"AES_128")"), 16U);
    EXPECT_EQ(size_of(R"("KeySpec":"AES_256")"), 32U);
    EXPECT_EQ(size_of(R"("NumberOfBytes":1)"), 1U);
    EXPECT_EQ(size_of(R"("NumberOfBytes":1024)"), 1024U);
}

TEST_F(Crypto, GenerateDataKeyWithBothOrNeitherLengthIsRefused) {
    for (const char* operation : {"GenerateDataKey", "GenerateDataKeyWithoutPlaintext"}) {
        for (const char* more : {"", R"(,"KeySpec":"AES_128","NumberOfBytes":16)"}) {
            EXPECT_THAT(api.call(operation, R"({"KeyId":")" + key + "\"" + more + "}"),
                        IsError("ValidationException", "Please specify either number of bytes or key spec."));
        }
    }
}

TEST_F(Crypto, GenerateDataKeyWithoutPlaintextHasNone) {
    const http::Answer answer =
        api.call("GenerateDataKeyWithoutPlaintext", R"({"KeyId":")" + key + R"(","KeySpec":"AES_256"})");
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(json_at(answer.body, "Plaintext"), "");
    const http::Answer opened = api.call("Decrypt", blob_body(text_at(answer.body, "CiphertextBlob")));
    EXPECT_EQ(from_base64(text_at(opened.body, "Plaintext"))->size(), 32U);
}

TEST_F(Crypto, GenerateRandomChecksItsLength) {
    const http::Answer answer = api.call("GenerateRandom", R"({"NumberOfBytes":1024})");
    EXPECT_EQ(from_base64(text_at(answer.body, "Plaintext"))->size(), 1024U);
    EXPECT_THAT(api.call("GenerateRandom", "{}"),
                IsError("ValidationException", "NumberOfBytes is required."));
    EXPECT_THAT(api.call("GenerateRandom", R"({"NumberOfBytes":null})"),
                IsError("ValidationException", "NumberOfBytes is required."));
    EXPECT_THAT(
        api.call("GenerateRandom", R"({"NumberOfBytes":0})"),
        IsError("ValidationException",
                "1 validation error detected: Value '0' at 'numberOfBytes' failed to satisfy constraint: "
                "Member must have value greater than or equal to 1"));
    EXPECT_THAT(api.call("GenerateRandom", R"({"NumberOfBytes":1025})"),
                IsError("ValidationException",
                        "1 validation error detected: Value '1025' at 'numberOfBytes' failed to satisfy "
                        "constraint: Member must have value less than or equal to 1024"));
    EXPECT_THAT(api.call("GenerateRandom", R"({"NumberOfBytes":1,"CustomKeyStoreId":"cks-1"})"),
                HasType("CustomKeyStoreNotFoundException"));
}

TEST_F(Crypto, ReEncryptMovesToTheOtherKeyAndDoesNotCopyTheContext) {
    const std::string other = api.make_key();
    const std::string blob = encrypt(key, "secret", R"(,"EncryptionContext":{"a":"b"})");
    const http::Answer answer = api.call(
        "ReEncrypt",
        blob_body(blob, R"(,"SourceEncryptionContext":{"a":"b"},"DestinationKeyId":")" + other + "\""));
    ASSERT_EQ(answer.status, 200U) << answer.body;
    EXPECT_EQ(text_at(answer.body, "SourceKeyId"), api.arn(key));
    EXPECT_EQ(text_at(answer.body, "KeyId"), api.arn(other));
    EXPECT_EQ(text_at(answer.body, "SourceEncryptionAlgorithm"), "SYMMETRIC_DEFAULT");
    EXPECT_EQ(text_at(answer.body, "DestinationEncryptionAlgorithm"), "SYMMETRIC_DEFAULT");
    EXPECT_NE(text_at(answer.body, "SourceKeyMaterialId"), text_at(answer.body, "DestinationKeyMaterialId"));
    const http::Answer opened = api.call("Decrypt", blob_body(text_at(answer.body, "CiphertextBlob")));
    EXPECT_EQ(text_at(opened.body, "Plaintext"), to_base64(as_bytes("secret")));
}

TEST_F(Crypto, ReEncryptReportsTroubleWithTheSourceFirst) {
    const std::string other = api.make_key();
    const std::string blob = encrypt(key, "secret");
    api.call("DisableKey", R"({"KeyId":")" + key + "\"}");
    api.call("DisableKey", R"({"KeyId":")" + other + "\"}");
    EXPECT_THAT(api.call("ReEncrypt", blob_body(blob, R"(,"DestinationKeyId":")" + other + "\"")),
                IsError("DisabledException", api.arn(key) + " is disabled."));
    api.call("EnableKey", R"({"KeyId":")" + key + "\"}");
    EXPECT_THAT(api.call("ReEncrypt", blob_body(blob, R"(,"DestinationKeyId":")" + other + "\"")),
                IsError("DisabledException", api.arn(other) + " is disabled."));
    EXPECT_THAT(api.call("ReEncrypt", blob_body(blob, R"(,"SourceKeyId":")" + other +
                                                          R"(","DestinationKeyId":")" + other + "\"")),
                HasType("IncorrectKeyException"));
}

TEST_F(Crypto, ReEncryptNamesItsActionWhenTheDestinationHasAnotherUse) {
    const std::string other = api.make_key();
    api.change_key(other,
                   [](store::KeyRecord& row) { row.usage = "GENERATE_VERIFY_MAC", row.spec = "HMAC_256"; });
    EXPECT_THAT(
        api.call("ReEncrypt", blob_body(encrypt(key, "s"), R"(,"DestinationKeyId":")" + other + "\"")),
        IsError("InvalidKeyUsageException",
                api.arn(other) + " key usage is GENERATE_VERIFY_MAC which is not valid for ReEncryptTo."));
}

struct ClusterFailure {
    Errc code;
    const char* name;
    unsigned status;
};

class CryptoFailure : public Crypto, public ::testing::WithParamInterface<ClusterFailure> {};

TEST_P(CryptoFailure, OfTheClusterIsTheDocumentedServerErrorAndKeepsItsDetail) {
    api.client.failure = GetParam().code;
    const http::Answer answer = api.call("Encrypt", body_of(key, "x"));
    EXPECT_EQ(answer.status, GetParam().status);
    EXPECT_THAT(answer, HasType(GetParam().name));
    EXPECT_THAT(answer.body, ::testing::Not(::testing::HasSubstr("as told")));
    EXPECT_EQ(api.reported.size(), GetParam().status == 500 ? 1U : 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Codes, CryptoFailure,
    ::testing::Values(ClusterFailure{Errc::no_hsm, "KeyUnavailableException", 500},
                      ClusterFailure{Errc::deadline_exceeded, "DependencyTimeoutException", 500},
                      ClusterFailure{Errc::overloaded, "ThrottlingException", 400},
                      ClusterFailure{Errc::internal, "KMSInternalException", 500},
                      ClusterFailure{Errc::unsupported, "UnsupportedOperationException", 400}));

TEST_F(Crypto, WithoutKeyUnavailableInItsModelAnOperationAnswersInternal) {
    api.client.failure = Errc::no_hsm;
    const http::Answer answer = api.call("GenerateRandom", R"({"NumberOfBytes":1})");
    EXPECT_EQ(answer.status, 500U);
    EXPECT_THAT(answer, HasType("KMSInternalException"));
}

}  // namespace
}  // namespace claviger::kms::test
