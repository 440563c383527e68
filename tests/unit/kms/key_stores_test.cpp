// Custom key stores: made, described, changed, connected, disconnected, deleted; and every refusal on the
// way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/kms/certificates.hpp"
#include "tests/unit/kms/fakes.hpp"
#include "tests/unit/kms/matchers.hpp"

namespace claviger::kms::test {
namespace {

using cloudhsm::LoginFailure;
using store::ConnectionState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kThird[] = "cluster-ccccccccccc";
constexpr char kPassword[] = "kmsPswd-1";

// A JSON string of text that may have newlines.
std::string json_text(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        out += c == '\n' ? std::string("\\n") : std::string(1, c);
    }
    return out + '"';
}

std::string create_body(std::string_view name = "Store", std::string_view cluster = kCluster,
                        std::string_view anchor = kAnchor, std::string_view password = kPassword) {
    return R"({"CustomKeyStoreName":)" + json_text(name) + R"(,"CloudHsmClusterId":)" + json_text(cluster) +
           R"(,"TrustAnchorCertificate":)" + json_text(anchor) + R"(,"KeyStorePassword":)" +
           json_text(password) + "}";
}

std::string id_body(std::string_view id, std::string_view more = {}) {
    return R"({"CustomKeyStoreId":)" + json_text(id) + std::string(more) + "}";
}

class KeyStores : public ::testing::Test {
protected:
    KeyStores() { api.clusters.add(kCluster, kClusterCertificate, kAnchor); }

    std::string make(std::string_view body = create_body()) {
        const http::Answer answer = api.call("CreateCustomKeyStore", body);
        EXPECT_EQ(answer.status, 200U) << answer.body;
        return text_at(answer.body, "CustomKeyStoreId");
    }
    std::string connect(const std::string& id) {
        EXPECT_THAT(api.call("ConnectCustomKeyStore", id_body(id)), IsEmptySuccessObject());
        api.clusters.settle();
        return state(id);
    }
    std::string member(const std::string& id, const std::string& name) {
        return text_at(api.call("DescribeCustomKeyStores", id_body(id)).body, "CustomKeyStores.0." + name);
    }
    std::string state(const std::string& id) { return member(id, "ConnectionState"); }
    ::testing::Matcher<const http::Answer&> IsEmptySuccessObject() {
        return ::testing::AllOf(::testing::Field(&http::Answer::status, 200U),
                                ::testing::Field(&http::Answer::body, ::testing::AnyOf("", "{}")));
    }

    Harness api;
};

TEST_F(KeyStores, IsMadeDisconnectedAndDescribedWithoutItsPassword) {
    const std::string id = make();
    EXPECT_THAT(id, ::testing::MatchesRegex("cks-[0-9a-f]+"));
    EXPECT_EQ(id.size(), 21U);
    const std::string body = api.call("DescribeCustomKeyStores", "{}").body;
    EXPECT_EQ(body, R"({"CustomKeyStores":[{"CustomKeyStoreId":")" + id +
                        R"(","CustomKeyStoreName":"Store","CloudHsmClusterId":"cluster-abcdefghijk",)"
                        R"("TrustAnchorCertificate":)" +
                        json_text(kAnchor) +
                        R"(,"ConnectionState":"DISCONNECTED","CreationDate":1700000000.123,)"
                        R"("CustomKeyStoreType":"AWS_CLOUDHSM"}],"Truncated":false})");
    const std::string record = api.store.outbox().back();
    EXPECT_THAT(record, Not(HasSubstr(kPassword)));
    EXPECT_EQ(json_at(record, "additionalEventData"),
              R"({"customKeyStoreName":"Store","clusterId":"cluster-abcdefghijk"})");
}

TEST_F(KeyStores, RequiredMembersOfTheTypeAreAskedForOneByOne) {
    EXPECT_THAT(api.call("CreateCustomKeyStore", R"({"CustomKeyStoreName":"s"})"),
                HasType("ValidationException"));
    EXPECT_THAT(api.call("CreateCustomKeyStore",
                         R"({"CustomKeyStoreName":"s","CloudHsmClusterId":"cluster-abcdefghijk"})"),
                HasType("ValidationException"));
    EXPECT_THAT(api.call("CreateCustomKeyStore",
                         R"({"CustomKeyStoreName":"s","CustomKeyStoreType":"EXTERNAL_KEY_STORE"})"),
                HasType("UnsupportedOperationException"));
    const http::Answer shortened =
        api.call("CreateCustomKeyStore", create_body("s", kCluster, kAnchor, "short"));
    EXPECT_THAT(shortened, HasType("ValidationException"));
    EXPECT_THAT(shortened.body, Not(HasSubstr("short"))) << "a password is never echoed";
}

TEST_F(KeyStores, TheSameRequestAgainGivesTheSameStore) {
    const std::string id = make();
    EXPECT_EQ(make(create_body("Store", kCluster, std::string("\n") + kAnchor)), id);
    EXPECT_THAT(api.call("CreateCustomKeyStore", create_body("Store", kCluster, kAnchor, "another-1")),
                HasType("CustomKeyStoreNameInUseException"));
    EXPECT_THAT(api.call("CreateCustomKeyStore", create_body("Other")),
                HasType("CloudHsmClusterInUseException"));
    connect(id);
    EXPECT_THAT(api.call("CreateCustomKeyStore", create_body()), HasType("CustomKeyStoreNameInUseException"));
}

TEST_F(KeyStores, AnotherAccountHasItsOwnNamesAndNoneOfOurClusters) {
    const std::string id = make();
    EXPECT_THAT(api.call("CreateCustomKeyStore", create_body(), kOtherAccount),
                HasType("CloudHsmClusterNotFoundException"));
    EXPECT_THAT(api.call("DescribeCustomKeyStores", id_body(id), kOtherAccount),
                HasType("CustomKeyStoreNotFoundException"));
    EXPECT_EQ(api.call("DescribeCustomKeyStores", "{}", kOtherAccount).body,
              R"({"CustomKeyStores":[],"Truncated":false})");
}

TEST_F(KeyStores, ClusterMustExistBeActiveSpanTwoZonesAndHaveTheAnchor) {
    EXPECT_THAT(api.call("CreateCustomKeyStore", create_body("s", kSecond)),
                HasType("CloudHsmClusterNotFoundException"));
    auto& cluster = *api.clusters.clusters.at(kCluster);
    cluster.record.state = store::ClusterState::initialized;
    EXPECT_THAT(api.call("CreateCustomKeyStore", create_body()),
                HasType("CloudHsmClusterNotActiveException"));
    cluster.record.state = store::ClusterState::active;
    cluster.hsms[1].record.zone = "a";
    EXPECT_THAT(api.call("CreateCustomKeyStore", create_body()),
                IsError("CloudHsmClusterInvalidConfigurationException",
                        "CloudHSM cluster must contain active HSMs in at least two Availability Zones"));
    cluster.hsms[1].record.zone = "b";
    cluster.hsms[1].record.state = store::HsmState::degraded;
    EXPECT_THAT(api.call("CreateCustomKeyStore", create_body()),
                HasType("CloudHsmClusterInvalidConfigurationException"));
    cluster.hsms[1].record.state = store::HsmState::active;
    EXPECT_THAT(api.call("CreateCustomKeyStore", create_body("s", kCluster, kOtherAnchor)),
                HasType("IncorrectTrustAnchorException"));
    EXPECT_THAT(api.call("CreateCustomKeyStore", create_body("s", kCluster, "no certificate")),
                HasType("IncorrectTrustAnchorException"));
    cluster.record.state = store::ClusterState::deleted;
    EXPECT_THAT(api.call("CreateCustomKeyStore", create_body()), HasType("CloudHsmClusterNotFoundException"));
}

TEST_F(KeyStores, ClonesOfAClusterCannotBeTwoStores) {
    make();
    api.clusters.add(kSecond, kClusterCertificate, kAnchor);
    EXPECT_THAT(api.call("CreateCustomKeyStore", create_body("Other", kSecond)),
                HasType("CloudHsmClusterInUseException"));
}

TEST_F(KeyStores, CloneOfADeletedClusterIsForItsStoreAlone) {
    const std::string id = make();
    api.clusters.clusters.at(kCluster)->record.state = store::ClusterState::deleted;
    api.clusters.add(kSecond, kClusterCertificate, kAnchor);
    EXPECT_THAT(api.call("CreateCustomKeyStore", create_body("Other", kSecond)),
                HasType("CloudHsmClusterInUseException"));
    EXPECT_THAT(
        api.call("UpdateCustomKeyStore", id_body(id, R"(,"CloudHsmClusterId":)" + json_text(kSecond))),
        IsEmptySuccessObject());
}

// Both came here with backups, or one did.
TEST_F(KeyStores, StoreDoesNotMoveToTheClusterOfAnother) {
    const std::string id = make();
    api.clusters.add(kSecond, kOtherClusterCertificate, kAnchor);
    make(create_body("Other", kSecond));
    api.clusters.add(kSecond, kClusterCertificate, kAnchor);
    EXPECT_THAT(
        api.call("UpdateCustomKeyStore", id_body(id, R"(,"CloudHsmClusterId":)" + json_text(kSecond))),
        HasType("CloudHsmClusterInvalidConfigurationException"));
    EXPECT_THAT(
        api.call("UpdateCustomKeyStore", id_body(id, R"(,"CloudHsmClusterId":)" + json_text(kCluster))),
        IsEmptySuccessObject());
}

TEST_F(KeyStores, AreTenAtMost) {
    for (char c = 'a'; c < 'k'; ++c) {
        const std::string id = "cluster-" + std::string(11, c);
        api.clusters.add(id, std::string("certificate ") + c, kAnchor);
        make(create_body(std::string("Store ") + c, id));
    }
    EXPECT_THAT(api.call("CreateCustomKeyStore", create_body("one more")), HasType("LimitExceededException"));
}

TEST_F(KeyStores, PagesAndFilters) {
    api.clusters.add(kSecond, kOtherClusterCertificate, kAnchor);
    const std::string one = make();
    const std::string two = make(create_body("Other", kSecond));
    const http::Answer first = api.call("DescribeCustomKeyStores", R"({"Limit":1})");
    EXPECT_EQ(json_at(first.body, "Truncated"), "true");
    EXPECT_EQ(text_at(first.body, "CustomKeyStores.0.CustomKeyStoreId"), std::min(one, two));
    const http::Answer rest = api.call("DescribeCustomKeyStores",
                                       R"({"Marker":)" + json_text(text_at(first.body, "NextMarker")) + "}");
    EXPECT_EQ(json_at(rest.body, "Truncated"), "false");
    EXPECT_EQ(text_at(rest.body, "CustomKeyStores.0.CustomKeyStoreId"), std::max(one, two));
    EXPECT_EQ(text_at(api.call("DescribeCustomKeyStores", R"({"CustomKeyStoreName":"Other"})").body,
                      "CustomKeyStores.0.CustomKeyStoreId"),
              two);
    EXPECT_THAT(api.call("DescribeCustomKeyStores", R"({"CustomKeyStoreName":"other"})"),
                HasType("CustomKeyStoreNotFoundException"));
    EXPECT_THAT(api.call("DescribeCustomKeyStores", id_body("cks-0")),
                HasType("CustomKeyStoreNotFoundException"));
    EXPECT_THAT(api.call("DescribeCustomKeyStores", id_body(one, R"(,"CustomKeyStoreName":"Other")")),
                HasType("ValidationException"));
    EXPECT_THAT(api.call("DescribeCustomKeyStores", R"({"Marker":"x"})"), HasType("InvalidMarkerException"));
}

TEST_F(KeyStores, ConnectLogsInOnceAndForgetsThePassword) {
    const std::string id = make();
    EXPECT_THAT(api.call("ConnectCustomKeyStore", id_body(id)), IsEmptySuccessObject());
    EXPECT_EQ(state(id), "CONNECTING");
    EXPECT_THAT(api.call("ConnectCustomKeyStore", id_body(id)), IsEmptySuccessObject());
    api.clusters.settle();
    EXPECT_EQ(state(id), "CONNECTED");
    EXPECT_THAT(api.clusters.passwords, ElementsAre(kPassword));
    EXPECT_THAT(api.store.outbox().back(), HasSubstr(R"("connectionState":"CONNECTED")"));
    EXPECT_TRUE(api.catalogue.key_stores().find(kAccount, kRegion, id)->sealed_password.empty());
    EXPECT_EQ(connect(id), "CONNECTED");
    EXPECT_EQ(api.clusters.logins, 1U) << "a connected store is left alone";
}

TEST_F(KeyStores, DisconnectLogsOutAndTheNextConnectNeedsNoPassword) {
    const std::string id = make();
    connect(id);
    EXPECT_THAT(api.call("DisconnectCustomKeyStore", id_body(id)), IsEmptySuccessObject());
    EXPECT_EQ(state(id), "DISCONNECTING");
    for (const char* const operation : {"ConnectCustomKeyStore", "DisconnectCustomKeyStore",
                                        "DeleteCustomKeyStore", "UpdateCustomKeyStore"}) {
        EXPECT_THAT(api.call(operation, id_body(id)), HasType("CustomKeyStoreInvalidStateException"))
            << operation;
    }
    api.clusters.settle();
    EXPECT_EQ(state(id), "DISCONNECTED");
    EXPECT_THAT(api.clusters.logged_out, ElementsAre(kCluster));
    EXPECT_THAT(api.call("DisconnectCustomKeyStore", id_body(id)),
                IsError("CustomKeyStoreInvalidStateException",
                        "Custom key store '" + id + "' is DISCONNECTED already."));
    EXPECT_EQ(connect(id), "CONNECTED");
    EXPECT_THAT(
        api.call("DeleteCustomKeyStore", id_body(id)),
        IsError("CustomKeyStoreInvalidStateException",
                "Custom key store '" + id +
                    "' is CONNECTED, and must be DISCONNECTED for this request: disconnect it first."));
    EXPECT_EQ(api.clusters.logins, 2U);
    EXPECT_THAT(api.clusters.passwords, ElementsAre(kPassword));
}

TEST_F(KeyStores, EveryFailedLoginHasItsErrorCode) {
    const std::pair<LoginFailure, const char*> codes[] = {
        {LoginFailure::cluster_not_found, "CLUSTER_NOT_FOUND"},
        {LoginFailure::insufficient_hsms, "INSUFFICIENT_CLOUDHSM_HSMS"},
        {LoginFailure::user_not_found, "USER_NOT_FOUND"},
        {LoginFailure::invalid_credentials, "INVALID_CREDENTIALS"},
        {LoginFailure::user_locked_out, "USER_LOCKED_OUT"},
        {LoginFailure::user_logged_in, "USER_LOGGED_IN"},
        {LoginFailure::network_errors, "NETWORK_ERRORS"},
        {LoginFailure::subnet_not_found, "SUBNET_NOT_FOUND"},
        {LoginFailure::internal_error, "INTERNAL_ERROR"},
    };
    const std::string id = make();
    for (const auto& [failure, code] : codes) {
        api.clusters.login_failure = failure;
        EXPECT_EQ(connect(id), "FAILED");
        EXPECT_EQ(member(id, "ConnectionErrorCode"), code);
        for (const char* const operation :
             {"ConnectCustomKeyStore", "DeleteCustomKeyStore", "UpdateCustomKeyStore"}) {
            EXPECT_THAT(api.call(operation, id_body(id)), HasType("CustomKeyStoreInvalidStateException"));
        }
        EXPECT_THAT(api.call("DisconnectCustomKeyStore", id_body(id)), IsEmptySuccessObject());
        api.clusters.settle();
        EXPECT_EQ(state(id), "DISCONNECTED");
        EXPECT_EQ(member(id, "ConnectionErrorCode"), "");
    }
    api.clusters.login_failure.reset();
    EXPECT_EQ(connect(id), "CONNECTED");
    EXPECT_EQ(api.clusters.passwords.back(), kPassword) << "kept until a connect has used it";
}

TEST_F(KeyStores, WhatShowsAtOnceRefusesTheConnectAndChangesNothing) {
    const std::string id = make();
    auto& cluster = *api.clusters.clusters.at(kCluster);
    cluster.record.state = store::ClusterState::degraded;
    EXPECT_THAT(api.call("ConnectCustomKeyStore", id_body(id)), HasType("CloudHsmClusterNotActiveException"));
    cluster.record.state = store::ClusterState::active;
    for (auto& hsm : cluster.hsms) {
        hsm.record.state = store::HsmState::degraded;
    }
    EXPECT_THAT(api.call("ConnectCustomKeyStore", id_body(id)),
                HasType("CloudHsmClusterInvalidConfigurationException"));
    EXPECT_EQ(state(id), "DISCONNECTED");
    EXPECT_THAT(api.call("ConnectCustomKeyStore", id_body("cks-0")),
                HasType("CustomKeyStoreNotFoundException"));
    cluster.hsms[0].record.state = store::HsmState::active;
    EXPECT_EQ(connect(id), "CONNECTED") << "one HSM is enough to connect";
}

TEST_F(KeyStores, DisconnectDuringALoginWins) {
    const std::string id = make();
    api.clusters.during_login = [&] {
        EXPECT_THAT(api.call("DisconnectCustomKeyStore", id_body(id)), IsEmptySuccessObject());
    };
    EXPECT_EQ(connect(id), "DISCONNECTED");
    EXPECT_THAT(api.clusters.logged_out, ElementsAre(kCluster));
    EXPECT_EQ(connect(id), "CONNECTED");
    EXPECT_EQ(api.clusters.logins, 2U);
    EXPECT_THAT(api.clusters.passwords, ElementsAre(kPassword)) << "the first connect had used it";
}

TEST_F(KeyStores, PasswordThatWasGoodIsForgottenBeforeTheHostsLogIn) {
    const std::string id = make();
    api.clusters.during_login = [&] {
        EXPECT_TRUE(api.catalogue.key_stores().find(kAccount, kRegion, id)->sealed_password.empty());
    };
    api.clusters.host_failure = LoginFailure::network_errors;
    EXPECT_EQ(connect(id), "FAILED");
    EXPECT_EQ(member(id, "ConnectionErrorCode"), "NETWORK_ERRORS");
    api.call("DisconnectCustomKeyStore", id_body(id));
    api.clusters.settle();
    api.clusters.host_failure.reset();
    EXPECT_EQ(connect(id), "CONNECTED");
    EXPECT_THAT(api.clusters.passwords, ElementsAre(kPassword));
}

TEST_F(KeyStores, ConnectThatAStopInterruptedIsResumed) {
    const std::string id = make();
    api.call("ConnectCustomKeyStore", id_body(id));
    KeyStoreJobs after_restart(
        {api.store, api.catalogue, api.clusters, api.sealing_key, api.clock, api.random});
    after_restart.start();
    api.clusters.settle();
    EXPECT_EQ(state(id), "CONNECTED");
}

TEST_F(KeyStores, ConnectThatIsResumedWaitsForHsmsThatDoNotAnswerYet) {
    const std::string id = make();
    api.call("ConnectCustomKeyStore", id_body(id));
    api.clusters.crash();
    api.clusters.host_failure = LoginFailure::network_errors;
    api.clusters.during_login = [&] {
        api.clusters.during_login = [&] { api.clusters.host_failure.reset(); };
    };
    api.jobs.start();
    api.clusters.settle();
    EXPECT_EQ(state(id), "CONNECTED");
    EXPECT_EQ(api.clusters.logins, 2u);
    EXPECT_THAT(api.clusters.passwords, ElementsAre(kPassword));
}

TEST_F(KeyStores, UpdateTakesANameInEitherStateOfRestAndTheRestWhenDisconnected) {
    const std::string id = make();
    EXPECT_THAT(api.call("UpdateCustomKeyStore", id_body(id)), IsEmptySuccessObject());
    EXPECT_THAT(api.call("UpdateCustomKeyStore", id_body(id, R"(,"KeyStorePassword":"changed-1")")),
                IsEmptySuccessObject());
    EXPECT_THAT(api.store.outbox().back(), Not(HasSubstr("changed-1")));
    connect(id);
    EXPECT_THAT(api.clusters.passwords, ElementsAre("changed-1"));
    EXPECT_THAT(api.call("UpdateCustomKeyStore", id_body(id, R"(,"NewCustomKeyStoreName":"New")")),
                IsEmptySuccessObject());
    EXPECT_EQ(member(id, "CustomKeyStoreName"), "New");
    EXPECT_THAT(api.call("UpdateCustomKeyStore",
                         id_body(id, R"(,"NewCustomKeyStoreName":"Newer","KeyStorePassword":"changed-2")")),
                HasType("CustomKeyStoreInvalidStateException"));
    EXPECT_EQ(member(id, "CustomKeyStoreName"), "New") << "all or nothing";
    EXPECT_THAT(api.call("UpdateCustomKeyStore", id_body("cks-0")),
                HasType("CustomKeyStoreNotFoundException"));
}

TEST_F(KeyStores, UpdateMovesToAnActiveCloneAndToNothingElse) {
    const std::string id = make();
    api.clusters.add(kSecond, kOtherClusterCertificate, kAnchor);
    const std::string other = make(create_body("Other", kSecond));
    const auto to = [](std::string_view cluster) { return R"(,"CloudHsmClusterId":)" + json_text(cluster); };
    EXPECT_THAT(api.call("UpdateCustomKeyStore", id_body(id, R"(,"NewCustomKeyStoreName":"Other")")),
                HasType("CustomKeyStoreNameInUseException"));
    EXPECT_THAT(api.call("UpdateCustomKeyStore", id_body(id, to(kThird))),
                HasType("CloudHsmClusterNotFoundException"));
    EXPECT_THAT(api.call("UpdateCustomKeyStore", id_body(id, to(kSecond))),
                HasType("CloudHsmClusterNotRelatedException"));
    auto& clone = api.clusters.add(kThird, kClusterCertificate, kAnchor, {"a"});
    EXPECT_THAT(api.call("UpdateCustomKeyStore", id_body(id, to(kThird))),
                HasType("CloudHsmClusterInvalidConfigurationException"));
    clone.record.state = store::ClusterState::degraded;
    EXPECT_THAT(api.call("UpdateCustomKeyStore", id_body(id, to(kThird))),
                HasType("CloudHsmClusterNotActiveException"));
    api.clusters.add(kThird, kClusterCertificate, kAnchor);
    EXPECT_THAT(api.call("UpdateCustomKeyStore", id_body(id, to(kThird))), IsEmptySuccessObject());
    EXPECT_EQ(member(id, "CloudHsmClusterId"), kThird);
}

TEST_F(KeyStores, DeleteWantsNoKeysAndThenNoConnection) {
    const std::string id = make();
    connect(id);
    const http::Answer key = api.call("CreateKey", id_body(id, R"(,"Origin":"AWS_CLOUDHSM")"));
    ASSERT_EQ(key.status, 200U) << key.body;
    const std::string key_id = text_at(key.body, "KeyMetadata.KeyId");
    EXPECT_THAT(api.call("DeleteCustomKeyStore", id_body(id)), HasType("CustomKeyStoreHasCMKsException"));
    api.call("ScheduleKeyDeletion", R"({"KeyId":")" + key_id + R"(","PendingWindowInDays":7})");
    EXPECT_THAT(api.call("DeleteCustomKeyStore", id_body(id)), HasType("CustomKeyStoreHasCMKsException"));
    api.life.time += std::chrono::days(8);
    EXPECT_EQ(api.reap(), 1U);
    EXPECT_THAT(api.clusters.clients.at(kCluster).destroyed, Not(IsEmpty()));
    EXPECT_THAT(api.store.outbox().back(), HasSubstr(R"(\"deletionStatus\":\"SUCCESS\")"));
    EXPECT_THAT(api.call("DeleteCustomKeyStore", id_body(id)),
                HasType("CustomKeyStoreInvalidStateException"));
    api.call("DisconnectCustomKeyStore", id_body(id));
    api.clusters.settle();
    EXPECT_THAT(api.call("DeleteCustomKeyStore", id_body(id)), IsEmptySuccessObject());
    EXPECT_THAT(api.call("DeleteCustomKeyStore", id_body(id)), HasType("CustomKeyStoreNotFoundException"));
    EXPECT_EQ(make().size(), 21U) << "name and cluster are free again";
}

}  // namespace
}  // namespace claviger::kms::test
