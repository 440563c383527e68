// Imported key material where the store and the other requests decide: what real tokens and a real client say
// is in tests/conformance/kms/import_test.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <claviger/base/encoding.hpp>

#include "tests/unit/kms/fakes.hpp"
#include "tests/unit/kms/matchers.hpp"

namespace claviger::kms::test {
namespace {

using testing::HasSubstr;

class ImportTest : public testing::Test {
protected:
    static std::string quoted(std::string_view name, std::string_view value) {
        return "\"" + std::string(name) + "\":\"" + std::string(value) + "\"";
    }
    std::string new_key() {
        return text_at(api_.call("CreateKey", R"({"Origin":"EXTERNAL"})").body, "KeyMetadata.KeyId");
    }
    std::string token(const std::string& key) {
        const auto answer =
            api_.call("GetParametersForImport",
                      "{" + quoted("KeyId", key) +
                          R"(,"WrappingAlgorithm":"RSAES_OAEP_SHA_256","WrappingKeySpec":"RSA_2048"})");
        return text_at(answer.body, "ImportToken");
    }
    // The fake cluster takes the material for its envelope.
    http::Answer import(const std::string& key, char material, const std::string& more = {}) {
        return api_.call("ImportKeyMaterial",
                         "{" + quoted("KeyId", key) + "," + quoted("ImportToken", token(key)) + "," +
                             quoted("EncryptedKeyMaterial", to_base64(Bytes(32, std::byte(material)))) +
                             (more.empty() ? R"(,"ExpirationModel":"KEY_MATERIAL_DOES_NOT_EXPIRE")" : more) +
                             "}");
    }
    std::string expiring_in(std::chrono::hours hours) {
        const auto at = std::chrono::floor<std::chrono::seconds>(api_.life.time + hours);
        return ",\"ValidTo\":" + std::to_string(at.time_since_epoch().count());
    }
    std::string state(const std::string& key) {
        return text_at(api_.call("DescribeKey", "{" + quoted("KeyId", key) + "}").body,
                       "KeyMetadata.KeyState");
    }
    http::Answer encrypt(const std::string& key) {
        return api_.call("Encrypt", "{" + quoted("KeyId", key) + R"(,"Plaintext":"YQ=="})");
    }

    Harness api_;
};

TEST_F(ImportTest, FirstMaterialCannotBeNamed) {
    const std::string key = new_key();
    const std::string named = R"(,"ExpirationModel":"KEY_MATERIAL_DOES_NOT_EXPIRE","KeyMaterialId":")" +
                              std::string(64, '0') + "\"";
    EXPECT_THAT(
        import(key, 'a', named),
        IsError("ValidationException", "KeyMaterialId is not valid with the ImportType NEW_KEY_MATERIAL."));
    EXPECT_EQ(state(key), "PendingImport");
}

TEST_F(ImportTest, WrappingPairHasTheTimeOfAnRsaKey) {
    const std::string key = new_key();
    api_.call("CreateKey", "{}");
    const MonoTime usual = api_.client.deadline;
    token(key);
    EXPECT_GT(api_.client.deadline, usual + std::chrono::seconds(15));
}

TEST_F(ImportTest, AStoreThatFailsLeavesTheKeyAsItWas) {
    const std::string key = new_key();
    const std::string got = token(key);
    api_.store.fail(true);
    EXPECT_EQ(import(key, 'a').status, 500u);
    api_.store.fail(false);
    EXPECT_EQ(state(key), "PendingImport");
    EXPECT_EQ(import(key, 'a').status, 200u);
    EXPECT_EQ(state(key), "Enabled");
}

TEST_F(ImportTest, OfTwoFirstImportsTheSecondMustBringTheSame) {
    const std::string key = new_key();
    const std::string rival = new_key();
    ASSERT_EQ(import(rival, 'b').status, 200u);
    // Another request's material comes in between the two halves of this one.
    api_.store.before_next([&](store::Txn& txn) {
        auto row = *txn.key(AccountId(kAccount), kRegion, KeyId(key));
        auto other = *txn.key(AccountId(kAccount), kRegion, KeyId(rival));
        store::ImportRecord import = txn.imports(AccountId(kAccount), kRegion, KeyId(rival))->front();
        auto material = *txn.material(AccountId(kAccount), kRegion, KeyId(rival), import.material);
        import.key = KeyId(key);
        import.version = 0;
        row->current_material = import.material;
        row->state = store::KeyState::pending_import;
        return txn.put(import) && txn.put(*row);
    });
    EXPECT_THAT(import(key, 'a'), HasType("IncorrectKeyMaterialException"));
}

TEST_F(ImportTest, ExpiredMaterialIsRefusedAtOnceAndRemovedLater) {
    const std::string key = new_key();
    ASSERT_EQ(import(key, 'a', expiring_in(std::chrono::hours(2))).status, 200u);
    EXPECT_EQ(encrypt(key).status, 200u);
    EXPECT_EQ(api_.expire_due(), 0u);
    api_.life.time += std::chrono::hours(3);
    EXPECT_THAT(encrypt(key), IsError("KMSInvalidStateException", api_.arn(key) + " is pending import."));
    EXPECT_EQ(state(key), "PendingImport");
    EXPECT_EQ(api_.expire_due(), 1u);
    EXPECT_EQ(api_.client.destroyed, std::vector<std::string>{key});
    EXPECT_THAT(api_.store.outbox().back(), HasSubstr(R"("eventName":"DeleteExpiredKeyMaterial")"));
    EXPECT_EQ(api_.expire_due(), 0u);
    EXPECT_EQ(state(key), "PendingImport");
    EXPECT_TRUE(api_.store.load()->materials.empty());
    EXPECT_EQ(import(key, 'a').status, 200u);
    EXPECT_EQ(encrypt(key).status, 200u);
}

TEST_F(ImportTest, MaterialThatWasImportedAgainMeanwhileIsNotRemoved) {
    const std::string key = new_key();
    ASSERT_EQ(import(key, 'a', expiring_in(std::chrono::hours(2))).status, 200u);
    api_.life.time += std::chrono::hours(3);
    api_.store.before_next([&](store::Txn& txn) {
        store::ImportRecord import = txn.imports(AccountId(kAccount), kRegion, KeyId(key))->front();
        import.valid_to.reset();
        return txn.put(import) && txn.put(**txn.key(AccountId(kAccount), kRegion, KeyId(key)));
    });
    api_.expire_due();
    EXPECT_EQ(state(key), "Enabled");
    EXPECT_EQ(api_.store.load()->materials.size(), 1u);
}

TEST_F(ImportTest, ACatalogueLoadedFromTheStoreKnowsTheSame) {
    const std::string gone = new_key(), here = new_key(), never = new_key();
    ASSERT_EQ(import(gone, 'a').status, 200u);
    ASSERT_EQ(import(here, 'a', expiring_in(std::chrono::hours(2))).status, 200u);
    ASSERT_EQ(api_.call("DeleteImportedKeyMaterial", "{" + quoted("KeyId", gone) + "}").status, 200u);
    Catalogue again;
    EXPECT_TRUE(again.load(*api_.store.load()).empty());
    const auto key = [&](const std::string& id) { return again.key(kAccount, kRegion, id); };
    EXPECT_EQ(key(gone)->record.state, store::KeyState::pending_import);
    EXPECT_TRUE(key(gone)->generations.empty());
    ASSERT_NE(key(gone)->imports, nullptr);
    EXPECT_EQ(key(never)->imports, nullptr);
    EXPECT_EQ(key(here)->state_at(api_.life.time), store::KeyState::enabled);
    EXPECT_EQ(key(here)->state_at(api_.life.time + std::chrono::hours(2)), store::KeyState::pending_import);
    EXPECT_EQ(again.due_for_expiry(api_.life.time + std::chrono::hours(2)).size(), 1u);
    EXPECT_TRUE(again.due_for_expiry(api_.life.time).empty());
}

TEST_F(ImportTest, TokensAreBoundToTheirKeyAndTheirDay) {
    const std::string key = new_key();
    const std::string got = token(key);
    const auto send = [&] {
        return api_.call("ImportKeyMaterial", "{" + quoted("KeyId", key) + "," + quoted("ImportToken", got) +
                                                  "," + quoted("EncryptedKeyMaterial", to_base64(Bytes(32))) +
                                                  R"(,"ExpirationModel":"KEY_MATERIAL_DOES_NOT_EXPIRE"})");
    };
    api_.life.time += std::chrono::hours(24);
    EXPECT_THAT(send(), HasType("ExpiredImportTokenException"));
    api_.life.time -= std::chrono::milliseconds(1);
    EXPECT_EQ(send().status, 200u);
}

TEST_F(ImportTest, NeitherMaterialNorTokenIsInTheAuditRecord) {
    const std::string key = new_key();
    const std::string got = token(key);
    ASSERT_EQ(import(key, 'a').status, 200u);
    const std::string record = api_.store.outbox().back();
    EXPECT_THAT(record, HasSubstr(R"("eventName":"ImportKeyMaterial")"));
    EXPECT_THAT(record, HasSubstr(R"("expirationModel":"KEY_MATERIAL_DOES_NOT_EXPIRE")"));
    EXPECT_THAT(record, testing::Not(HasSubstr("ImportToken")));
    EXPECT_THAT(record, testing::Not(HasSubstr(to_base64(Bytes(32, std::byte('a'))))));
}

}  // namespace
}  // namespace claviger::kms::test
