// Every operation with a key in every state, against tests/data/kms/operation_states.tsv.
#include <openssl/ec.h>
#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <map>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <claviger/base/encoding.hpp>
#include <claviger/base/public_key.hpp>

#include "src/kms/operation.hpp"
#include "tests/unit/kms/fakes.hpp"
#include "tests/unit/kms/matchers.hpp"

namespace claviger::kms::test {
namespace {

using store::KeyState;

struct StateColumn {
    KeyState state;
    std::string_view column;
    std::string_view origin;  // of a key that can be in this state
    std::string_view words;   // in messages
};

constexpr std::array kStates{
    StateColumn{KeyState::enabled, "Enabled", "AWS_KMS", ""},
    StateColumn{KeyState::disabled, "Disabled", "AWS_KMS", "disabled"},
    StateColumn{KeyState::pending_deletion, "PD", "AWS_KMS", "pending deletion"},
    StateColumn{KeyState::pending_replica_deletion, "PD", "AWS_KMS", "pending replica deletion"},
    StateColumn{KeyState::pending_import, "PendingImport", "EXTERNAL", "pending import"},
    StateColumn{KeyState::unavailable, "Unavailable", "AWS_CLOUDHSM", "unavailable"},
    StateColumn{KeyState::creating, "Creating", "AWS_KMS", "creating"},
    StateColumn{KeyState::updating, "Updating", "AWS_KMS", "updating"},
};

struct Row {
    std::string operation;
    std::map<std::string, std::string, std::less<>> cells;
};

std::vector<Row> table() {
    std::ifstream file(CLAVIGER_TEST_DATA "/kms/operation_states.tsv");
    std::vector<std::string> header;
    std::vector<Row> rows;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with('#')) {
            continue;
        }
        std::vector<std::string> cells;
        std::istringstream in(line);
        for (std::string cell; std::getline(in, cell, '\t');) {
            cells.push_back(cell);
        }
        if (header.empty()) {
            header = cells;
            continue;
        }
        Row& row = rows.emplace_back(Row{cells.at(0), {}});
        for (std::size_t i = 1; i < header.size(); ++i) {
            row.cells[header[i]] = cells.at(i);
        }
    }
    return rows;
}

// What requests refer to, made while the key was enabled.
struct Made {
    std::string key, other, blob, grant;
};

std::string quoted(std::string_view name, std::string_view value) {
    return "\"" + std::string(name) + "\":\"" + std::string(value) + "\"";
}

// A request that works, were it not for the state. Members that an operation does not know are ignored.
std::string body_of(std::string_view operation, const Made& made) {
    std::string more =
        R"(,"Description":"d","PendingWindowInDays":7,"Plaintext":"YQ==","TagKeys":["k"],)"
        R"("Tags":[{"TagKey":"k","TagValue":"v"}],"Operations":["DescribeKey"],"Message":"YQ==","Mac":"YQ==",)"
        R"("GranteePrincipal":"arn:aws:iam::111122223333:root","ReplicaRegion":"eu-west-3",)"
        R"("PrimaryRegion":"eu-west-2","KeyPairSpec":"ECC_NIST_P256","MacAlgorithm":"HMAC_SHA_256",)"
        R"("SigningAlgorithm":"ECDSA_SHA_256","Signature":"YQ==","KeyAgreementAlgorithm":"ECDH",)"
        R"("WrappingAlgorithm":"RSAES_OAEP_SHA_256","WrappingKeySpec":"RSA_2048","ImportToken":"YQ==",)"
        R"("EncryptedKeyMaterial":"YQ==","ExpirationModel":"KEY_MATERIAL_DOES_NOT_EXPIRE",)";
    static const std::string peer = to_base64(*to_spki(PublicKey(EVP_EC_gen("P-256"))));
    more += quoted("PublicKey", peer) + "," + quoted("CiphertextBlob", made.blob) + "," +
            quoted("GrantId", made.grant) + "," + quoted("TargetKeyId", made.key) + "," +
            quoted("DestinationKeyId", made.other);
    if (operation.starts_with("GenerateDataKey")) {
        more += R"(,"NumberOfBytes":16)";
    }
    if (operation == "PutKeyPolicy") {
        more +=
            R"(,"Policy":"{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"*\"}}")";
    }
    more += "," + quoted("AliasName", operation == "CreateAlias"   ? "alias/new"
                                      : operation == "UpdateAlias" ? "alias/other"
                                                                   : "alias/mine");
    return "{" + quoted("KeyId", made.key) + more + "}";
}

// The kind of key that the operation is for.
struct Kind {
    std::string_view spec = "SYMMETRIC_DEFAULT";
    std::string_view usage = "ENCRYPT_DECRYPT";
    bool multi_region = false;
};

Kind kind_for(std::string_view operation) {
    if (operation == "Sign" || operation == "Verify" || operation == "GetPublicKey") {
        return {"ECC_NIST_P256", "SIGN_VERIFY"};
    }
    if (operation == "GenerateMac" || operation == "VerifyMac") {
        return {"HMAC_256", "GENERATE_VERIFY_MAC"};
    }
    if (operation == "ReplicateKey" || operation == "UpdatePrimaryRegion") {
        return {.multi_region = true};
    }
    return operation == "DeriveSharedSecret" ? Kind{"ECC_NIST_P256", "KEY_AGREEMENT"} : Kind{};
}

Made arrange(Harness& api, const Kind& kind = {}) {
    Made made;
    const http::Answer created =
        api.call("CreateKey", "{" + quoted("KeySpec", kind.spec) + "," + quoted("KeyUsage", kind.usage) +
                                  R"(,"MultiRegion":)" + (kind.multi_region ? "true" : "false") + "}");
    made.key = text_at(created.body, "KeyMetadata.KeyId");
    if (kind.multi_region) {
        const std::string replicate = "{" + quoted("KeyId", made.key) + R"(,"ReplicaRegion":)";
        EXPECT_EQ(api.call("ReplicateKey", replicate + R"("eu-west-2"})").status, 200U);
    }
    made.other = api.make_key();
    const auto alias = [&](const char* name, const std::string& target) {
        return api.call("CreateAlias",
                        "{" + quoted("AliasName", name) + "," + quoted("TargetKeyId", target) + "}");
    };
    EXPECT_THAT(alias("alias/mine", made.key), IsEmptySuccess());
    EXPECT_THAT(alias("alias/other", made.other), IsEmptySuccess());
    if (kind.spec == "SYMMETRIC_DEFAULT") {
        made.blob = text_at(api.call("Encrypt", body_of("Encrypt", made)).body, "CiphertextBlob");
        made.grant = text_at(api.call("CreateGrant", body_of("CreateGrant", made)).body, "GrantId");
    }
    return made;
}

void put_into(Harness& api, const std::string& key, const StateColumn& state) {
    api.change_key(key, [&](store::KeyRecord& row) {
        row.state = state.state;
        row.origin = state.origin;
        if (state.state == KeyState::pending_deletion) {
            row.deletion_date = api.life.time + std::chrono::days(7);
        }
    });
}

// What imports is about imported keys, unless the cell says what becomes of others.
StateColumn column_for(std::string_view operation, std::string_view cell, StateColumn state) {
    if (operation == "ImportKeyMaterial" && cell == "ok") {
        state.origin = "EXTERNAL";
    }
    return state;
}

::testing::Matcher<http::Answer> works() {
    return ::testing::Not(::testing::AnyOf(HasType("DisabledException"), HasType("KMSInvalidStateException"),
                                           HasType("UnsupportedOperationException"),
                                           HasType("NotFoundException"), HasType("KMSInternalException"),
                                           HasType("ValidationException")));
}

// The answer that a cell stands for.
::testing::Matcher<http::Answer> expected(std::string_view cell, const StateColumn& state,
                                          const std::string& arn) {
    const auto has = [&](std::string_view code) { return cell.find(code) != std::string_view::npos; };
    const auto invalid = [&](std::string_view what) {
        return IsError("KMSInvalidStateException", arn + " is " + std::string(what) + ".");
    };
    const auto wrong_origin =
        IsError("UnsupportedOperationException",
                arn + " origin is " + std::string(state.origin) + " which is not valid for this operation.");
    if (has("[9]")) {
        return wrong_origin;
    }
    if (cell.starts_with("ok")) {
        return works();
    }
    if (has("[1]")) {
        return IsError("DisabledException", arn + " is disabled.");
    }
    if (has("[3]") || has("[10]") || has("[5]") || has("[11]") || has("[14]") || has("[15]")) {
        return invalid(state.words);
    }
    if (has("[4]")) {
        return invalid("not pending deletion");
    }
    if (has("[6]")) {
        return wrong_origin;
    }
    if (has("[7]")) {
        return state.state == KeyState::unavailable ? ::testing::Matcher<http::Answer>(wrong_origin)
                                                    : works();
    }
    ADD_FAILURE() << "no rule for " << cell;
    return ::testing::_;
}

TEST(OperationStates, AnswersAreThoseOfTheTable) {
    int checked = 0;
    std::string missing;
    for (const Row& row : table()) {
        if (find_operation(row.operation) == nullptr) {
            missing += " " + row.operation;
            continue;
        }
        for (const StateColumn& state : kStates) {
            const std::string& cell = row.cells.at(std::string(state.column));
            if (cell == "n/a") {
                continue;
            }
            Harness api;
            const Made made = arrange(api, kind_for(row.operation));
            put_into(api, made.key, column_for(row.operation, cell, state));
            EXPECT_THAT(api.call(row.operation, body_of(row.operation, made)),
                        expected(cell, state, api.arn(made.key)))
                << row.operation << " in " << state.column << " (" << state.words << "): " << cell;
            ++checked;
        }
    }
    EXPECT_GT(checked, 200);
    std::cout << checked << " pairs of operation and state; not built:" << missing << '\n';
}

// The column of the table is about either key; above it was the source and the new target.
TEST(OperationStates, TheDestinationOfReEncryptAndTheOldTargetOfAnAliasCountToo) {
    for (const StateColumn& state : kStates) {
        Harness api;
        Made made = arrange(api);
        put_into(api, made.other, state);
        const std::string cell = state.state == KeyState::enabled || state.state == KeyState::updating ? "ok"
                                 : state.state == KeyState::disabled                                   ? "[1]"
                                                                     : "[3]";
        EXPECT_THAT(api.call("ReEncrypt", body_of("ReEncrypt", made)),
                    expected(cell, state, api.arn(made.other)))
            << state.column;
        EXPECT_THAT(api.call("UpdateAlias", body_of("UpdateAlias", made)), works()) << state.column;
    }
}

}  // namespace
}  // namespace claviger::kms::test
