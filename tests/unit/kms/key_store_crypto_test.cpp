// Keys in a custom key store: made and used in its cluster, unavailable without it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/kms/certificates.hpp"
#include "tests/unit/kms/fakes.hpp"
#include "tests/unit/kms/matchers.hpp"

namespace claviger::kms::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kPlaintext[] = R"(,"Plaintext":"c2VjcmV0"})";  // "secret"

class KeysInStores : public ::testing::Test {
protected:
    KeysInStores() {
        api.clusters.add(kCluster, kClusterCertificate, kAnchor);
        store = connected(kCluster, "Store");
    }

    std::string connected(std::string_view cluster, std::string_view name) {
        std::string anchor;
        for (const char c : std::string_view(kAnchor)) {
            anchor += c == '\n' ? std::string("\\n") : std::string(1, c);
        }
        const std::string body = R"({"CustomKeyStoreName":")" + std::string(name) +
                                 R"(","CloudHsmClusterId":")" + std::string(cluster) +
                                 R"(","TrustAnchorCertificate":")" + anchor +
                                 R"(","KeyStorePassword":"password"})";
        const http::Answer made = api.call("CreateCustomKeyStore", body);
        EXPECT_EQ(made.status, 200U) << made.body;
        std::string id = text_at(made.body, "CustomKeyStoreId");
        api.call("ConnectCustomKeyStore", R"({"CustomKeyStoreId":")" + id + "\"}");
        api.clusters.settle();
        return id;
    }
    void disconnect() {
        api.call("DisconnectCustomKeyStore", R"({"CustomKeyStoreId":")" + store + "\"}");
        api.clusters.settle();
    }
    http::Answer create(std::string_view more = R"(,"Origin":"AWS_CLOUDHSM")", std::string_view in = {}) {
        return api.call("CreateKey", R"({"CustomKeyStoreId":")" + std::string(in.empty() ? store : in) +
                                         "\"" + std::string(more) + "}");
    }
    std::string make_key(std::string_view in = {}) {
        const http::Answer made = create(R"(,"Origin":"AWS_CLOUDHSM")", in);
        EXPECT_EQ(made.status, 200U) << made.body;
        return text_at(made.body, "KeyMetadata.KeyId");
    }
    std::string with_key(std::string_view id, std::string_view rest = "}") {
        return R"({"KeyId":")" + std::string(id) + "\"" + std::string(rest);
    }
    std::string blob_of(std::string_view key) {
        return text_at(api.call("Encrypt", with_key(key, kPlaintext)).body, "CiphertextBlob");
    }
    http::Answer decrypt(std::string_view blob) {
        return api.call("Decrypt", R"({"CiphertextBlob":")" + std::string(blob) + "\"}");
    }
    http::Answer re_encrypt(std::string_view blob, std::string_view to) {
        return api.call("ReEncrypt", R"({"CiphertextBlob":")" + std::string(blob) +
                                         R"(","DestinationKeyId":")" + std::string(to) + "\"}");
    }

    Harness api;
    std::string store;
};

TEST_F(KeysInStores, MetadataNamesStoreAndClusterAndNoMaterial) {
    const http::Answer made = create();
    EXPECT_EQ(text_at(made.body, "KeyMetadata.CustomKeyStoreId"), store);
    EXPECT_EQ(text_at(made.body, "KeyMetadata.CloudHsmClusterId"), kCluster);
    EXPECT_EQ(text_at(made.body, "KeyMetadata.Origin"), "AWS_CLOUDHSM");
    EXPECT_EQ(text_at(made.body, "KeyMetadata.KeyState"), "Enabled");
    EXPECT_THAT(made.body, Not(HasSubstr("CurrentKeyMaterialId")));
    EXPECT_EQ(json_at(made.body, "KeyMetadata.MultiRegion"), "false");
    EXPECT_THAT(api.call("DescribeKey", with_key(api.make_key())).body, Not(HasSubstr("CustomKeyStoreId")));
}

TEST_F(KeysInStores, SymmetricOperationsRunInTheStoresCluster) {
    const std::string key = make_key();
    const std::size_t before = api.client.calls;
    const std::string blob = blob_of(key);
    EXPECT_EQ(text_at(decrypt(blob).body, "Plaintext"), "c2VjcmV0");
    EXPECT_EQ(api.call("GenerateDataKey", with_key(key, R"(,"KeySpec":"AES_256"})")).status, 200U);
    EXPECT_EQ(api.call("GenerateDataKeyWithoutPlaintext", with_key(key, R"(,"KeySpec":"AES_256"})")).status,
              200U);
    EXPECT_EQ(api.call("GenerateRandom", R"({"NumberOfBytes":8,"CustomKeyStoreId":")" + store + "\"}").status,
              200U);
    EXPECT_EQ(api.client.calls, before) << "nothing went to the default cluster";
    EXPECT_GE(api.clusters.clients.at(kCluster).calls, 6U);
    EXPECT_THAT(api.audit.records, ::testing::Contains(HasSubstr(R"("customKeyStoreId":")" + store)));
}

TEST_F(KeysInStores, ReEncryptCrossesClusters) {
    const std::string inside = make_key();
    const std::string outside = api.make_key();
    const std::string moved = text_at(re_encrypt(blob_of(inside), outside).body, "CiphertextBlob");
    EXPECT_EQ(text_at(decrypt(moved).body, "Plaintext"), "c2VjcmV0");
    const std::string back = text_at(re_encrypt(moved, inside).body, "CiphertextBlob");
    disconnect();
    EXPECT_THAT(decrypt(back), HasType("KMSInvalidStateException"));
    EXPECT_EQ(text_at(decrypt(moved).body, "Plaintext"), "c2VjcmV0");
}

TEST_F(KeysInStores, KindsThatAStoreCannotHoldAreRefused) {
    EXPECT_THAT(create({}), HasType("ValidationException")) << "the Origin must say it";
    EXPECT_THAT(create(R"(,"Origin":"EXTERNAL")"), HasType("ValidationException"));
    EXPECT_THAT(api.call("CreateKey", R"({"Origin":"AWS_CLOUDHSM"})"), HasType("ValidationException"));
    for (const char* const more :
         {R"(,"Origin":"AWS_CLOUDHSM","KeySpec":"RSA_2048","KeyUsage":"SIGN_VERIFY")",
          R"(,"Origin":"AWS_CLOUDHSM","KeySpec":"HMAC_256","KeyUsage":"GENERATE_VERIFY_MAC")",
          R"(,"Origin":"AWS_CLOUDHSM","MultiRegion":true)", R"(,"Origin":"EXTERNAL_KEY_STORE")"}) {
        EXPECT_THAT(create(more), HasType("UnsupportedOperationException")) << more;
    }
    EXPECT_THAT(create(R"(,"Origin":"AWS_CLOUDHSM")", "cks-0"), HasType("CustomKeyStoreNotFoundException"));
}

TEST_F(KeysInStores, ANewKeyNeedsTwoZonesItsUseOneHsm) {
    const std::string key = make_key();
    api.clusters.clusters.at(kCluster)->hsms[1].record.state = store::HsmState::degraded;
    EXPECT_THAT(create(), HasType("CloudHsmClusterInvalidConfigurationException"));
    EXPECT_FALSE(blob_of(key).empty());
}

TEST_F(KeysInStores, AreUnavailableWhileDisconnectedAndAsBeforeAfterwards) {
    const std::string key = make_key();
    const std::string disabled = make_key();
    const std::string dying = make_key();
    api.call("DisableKey", with_key(disabled));
    api.call("ScheduleKeyDeletion", with_key(dying));
    disconnect();
    const auto state = [&](std::string_view id) {
        return text_at(api.call("DescribeKey", with_key(id)).body, "KeyMetadata.KeyState");
    };
    EXPECT_EQ(state(key), "Unavailable");
    EXPECT_EQ(state(disabled), "Unavailable");
    EXPECT_EQ(state(dying), "PendingDeletion");
    EXPECT_THAT(api.call("Encrypt", with_key(key, kPlaintext)),
                IsError("KMSInvalidStateException", api.arn(key) + " is unavailable."));
    EXPECT_THAT(create(), HasType("CustomKeyStoreInvalidStateException"));
    EXPECT_THAT(api.call("GenerateRandom", R"({"NumberOfBytes":8,"CustomKeyStoreId":")" + store + "\"}"),
                HasType("CustomKeyStoreInvalidStateException"));
    EXPECT_EQ(api.call("DisableKey", with_key(key)).status, 200U) << "takes effect later";
    EXPECT_EQ(api.call("EnableKey", with_key(disabled)).status, 200U);
    EXPECT_EQ(api.call("CancelKeyDeletion", with_key(dying)).status, 200U);
    EXPECT_EQ(state(dying), "Unavailable");
    api.call("ConnectCustomKeyStore", R"({"CustomKeyStoreId":")" + store + "\"}");
    api.clusters.settle();
    EXPECT_EQ(state(key), "Disabled");
    EXPECT_EQ(state(disabled), "Enabled");
    EXPECT_EQ(state(dying), "Disabled");
}

TEST_F(KeysInStores, ClusterOutOfReachIsAStateOfTheKeyNotAFaultOfTheService) {
    const std::string key = make_key();
    for (const Errc code : {Errc::no_hsm, Errc::hsm_gone, Errc::key_fault}) {
        api.clusters.clients.at(kCluster).failure = code;
        EXPECT_THAT(api.call("Encrypt", with_key(key, kPlaintext)),
                    IsError("KMSInvalidStateException", "KMS cannot communicate with your CloudHSM cluster"));
    }
    api.clusters.clients.at(kCluster).failure = Errc::deadline_exceeded;
    EXPECT_THAT(api.call("Encrypt", with_key(key, kPlaintext)), HasType("DependencyTimeoutException"));
    EXPECT_EQ(text_at(api.call("DescribeKey", with_key(key)).body, "KeyMetadata.KeyState"), "Enabled");
}

TEST_F(KeysInStores, RotationIsRefusedInAnyState) {
    const std::string key = make_key();
    for (int round = 0; round < 2; ++round) {
        for (const char* const operation : {"EnableKeyRotation", "DisableKeyRotation", "RotateKeyOnDemand"}) {
            EXPECT_THAT(api.call(operation, with_key(key)), HasType("UnsupportedOperationException"))
                << operation;
        }
        disconnect();
    }
}

TEST_F(KeysInStores, AKeyGoesOnItsDayEvenIfItsClusterIsLost) {
    const std::string key = make_key();
    api.call("ScheduleKeyDeletion", with_key(key, R"(,"PendingWindowInDays":7})"));
    api.clusters.clients.at(kCluster).failure = Errc::no_hsm;
    api.life.time += std::chrono::days(8);
    EXPECT_EQ(api.reap(), 1U);
    EXPECT_THAT(api.call("DescribeKey", with_key(key)), HasType("NotFoundException"));
    EXPECT_THAT(api.store.outbox().back(), HasSubstr(R"(\"deletionStatus\":\"FAILURE\")"));
}

TEST_F(KeysInStores, TwoStoresKeepApart) {
    api.clusters.add(kSecond, kOtherClusterCertificate, kAnchor);
    const std::string other = connected(kSecond, "Other");
    const std::string one = make_key();
    const std::string two = make_key(other);
    const std::string blob = blob_of(two);
    disconnect();
    EXPECT_THAT(api.call("Encrypt", with_key(one, kPlaintext)), HasType("KMSInvalidStateException"));
    EXPECT_EQ(text_at(decrypt(blob).body, "Plaintext"), "c2VjcmV0");
}

}  // namespace
}  // namespace claviger::kms::test
