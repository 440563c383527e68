// Trust, and which hosts the cluster admits: fake hosts that lie about themselves.
#include <gtest/gtest.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <filesystem>
#include <memory>
#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <claviger/cluster/cluster.hpp>
#include <claviger/cluster/trust.hpp>

#include "cluster/openssl_handles.hpp"
#include "tests/support/fake_host.hpp"

namespace claviger::cluster {
namespace {

using claviger::testing::FakeHost;
using claviger::testing::FakeHostOptions;
using link::control::Operation;
using namespace std::chrono_literals;

// What a token answers to make_csr.
Bytes certificate_request(EVP_PKEY* key) {
    const OwnedRequest request(X509_REQ_new());
    X509_NAME* name = X509_REQ_get_subject_name(request.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("cluster-fake"), -1, -1, 0);
    X509_REQ_set_pubkey(request.get(), key);
    X509_REQ_sign(request.get(), key, EVP_sha256());
    unsigned char* der = nullptr;
    const int size = i2d_X509_REQ(request.get(), &der);
    Bytes bytes(static_cast<std::size_t>(size));
    std::memcpy(bytes.data(), der, bytes.size());
    OPENSSL_free(der);
    return bytes;
}

class TrustTest : public ::testing::Test {
protected:
    SystemClock clock_;
    OwnedKey key_{EVP_RSA_gen(2048)};
    DevAuthority authority_ = *DevAuthority::create("dev", clock_.wall());
};

TEST_F(TrustTest, ASignedRequestChainsToItsAuthorityOnly) {
    const auto pem = authority_.sign(certificate_request(key_.get()), clock_.wall());
    ASSERT_TRUE(pem) << pem.error().describe();
    EXPECT_TRUE(ClusterTrust::make(*pem, authority_.certificate_pem()));
    const auto other = DevAuthority::create("dev", clock_.wall());
    const auto refused = ClusterTrust::make(*pem, other->certificate_pem());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::integrity);
}

TEST_F(TrustTest, ARequestWithAFlippedBitIsRefused) {
    Bytes request = certificate_request(key_.get());
    request.back() ^= std::byte{1};
    const auto refused = authority_.sign(request, clock_.wall());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::data_invalid);
    EXPECT_FALSE(authority_.sign(as_bytes("no request"), clock_.wall()));
}

TEST_F(TrustTest, AnExpiredCertificateStaysTrustedAndSaysWhenItExpired) {
    const auto long_ago = DevAuthority::create("dev", WallTime(std::chrono::days(365)));
    const auto pem = long_ago->sign(certificate_request(key_.get()), WallTime(std::chrono::days(365)));
    const auto trust = ClusterTrust::make(*pem, long_ago->certificate_pem());
    ASSERT_TRUE(trust) << trust.error().describe();
    EXPECT_LT(trust->expires(), clock_.wall());
}

TEST_F(TrustTest, OnlyTheCertifiedKeysSignatureVerifies) {
    const auto pem = authority_.sign(certificate_request(key_.get()), clock_.wall());
    const auto trust = ClusterTrust::make(*pem, authority_.certificate_pem());
    ASSERT_TRUE(trust);
    const auto signature_by = [](EVP_PKEY* key) {
        const OwnedDigest context(EVP_MD_CTX_new());
        Bytes signature(512);
        std::size_t size = signature.size();
        EXPECT_EQ(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key), 1);
        EXPECT_EQ(
            EVP_DigestSign(context.get(), as_uchar_out(signature), &size, as_uchar(as_bytes("message")), 7),
            1);
        signature.resize(size);
        return signature;
    };
    const Bytes signature = signature_by(key_.get());
    EXPECT_TRUE(trust->verify(as_bytes("message"), signature));
    EXPECT_FALSE(trust->verify(as_bytes("another"), signature));
    const OwnedKey other(EVP_RSA_gen(2048));
    EXPECT_FALSE(trust->verify(as_bytes("message"), signature_by(other.get())));
    EXPECT_FALSE(trust->verify(as_bytes("message"), as_bytes("signature")));
    EXPECT_FALSE(trust->verify(as_bytes("message"), {}));
}

// One honest fake host whose lies each test chooses; an outside process to the cluster.
class AdmissionTest : public TrustTest {
protected:
    void SetUp() override {
        char path[] = "/tmp/claviger-admission-XXXXXX";
        directory_ = ::mkdtemp(path);
        certificate_pem_ = *authority_.sign(certificate_request(key_.get()), clock_.wall());
        FakeHostOptions fake;
        fake.directory = directory_ / "a";
        fake.serial = "0123456789abcdef";
        fake.certificate =
            ClusterTrust::make(certificate_pem_, authority_.certificate_pem())->certificate_der();
        fake.identity = key_.get();
        fake.check_token = claviger::testing::fake_key_token("000000000000", "check", std::byte{9});
        check_token_ = fake.check_token;
        host_ = std::make_unique<FakeHost>(std::move(fake));
    }
    void TearDown() override {
        if (cluster_) {
            bool stopped = false;
            const auto stop = [&]() -> boost::asio::awaitable<void> {
                co_await cluster_->stop();
                stopped = true;
            };
            boost::asio::co_spawn(io_, stop, [](std::exception_ptr) {});
            io_.restart();
            while (!stopped) {
                io_.run_one();
            }
        }
        cluster_.reset();
        host_->stop();
        std::filesystem::remove_all(directory_);
    }

    // Opens the cluster and waits until the member serves or cannot.
    Status<> open(std::chrono::milliseconds limit = 2s) {
        if (!cluster_) {
            ClusterOptions options;
            options.cluster_id = "cluster-fake";
            options.certificate_pem = certificate_pem_;
            options.trust_anchor_pem = authority_.certificate_pem();
            options.check_token = check_token_;
            options.timing.admission = 300ms;
            options.membership = membership_;
            HsmOptions hsm;
            hsm.hsm_id = "hsm-a";
            hsm.zone = "a";
            hsm.serial = "0123456789abcdef";
            hsm.state_dir = directory_ / "a";
            hsm.launch = Launch::external;
            options.hsms.push_back(hsm);
            host_->start();
            cluster_ = *Cluster::make(io_, std::move(options), clock_, random_);
            cluster_->start();
        }
        std::optional<Status<>> result;
        const auto wait = [&]() -> boost::asio::awaitable<void> {
            result.emplace(co_await cluster_->wait_serving(1, clock_.mono() + limit));
        };
        boost::asio::co_spawn(io_, wait, [](std::exception_ptr) {});
        io_.restart();
        while (!result) {
            io_.run_one();
        }
        return *std::move(result);
    }
    std::string state() const { return cluster_->members()[0].state; }
    bool is_refused_for(std::string_view word) const {
        return state().starts_with("refused: ") && state().find(word) != std::string::npos;
    }

    std::filesystem::path directory_;
    SystemRandom random_;
    boost::asio::io_context io_{1};
    std::string certificate_pem_;
    Bytes check_token_;
    MembershipRule membership_ = MembershipRule::open;
    std::unique_ptr<FakeHost> host_;
    std::unique_ptr<Cluster> cluster_;
};

TEST_F(AdmissionTest, AnHonestHostIsAdmittedInOrder) {
    const Status<> served = open();
    EXPECT_TRUE(served) << state();
    EXPECT_TRUE(host_->admitted());
    EXPECT_EQ(host_->asked(Operation::login), 1u);
    EXPECT_EQ(host_->asked(Operation::seal_membership), 0u);
    EXPECT_EQ(host_->served(link::Operation::prove), 1u);
    EXPECT_EQ(host_->served(link::Operation::canary), 1u);
}

TEST_F(AdmissionTest, AnHsmOfASealedClusterIsSealedBeforeItServes) {
    membership_ = MembershipRule::sealed;
    host_->refuse(Operation::seal_membership, Errc::unsupported);
    EXPECT_FALSE(open());
    EXPECT_TRUE(is_refused_for("sealing")) << state();
    EXPECT_FALSE(host_->admitted());
    TearDown();
    SetUp();
    EXPECT_TRUE(open()) << state();
    EXPECT_EQ(host_->asked(Operation::seal_membership), 1u);
}

TEST_F(AdmissionTest, AnotherSerialIsRefusedAndNoPinIsSpent) {
    host_->options().serial = "ffffffffffffffff";
    EXPECT_FALSE(open());
    EXPECT_TRUE(is_refused_for("serial")) << state();
    EXPECT_EQ(host_->asked(Operation::login), 0u);
    EXPECT_FALSE(host_->admitted());
}

TEST_F(AdmissionTest, AnotherCertificateIsRefusedAndNoPinIsSpent) {
    host_->options().certificate.back() ^= std::byte{1};
    EXPECT_FALSE(open());
    EXPECT_TRUE(is_refused_for("certificate")) << state();
    EXPECT_EQ(host_->asked(Operation::login), 0u);
}

TEST_F(AdmissionTest, ARefusedPinIsTriedOnceAndTheStateSaysWhatToDo) {
    host_->refuse(Operation::login, Errc::pin_refused);
    EXPECT_FALSE(open());
    EXPECT_TRUE(is_refused_for("PIN")) << state();
    EXPECT_EQ(host_->asked(Operation::login), 1u);
}

TEST_F(AdmissionTest, AnotherWrappingKeyIsRefused) {
    host_->options().check_token = claviger::testing::fake_key_token("000000000000", "check", std::byte{8});
    EXPECT_FALSE(open());
    EXPECT_TRUE(is_refused_for("wrapping key")) << state();
    EXPECT_FALSE(host_->admitted());
}

TEST_F(AdmissionTest, AnotherIdentityIsRefused) {
    const OwnedKey stranger(EVP_RSA_gen(2048));
    host_->options().identity = stranger.get();
    EXPECT_FALSE(open());
    EXPECT_TRUE(is_refused_for("signature")) << state();
    EXPECT_FALSE(host_->admitted());
    host_->stop();
}

TEST_F(AdmissionTest, EachStepThatFailsForNowIsTriedAgainUntilItSucceeds) {
    for (const Operation step :
         {Operation::status, Operation::login, Operation::check_cluster, Operation::admit}) {
        SetUp();
        host_->refuse(step, Errc::hsm_fault);
        EXPECT_FALSE(open(100ms)) << static_cast<int>(step);
        EXPECT_FALSE(host_->admitted());
        host_->refuse(step, std::nullopt);
        EXPECT_TRUE(open()) << static_cast<int>(step) << " " << state();
        TearDown();
    }
    SetUp();
    for (const link::Operation step : {link::Operation::prove, link::Operation::canary}) {
        host_->order({claviger::testing::Fault::Act::error, Errc::hsm_fault, {}, step});
    }
    EXPECT_TRUE(open()) << state();
}

TEST_F(AdmissionTest, AHostThatComesBackIsAdmittedAnew) {
    ASSERT_TRUE(open());
    host_->stop();
    const MonoTime limit = clock_.mono() + 2s;
    while (cluster_->serving() > 0 && clock_.mono() < limit) {
        io_.restart();
        io_.run_for(1ms);
    }
    EXPECT_EQ(cluster_->serving(), 0u);
    host_->start();
    EXPECT_TRUE(open()) << state();
    EXPECT_EQ(host_->served(link::Operation::prove), 2u);
}

}  // namespace
}  // namespace claviger::cluster
