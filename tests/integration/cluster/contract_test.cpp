// One suite for fake hosts and real ones: what the unit tests believe of a host must hold for claviger-hsm
// too.
#include <gtest/gtest.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>

#include <claviger/cluster/trust.hpp>

#include "cluster/openssl_handles.hpp"
#include "tests/integration/cluster/cluster_rig.hpp"
#include "tests/support/fake_host.hpp"

namespace claviger::cluster {
namespace {

using namespace claviger::testing;
using namespace std::chrono_literals;

enum class Hosts : std::uint8_t { fake, real };

// Options of a cluster whose hosts are fakes of this process.
struct FakeCluster {
    OwnedKey identity{EVP_RSA_gen(2048)};
    std::vector<std::unique_ptr<FakeHost>> hosts;
    ClusterOptions options;

    explicit FakeCluster(const std::filesystem::path& directory) {
        const SystemClock clock;
        const auto authority = DevAuthority::create("dev", clock.wall());
        const OwnedRequest request(X509_REQ_new());
        X509_REQ_set_pubkey(request.get(), identity.get());
        X509_REQ_sign(request.get(), identity.get(), EVP_sha256());
        unsigned char* der = nullptr;
        const int size = i2d_X509_REQ(request.get(), &der);
        options.cluster_id = "cluster-fake";
        options.certificate_pem = *authority->sign(
            {reinterpret_cast<const std::byte*>(der), static_cast<std::size_t>(size)}, clock.wall());
        OPENSSL_free(der);
        options.trust_anchor_pem = authority->certificate_pem();
        options.check_token = fake_key_token("000000000000", "check", std::byte{9});
        options.hsms = hsm_options(directory, 3);
        for (HsmOptions& hsm : options.hsms) {
            hsm.launch = Launch::external;
            hsm.serial = hsm.hsm_id;
            FakeHostOptions fake;
            fake.directory = hsm.state_dir;
            fake.serial = hsm.serial;
            fake.certificate =
                ClusterTrust::make(options.certificate_pem, options.trust_anchor_pem)->certificate_der();
            fake.identity = identity.get();
            fake.check_token = options.check_token;
            hosts.push_back(std::make_unique<FakeHost>(std::move(fake)));
            hosts.back()->start();
        }
    }
};

class HostContract : public ::testing::TestWithParam<Hosts> {
protected:
    // Founding once is enough for all cases.
    static void SetUpTestSuite() { directory_ = std::make_unique<TemporaryDirectory>(); }
    static void TearDownTestSuite() {
        founded_.reset();
        directory_.reset();
    }
    void SetUp() override {
        ClusterOptions options;
        if (GetParam() == Hosts::fake) {
            fakes_ = std::make_unique<FakeCluster>(directory_->path() / "fake");
            options = fakes_->options;
        } else {
            if (!founded_) {
                Result<FoundedCluster> made = found(directory_->path() / "real", 3);
                ASSERT_TRUE(made) << made.error().describe();
                founded_ = std::make_unique<FoundedCluster>(*std::move(made));
            }
            options = cluster_options(*founded_, directory_->path() / "real");
        }
        options.timing.fast_attempt = 1s;  // outcomes are compared here, not times
        options.timing.load_attempt = 2s;
        auto cluster = Cluster::make(io_, std::move(options), clock_, random_);
        ASSERT_TRUE(cluster) << cluster.error().describe();
        cluster_ = *std::move(cluster);
        cluster_->start();
        ASSERT_TRUE(run(io_, cluster_->wait_serving(3, clock_.mono() + 20s)));
        client_ = cluster_->client(io_);
        key_ = make_key("11111111-2222-4333-8444-555555555555");
        other_ = make_key("99999999-2222-4333-8444-555555555555");
    }
    void TearDown() override {
        client_.reset();
        run(io_, cluster_->stop());
        cluster_.reset();
        fakes_.reset();
    }

    std::shared_ptr<const KeyMaterial> make_key(const std::string& id) {
        NewKeyIdentity identity{"111122223333", id, {}, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "AWS_KMS"};
        random_.fill(identity.material_id);
        const auto made = run(io_, client_->create_key(identity, limit()));
        if (!made) {
            ADD_FAILURE() << made.error().describe();
            std::abort();
        }
        return *KeyMaterial::parse(made->token);
    }
    MonoTime limit() const { return clock_.mono() + 10s; }
    Errc decrypt_error(const KeyMaterial& key, ByteView blob, ByteView context) {
        const auto plain = run(io_, client_->decrypt(key, blob, context, limit()));
        return plain ? Errc::internal : plain.error().code;
    }

    static std::unique_ptr<TemporaryDirectory> directory_;
    static std::unique_ptr<FoundedCluster> founded_;
    SystemClock clock_;
    SystemRandom random_;
    boost::asio::io_context io_{1};
    std::unique_ptr<FakeCluster> fakes_;
    std::unique_ptr<Cluster> cluster_;
    std::unique_ptr<Client> client_;
    std::shared_ptr<const KeyMaterial> key_;
    std::shared_ptr<const KeyMaterial> other_;
};
std::unique_ptr<TemporaryDirectory> HostContract::directory_;
std::unique_ptr<FoundedCluster> HostContract::founded_;

TEST_P(HostContract, WhatIsEncryptedIsDecryptedUnderTheSameContextOnly) {
    for (const std::size_t size : {1u, 64u, 4096u}) {
        const std::string text(size, 'x');
        const auto blob = run(io_, client_->encrypt(*key_, as_bytes(text), as_bytes("context"), limit()));
        ASSERT_TRUE(blob) << blob.error().describe();
        const auto plain = run(io_, client_->decrypt(*key_, *blob, as_bytes("context"), limit()));
        ASSERT_TRUE(plain) << plain.error().describe();
        EXPECT_EQ(as_text(plain->reveal(SecretAccess{})), text);
        EXPECT_EQ(decrypt_error(*key_, *blob, as_bytes("other")), Errc::data_invalid);
    }
}

TEST_P(HostContract, EveryFlippedByteIsTheCallersFault) {
    const Bytes good = *run(io_, client_->encrypt(*key_, as_bytes("plain"), {}, limit()));
    for (std::size_t i = 34; i < good.size(); ++i) {  // behind the header, which names the key
        Bytes bad = good;
        bad[i] ^= std::byte{1};
        EXPECT_EQ(decrypt_error(*key_, bad, {}), Errc::data_invalid) << i;
    }
    for (const MemberView& member : cluster_->members()) {
        EXPECT_EQ(member.faults, 0u);
    }
}

TEST_P(HostContract, AnotherKeyDoesNotDecrypt) {
    const Bytes blob = *run(io_, client_->encrypt(*key_, as_bytes("plain"), {}, limit()));
    EXPECT_EQ(decrypt_error(*other_, blob, {}), Errc::data_invalid);
}

TEST_P(HostContract, ReEncryptionMovesThePlaintextToTheOtherKey) {
    const Bytes blob = *run(io_, client_->encrypt(*key_, as_bytes("plain"), as_bytes("a"), limit()));
    const auto moved =
        run(io_, client_->re_encrypt(*key_, blob, as_bytes("a"), *other_, as_bytes("b"), limit()));
    ASSERT_TRUE(moved) << moved.error().describe();
    const auto plain = run(io_, client_->decrypt(*other_, *moved, as_bytes("b"), limit()));
    ASSERT_TRUE(plain);
    EXPECT_EQ(as_text(plain->reveal(SecretAccess{})), "plain");
    const auto wrong =
        run(io_, client_->re_encrypt(*key_, blob, as_bytes("x"), *other_, as_bytes("b"), limit()));
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, Errc::data_invalid);
}

TEST_P(HostContract, DataKeysAndRandomBytesHaveTheSizeThatWasAskedFor) {
    for (const std::uint16_t size : {std::uint16_t{1}, std::uint16_t{32}, std::uint16_t{1024}}) {
        const auto with = run(io_, client_->generate_data_key(*key_, size, Plaintext::include, {}, limit()));
        ASSERT_TRUE(with) << with.error().describe();
        const auto plain = run(io_, client_->decrypt(*key_, with->blob, {}, limit()));
        ASSERT_TRUE(plain);
        EXPECT_TRUE(*plain == with->plaintext);
        const auto without = run(io_, client_->generate_data_key(*key_, size, Plaintext::omit, {}, limit()));
        ASSERT_TRUE(without);
        EXPECT_TRUE(without->plaintext.empty());
        const auto random = run(io_, client_->random(size, limit()));
        ASSERT_TRUE(random) << random.error().describe();
        EXPECT_EQ(random->size(), size);
    }
}

TEST_P(HostContract, ADestroyedKeyIsLoadedAgainFromItsTokenOnly) {
    const Bytes blob = *run(io_, client_->encrypt(*key_, as_bytes("plain"), {}, limit()));
    EXPECT_TRUE(run(io_, client_->destroy_key(*key_, limit())));
    EXPECT_TRUE(run(io_, client_->destroy_key(*key_, limit())));  // idempotent
    EXPECT_TRUE(run(io_, client_->decrypt(*key_, blob, {}, limit())));
}

TEST_P(HostContract, NothingIsLeftOver) {
    const auto leftovers = run(io_, cluster_->report_leftovers({}));
    ASSERT_TRUE(leftovers) << leftovers.error().describe();
    EXPECT_TRUE(leftovers->empty());
}

INSTANTIATE_TEST_SUITE_P(Cluster, HostContract, ::testing::Values(Hosts::fake, Hosts::real),
                         [](const ::testing::TestParamInfo<Hosts>& hosts) {
                             return std::string(hosts.param == Hosts::fake ? "Fake" : "Real");
                         });

}  // namespace
}  // namespace claviger::cluster
