// HSMs that are not who they should be, with real hosts and tokens: none of them gets a request, and those
// that can be told apart by what is public see no PIN.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include <claviger/cluster/trust.hpp>

#include "cluster/enrolment.hpp"
#include "tests/integration/cluster/cluster_rig.hpp"

namespace claviger::cluster {
namespace {

namespace control = link::control;
using namespace claviger::testing;
using namespace std::chrono_literals;
using control::Operation;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kUserPin = "a-pin-that-the-test-knows";

class Strangers : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        directory_ = std::make_unique<TemporaryDirectory>();
        Result<FoundedCluster> made = found(directory_->path() / "founded", 3);
        ASSERT_TRUE(made) << made.error().describe();
        founded_ = std::make_unique<FoundedCluster>(*std::move(made));
        std::vector<std::filesystem::path> sockets;  // left by hosts that have ended; they cannot be copied
        for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_->path())) {
            if (entry.is_socket()) {
                sockets.push_back(entry.path());
            }
        }
        for (const std::filesystem::path& socket : sockets) {
            std::filesystem::remove(socket);
        }
    }
    static void TearDownTestSuite() {
        founded_.reset();
        directory_.reset();
    }
    // Each case has tokens of its own, of which the first becomes the stranger.
    void SetUp() override {
        ASSERT_NE(founded_, nullptr);
        here_ = directory_->path() / ::testing::UnitTest::GetInstance()->current_test_info()->name();
        std::filesystem::copy(directory_->path() / "founded", here_,
                              std::filesystem::copy_options::recursive);
        options_ = cluster_options(*founded_, here_);
    }
    const HsmOptions& stranger() const { return options_.hsms.front(); }

    template <class Work>
    void at_the_token(Work work) {
        Enrolment token(io_, CLAVIGER_HSM_PROGRAM, stranger(), clock_, random_, clock_.mono() + 60s);
        ASSERT_TRUE(run(io_, token.open_host()));
        work(token);
        run(io_, token.close_host());
    }
    Status<> check_cluster(Enrolment& token) {
        const ClusterFacts& facts = founded_->founded.facts;
        const control::CheckCluster check{facts.check_token, facts.cluster_id, facts.cwk_generation};
        return run(io_, token.tell(Operation::check_cluster, check));
    }

    // From now on the first HSM's module is one that writes each C_Login down.
    void watch_logins() {
        const std::filesystem::path plan = here_ / "plan";
        std::ofstream(plan) << "C_Login times=always where=" << stranger().hsm_id << " pass\nend\n";
        ::setenv("FAULTY_PKCS11_MODULE", CLAVIGER_SOFTHSM, 1);
        ::setenv("FAULTY_PKCS11_PLAN", plan.c_str(), 1);
        options_.hsms.front().module = CLAVIGER_FAULTY_PKCS11;
        options_.hsms.front().host_arguments = {"--token-files", "softhsm"};
    }
    bool was_login() const { return std::filesystem::exists(here_ / "plan.applied"); }

    enum class Pin { unseen, tried };
    // Two members serve everything that is asked; the stranger is refused with `reason`.
    void expect_refused(std::string_view reason, Pin pin) {
        watch_logins();
        auto made = Cluster::make(io_, options_, clock_, random_);
        ASSERT_TRUE(made) << made.error().describe();
        const std::unique_ptr<Cluster> cluster = *std::move(made);
        cluster->start();
        ASSERT_TRUE(run(io_, cluster->wait_serving(2, clock_.mono() + 20s)));
        const auto settled = [&] {
            const std::string state = cluster->members()[0].state;
            return state.starts_with("refused") || state == "broken";
        };
        const MonoTime limit = clock_.mono() + 20s;
        while (!settled() && clock_.mono() < limit) {
            io_.restart();
            io_.run_for(5ms);
        }
        use(*cluster);
        const MemberView view = cluster->members()[0];
        EXPECT_THAT(view.state + " " + view.last_error, HasSubstr(std::string(reason)));
        EXPECT_EQ(view.operations, 0u);
        EXPECT_EQ(was_login(), pin == Pin::tried);
        run(io_, cluster->stop());
    }
    void use(Cluster& cluster) {
        const auto client = cluster.client(io_);
        NewKeyIdentity identity{"111122223333",
                                "11111111-2222-4333-8444-555555555555",
                                {},
                                "SYMMETRIC_DEFAULT",
                                "ENCRYPT_DECRYPT",
                                "AWS_KMS"};
        random_.fill(identity.material_id);
        const auto key = run(io_, client->create_key(identity, clock_.mono() + 5s));
        ASSERT_TRUE(key) << key.error().describe();
        const auto material = *KeyMaterial::parse(key->token);
        for (int i = 0; i < 100; ++i) {
            ASSERT_TRUE(run(io_, client->encrypt(*material, as_bytes("x"), {}, clock_.mono() + 2s)));
        }
    }

    static std::unique_ptr<TemporaryDirectory> directory_;
    static std::unique_ptr<FoundedCluster> founded_;
    std::filesystem::path here_;
    ClusterOptions options_;
    boost::asio::io_context io_{1};
    SystemClock clock_;
    SystemRandom random_;
};
std::unique_ptr<TemporaryDirectory> Strangers::directory_;
std::unique_ptr<FoundedCluster> Strangers::founded_;

// The planted fault: what the others do to their tokens does not make this one pass.
TEST_F(Strangers, AMemberIsNoStranger) {
    at_the_token([&](Enrolment& token) { EXPECT_TRUE(check_cluster(token)); });
    watch_logins();
    auto made = Cluster::make(io_, options_, clock_, random_);
    ASSERT_TRUE(made);
    (*made)->start();
    EXPECT_TRUE(run(io_, (*made)->wait_serving(3, clock_.mono() + 20s)));
    use(**made);
    EXPECT_GT((*made)->members()[0].operations, 0u);
    EXPECT_TRUE(was_login());
    run(io_, (*made)->stop());
}

TEST_F(Strangers, ATokenWithAnotherSerial) {
    std::filesystem::remove_all(stranger().state_dir);
    std::filesystem::copy(directory_->path() / "founded" / options_.hsms[1].hsm_id, stranger().state_dir,
                          std::filesystem::copy_options::recursive);
    expect_refused("serial " + stranger().serial, Pin::unseen);
}

// Of the right key, by an authority that has the name of ours.
TEST_F(Strangers, ACertificateOfASecondAuthority) {
    at_the_token([&](Enrolment& token) {
        ASSERT_TRUE(check_cluster(token));
        const control::MakeCsr request{founded_->cluster_id, "dev", "Claviger"};
        const auto csr = run(io_, token.ask<control::Der>(Operation::make_csr, request));
        ASSERT_TRUE(csr) << csr.error().describe();
        const auto authority = DevAuthority::create("dev", clock_.wall());
        const auto pem = authority->sign(csr->der, clock_.wall());
        ASSERT_TRUE(pem && ClusterTrust::make(*pem, authority->certificate_pem()));
        const control::Der certificate{*certificate_der(*pem)};
        ASSERT_TRUE(run(io_, token.tell(Operation::install_certificate, certificate)));
    });
    expect_refused("certificate of another cluster", Pin::unseen);
}

// The same serial and label, the PIN that the host keeps, even the cluster certificate: but no wrapping key.
TEST_F(Strangers, ATokenWipedAndSetUpAgain) {
    at_the_token([&](Enrolment& token) {
        control::SetUserPin pins;
        pins.fresh = SecretBytes(kUserPin);
        ASSERT_TRUE(run(io_, token.tell(Operation::set_user_pin, pins)));
    });
    const FoundedHsm& made = founded_->founded.hsms.front();
    const std::string command = "SOFTHSM2_CONF=" + (stranger().state_dir / "softhsm2.conf").string() +
                                " softhsm2-util --init-token --serial " + made.serial + " --label " +
                                made.hsm_id + " --so-pin " +
                                std::string(as_text(made.officer_pin.reveal(SecretAccess{}))) + " --pin " +
                                std::string(kUserPin) + " > /dev/null";
    ASSERT_EQ(std::system(command.c_str()), 0);
    std::filesystem::remove_all(stranger().state_dir / "shadow");
    at_the_token([&](Enrolment& token) {
        EXPECT_FALSE(check_cluster(token));
        const control::Der certificate{*certificate_der(founded_->founded.certificate_pem)};
        ASSERT_TRUE(run(io_, token.tell(Operation::install_certificate, certificate)));
    });
    expect_refused("wrapping key", Pin::tried);
}

TEST_F(Strangers, AnIdentityOfItsOwn) {
    at_the_token([&](Enrolment& token) {
        ASSERT_TRUE(check_cluster(token));
        const control::Empty nothing;
        const auto made = run(io_, token.ask<control::IdentityCreated>(Operation::create_identity, nothing));
        ASSERT_TRUE(made) << made.error().describe();
        const control::InstallIdentity install{made->identity_token};
        ASSERT_TRUE(run(io_, token.tell(Operation::install_identity, install)));
    });
    expect_refused("signature", Pin::tried);
}

}  // namespace
}  // namespace claviger::cluster
