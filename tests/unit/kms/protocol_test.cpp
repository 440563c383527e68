// Envelope, validation, audit, and the tables held against the API model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/kms/error.hpp"
#include "src/kms/operation.hpp"
#include "tests/unit/kms/fakes.hpp"
#include "tests/unit/kms/matchers.hpp"

namespace claviger::kms::test {
namespace {

TEST(Tables, EveryRowIsAnOperationOfTheModelAndNamesItsMembers) {
    for (const Operation& row : operation_table()) {
        const model::Operation* operation = model::kms().find(row.name);
        ASSERT_NE(operation, nullptr) << row.name;
        const model::Shape& input = model::kms().shape(operation->input);
        for (const KeyParameter& key : row.keys) {
            if (!key.member.empty()) {
                const model::Member* member = model::find_member(input, key.member);
                ASSERT_NE(member, nullptr) << row.name << ' ' << key.member;
                EXPECT_EQ(member->presence == model::Presence::required, key.need == Need::required)
                    << row.name;
            }
        }
        for (const AuditField& field : row.audited) {
            const model::Member* member = model::find_member(input, field.member);
            ASSERT_NE(member, nullptr) << row.name << ' ' << field.member;
            EXPECT_NE(model::kms().shape(member->shape).type, model::Type::blob);
        }
        EXPECT_TRUE(policy::to_string(row.action).starts_with("kms:"));
    }
}

TEST(Tables, ModelledExceptionsHaveTheStatusOfTheirFault) {
    for (const ErrorRow& row : error_table()) {
        for (const model::Exception& exception : model::kms().exceptions) {
            if (exception.name == row.name) {
                EXPECT_EQ(row.status, exception.fault == model::Fault::server ? 500U : 400U) << row.name;
            }
        }
    }
}

TEST(Envelope, EveryOperationOfTheModelHasARow) {
    for (const model::Operation& operation : model::kms().operations) {
        EXPECT_NE(find_operation(operation.name), nullptr) << operation.name;
    }
    EXPECT_EQ(operation_table().size(), model::kms().operations.size());
}

TEST(Envelope, OtherOperationsAreUnknown) {
    Harness api;
    EXPECT_THAT(api.call("Frobnicate", "{}"), IsBareError("UnknownOperationException"));
    EXPECT_THAT(api.call("encrypt", "{}"), IsBareError("UnknownOperationException"));
}

TEST(Envelope, WhatIsNoJsonObjectOfTheRightTypesIsSerializationException) {
    Harness api;
    for (const char* body :
         {"", "[]", "null", "\"x\"", "{", "{\"KeyId\":1}", "{\"KeyId\":\"x\",\"Plaintext\":\"*\"}",
          "{\"KeyId\":\"x\",\"Plaintext\":\"YQ\"}", "{\"KeyId\":\"\\ud800\"}", "{\"KeyId\":\"\xff\"}",
          "{\"GrantTokens\":\"x\"}", "{\"DryRun\":\"true\"}", "{\"EncryptionContext\":[]}"}) {
        EXPECT_THAT(api.call("Encrypt", body), HasType("SerializationException")) << body;
    }
    EXPECT_THAT(api.call("ListKeys", R"({"Limit":"10"})"), HasType("SerializationException"));
    EXPECT_THAT(api.call("ListKeys", R"({"Limit":1.5})"), HasType("SerializationException"));
}

TEST(Envelope, UnknownMembersAreIgnoredAndNullIsAbsent) {
    Harness api;
    EXPECT_EQ(api.call("ListKeys", R"({"Action":"ListKeys","Limit":null,"GrantTokens":["x"]})").status, 200U);
}

TEST(Envelope, SeveralViolationsShareOneMessage) {
    Harness api;
    EXPECT_THAT(
        api.call("Encrypt", R"({"Plaintext":"","EncryptionAlgorithm":"NOPE"})"),
        IsError("ValidationException",
                "3 validation errors detected: Value 'NOPE' at 'encryptionAlgorithm' failed to satisfy "
                "constraint: Member must satisfy enum value set: [SYMMETRIC_DEFAULT, RSAES_OAEP_SHA_1, "
                "RSAES_OAEP_SHA_256, SM2PKE]; Value null at 'keyId' failed to satisfy constraint: Member "
                "must not be null; Value at 'plaintext' failed to satisfy constraint: Member must have "
                "length greater than or equal to 1"));
}

TEST(Envelope, LengthsCountCharactersNotBytes) {
    Harness api;
    std::string text;
    for (int i = 0; i < 8192; ++i) {
        text += "é";
    }
    EXPECT_EQ(api.call("CreateKey", R"({"Description":")" + text + "\"}").status, 200U);
}

TEST(Envelope, RecipientIsRefusedRatherThanIgnored) {
    Harness api;
    const std::string key = api.make_key();
    const auto ask = [&](const std::string& recipient) {
        return api.call("GenerateDataKey",
                        R"({"KeyId":")" + key + R"(","KeySpec":"AES_256","Recipient":)" + recipient + "}");
    };
    EXPECT_THAT(ask("{}"), HasType("ValidationException"));
    EXPECT_THAT(ask(R"({"KeyEncryptionAlgorithm":"RSAES_OAEP_SHA_256","AttestationDocument":"AAAA"})"),
                HasType("UnsupportedOperationException"));  // no root of trust is configured
}

TEST(Audit, RecordOfAUseIsComplete) {
    Harness api;
    const std::string key = api.make_key();
    api.audit.records.clear();
    api.call("Encrypt",
             R"({"KeyId":")" + key +
                 R"(","Plaintext":"c2VjcmV0","EncryptionContext":{"Project":"Alpha"},"GrantTokens":[]})");
    ASSERT_EQ(api.audit.records.size(), 1U);
    const std::string& record = api.audit.records[0];
    const std::string material = api.catalogue.key(kAccount, kRegion, key)->current().id;
    EXPECT_EQ(
        record,
        R"({"eventVersion":"1.11","userIdentity":{"type":"IAMUser","principalId":"AIDAEXAMPLE",)"
        R"("arn":"arn:aws:iam::111122223333:user/alice","accountId":"111122223333",)"
        R"("accessKeyId":"AKIAEXAMPLE","userName":"alice"},"eventTime":"2023-11-14T22:13:20Z",)"
        R"("eventSource":"kms.amazonaws.com","eventName":"Encrypt","awsRegion":"eu-west-1",)"
        R"("sourceIPAddress":"192.0.2.10","userAgent":"aws-cli/2.x","requestParameters":{"keyId":")" +
            key +
            R"(","encryptionAlgorithm":"SYMMETRIC_DEFAULT","encryptionContext":{"Project":"Alpha"}},)"
            R"("responseElements":null,"additionalEventData":{"keyMaterialId":")" +
            material + R"("},"requestID":"11111111-2222-4333-8444-555555555555","eventID":")" +
            text_at(record, "eventID") +
            R"(","readOnly":true,"resources":[{"accountId":"111122223333","type":"AWS::KMS::Key","ARN":")" +
            api.arn(key) +
            R"("}],"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333",)"
            R"("eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3",)"
            R"("cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"kms.test"},)"
            R"("claviger":{"storeSequence":)" +
            std::to_string(api.store.sequence()) + "}}");
}

TEST(Audit, DecryptNamesTheKeyItFound) {
    Harness api;
    const std::string key = api.make_key();
    const http::Answer made = api.call("Encrypt", R"({"KeyId":")" + key + R"(","Plaintext":"c2VjcmV0"})");
    api.call("Decrypt", R"({"CiphertextBlob":")" + text_at(made.body, "CiphertextBlob") + "\"}");
    EXPECT_EQ(json_at(api.audit.records.back(), "requestParameters"),
              R"({"keyId":")" + api.arn(key) + R"(","encryptionAlgorithm":"SYMMETRIC_DEFAULT"})");
}

TEST(Audit, StateChangesAreRecordedInsideTheirTransactionOnly) {
    Harness api;
    const std::string key = api.make_key();
    EXPECT_TRUE(api.audit.records.empty());
    ASSERT_EQ(api.store.outbox().size(), 1U);
    const std::string record = api.store.outbox()[0];
    EXPECT_EQ(text_at(record, "responseElements.keyMetadata.keyId"), key);
    EXPECT_EQ(text_at(record, "responseElements.keyMetadata.creationDate"), "Nov 14, 2023, 10:13:20 PM");
    EXPECT_EQ(text_at(record, "responseElements.keyMetadata.aWSAccountId"), kAccount);
    EXPECT_EQ(text_at(record, "resources.0.ARN"), api.arn(key));
    EXPECT_EQ(json_at(record, "readOnly"), "false");
}

TEST(Audit, RefusalsAreRecordedWithTheirReason) {
    Harness api;
    const std::string key = api.make_key();
    api.call("DisableKey", R"({"KeyId":")" + api.arn(key) + "\"}", kOtherAccount);
    EXPECT_EQ(text_at(api.audit.records.back(), "errorCode"), "AccessDenied");
    EXPECT_THAT(text_at(api.audit.records.back(), "errorMessage"), ::testing::HasSubstr("kms:DisableKey"));
    EXPECT_EQ(json_at(api.audit.records.back(), "resources"), "[]");
    http::Refusal refusal;
    refusal.operation = "Encrypt";
    refusal.error = "InvalidSignatureException";
    refusal.access_key_id = "AKIAEXAMPLE";
    refusal.user_agent = "\xff\n\"";
    api.refuse(refusal);
    EXPECT_EQ(text_at(api.audit.records.back(), "errorCode"), "InvalidSignatureException");
    EXPECT_EQ(text_at(api.audit.records.back(), "userAgent"), "\xef\xbf\xbd\n\"");
    EXPECT_EQ(api.audit.records.back().find('\n'), std::string::npos);
}

TEST(Audit, WhatAStrangerWritesIsCut) {
    Harness api;
    const std::string long_text(15'000, '\xff');
    http::Refusal refusal;
    refusal.operation = long_text;
    refusal.error = "MissingAuthenticationTokenException";
    refusal.message = long_text;
    refusal.access_key_id = long_text;
    refusal.user_agent = long_text;
    refusal.host_header = long_text;
    refusal.tls_version = "TLSv1.3";
    api.refuse(refusal);
    EXPECT_LT(api.audit.records.back().size(), 10'000U);
}

TEST(Audit, WithoutASinkNothingRunsAndWithoutARecordNothingIsAnswered) {
    Harness api;
    const std::string key = api.make_key();
    const std::string body = R"({"KeyId":")" + key + R"(","KeySpec":"AES_256"})";
    const std::size_t before = api.client.calls;
    api.audit.open = false;
    EXPECT_THAT(api.call("GenerateDataKey", body), HasType("KMSInternalException"));
    EXPECT_EQ(api.client.calls, before);
    api.audit.open = true;
    api.audit.failing = true;
    const http::Answer answer = api.call("GenerateDataKey", body);
    EXPECT_THAT(answer, HasType("KMSInternalException"));
    EXPECT_EQ(answer.body.find("Plaintext"), std::string::npos);
}

TEST(Audit, WhatThrowsIsRecordedAndAnsweredAsAnyFailure) {
    Harness api;
    api.client.throws = true;
    EXPECT_THAT(api.call("GenerateRandom", R"({"NumberOfBytes":16})"), HasType("KMSInternalException"));
    EXPECT_EQ(text_at(api.audit.records.back(), "errorCode"), "KMSInternalException");
}

}  // namespace
}  // namespace claviger::kms::test
