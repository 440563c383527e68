// One io thread's client against hosts that fail on order.
#include "cluster/client.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "hsm/link/key_token.hpp"
#include "tests/support/fake_host.hpp"

namespace claviger::cluster {
namespace {

using claviger::testing::FakeHost;
using claviger::testing::FakeHostOptions;
using claviger::testing::Fault;
using Act = Fault::Act;
using namespace std::chrono_literals;

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        char path[] = "/tmp/claviger-cluster-XXXXXX";
        path_ = ::mkdtemp(path);
    }
    ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

// Three fake hosts that are admitted already, and one client. The test's thread is the io thread.
class ClientTest : public ::testing::Test {
protected:
    void SetUp() override {
        for (std::uint32_t i = 0; i < 3; ++i) {
            HsmOptions options;
            options.hsm_id = "hsm-" + std::to_string(i);
            options.zone = std::string(1, static_cast<char>('a' + i));
            options.state_dir = directory_.path() / options.hsm_id;
            FakeHostOptions fake;
            fake.directory = options.state_dir;
            hosts_.push_back(std::make_unique<FakeHost>(std::move(fake)));
            members_.push_back(std::make_shared<Member>(i, std::move(options)));
            start(i);
        }
        options_.timing.fast_attempt = 60ms;
        options_.timing.load_attempt = 150ms;
        options_.timing.sweep = 1ms;
        options_.seed = 1;
        options_.host_uid = ::getuid();
        client_ = make_client(io_, board_, clock_, options_);
        key_ = *KeyMaterial::parse(claviger::testing::fake_key_token("111122223333", "key-1", std::byte{1}));
        other_ =
            *KeyMaterial::parse(claviger::testing::fake_key_token("111122223333", "key-2", std::byte{2}));
    }
    void TearDown() override { client_.reset(); }

    void start(std::uint32_t i) {
        hosts_[i]->start();
        open_data_socket(i);
        board_.publish(Serving{members_[i], ++epoch_, ::getpid()});
    }
    void stop(std::uint32_t i) { hosts_[i]->stop(); }

    // What the control socket's admit does.
    void open_data_socket(std::uint32_t i) {
        const link::PeerRule rule{::getuid(), ::getpid()};
        const int fd = *connect_unix(members_[i]->options().state_dir, "control.sock", rule);
        link::WipedBuffer out;
        link::control::append_request(out, 1, link::control::Operation::admit, clock_.mono() + 1s,
                                      link::control::Admit{"cluster-fake", 1});
        ASSERT_EQ(::write(fd, out.data(), out.size()), static_cast<ssize_t>(out.size()));
        while (!hosts_[i]->admitted()) {
            std::this_thread::yield();
        }
        ::close(fd);
    }

    // Runs all of them at once, to their ends.
    template <class T>
    std::vector<T> run_all(std::vector<boost::asio::awaitable<T>> works) {
        std::vector<std::optional<T>> results(works.size());
        std::size_t left = works.size();
        for (std::size_t i = 0; i < works.size(); ++i) {
            boost::asio::co_spawn(io_, collect(std::move(works[i]), results[i], left),
                                  [](std::exception_ptr failure) {
                                      if (failure) {
                                          std::rethrow_exception(failure);
                                      }
                                  });
        }
        io_.restart();
        while (left > 0) {
            io_.run_one();
        }
        std::vector<T> out;
        for (std::optional<T>& result : results) {
            out.push_back(*std::move(result));
        }
        return out;
    }
    template <class T>
    static boost::asio::awaitable<void> collect(boost::asio::awaitable<T> work, std::optional<T>& result,
                                                std::size_t& left) {
        result.emplace(co_await std::move(work));
        --left;
    }
    template <class T>
    T run(boost::asio::awaitable<T> work) {
        std::vector<boost::asio::awaitable<T>> works;
        works.push_back(std::move(work));
        return std::move(run_all(std::move(works)).front());
    }
    // Lets handlers that are ready run: snapshots arrive by post.
    void settle() {
        io_.restart();
        io_.poll();
    }

    boost::asio::awaitable<Result<Bytes>> encrypt(MonoTime::duration limit = 1s) {
        return client_->encrypt(*key_, as_bytes("plain"), as_bytes("context"), clock_.mono() + limit);
    }
    std::uint64_t served(link::Operation operation) const {
        std::uint64_t sum = 0;
        for (const auto& host : hosts_) {
            sum += host->served(operation);
        }
        return sum;
    }
    // The host that rendezvous chooses for a key nobody holds.
    std::uint32_t nearest(const KeyMaterial& key) const {
        std::uint32_t best = 0;
        for (std::uint32_t i = 1; i < 3; ++i) {
            best = rendezvous(key.name(), i) > rendezvous(key.name(), best) ? i : best;
        }
        return best;
    }
    link::KeyName link_name(const KeyMaterial& key) const {
        return link::key_name(link::parse_key_token(key.token())->header);
    }

    TemporaryDirectory directory_;
    SystemClock clock_;
    std::vector<std::unique_ptr<FakeHost>> hosts_;
    std::vector<std::shared_ptr<Member>> members_;
    std::set<std::uint32_t> suspected_;
    Board board_{[this](std::uint32_t member) { suspected_.insert(member); }};
    boost::asio::io_context io_{1};
    ClientOptions options_;
    std::unique_ptr<Client> client_;
    std::shared_ptr<const KeyMaterial> key_;
    std::shared_ptr<const KeyMaterial> other_;
    std::uint64_t epoch_ = 0;
};

TEST_F(ClientTest, EncryptedTextIsDecryptedAndReEncrypted) {
    const Result<Bytes> blob = run(encrypt());
    ASSERT_TRUE(blob) << blob.error().describe();
    const auto plain = run(client_->decrypt(*key_, *blob, as_bytes("context"), clock_.mono() + 1s));
    ASSERT_TRUE(plain) << plain.error().describe();
    EXPECT_EQ(as_text(plain->reveal(SecretAccess{})), "plain");
    const auto moved = run(
        client_->re_encrypt(*key_, *blob, as_bytes("context"), *other_, as_bytes("new"), clock_.mono() + 1s));
    ASSERT_TRUE(moved) << moved.error().describe();
    const auto again = run(client_->decrypt(*other_, *moved, as_bytes("new"), clock_.mono() + 1s));
    ASSERT_TRUE(again) << again.error().describe();
    EXPECT_EQ(as_text(again->reveal(SecretAccess{})), "plain");
}

TEST_F(ClientTest, DataKeysComeWithAndWithoutPlaintext) {
    const auto with =
        run(client_->generate_data_key(*key_, 32, Plaintext::include, as_bytes("c"), clock_.mono() + 1s));
    ASSERT_TRUE(with) << with.error().describe();
    EXPECT_EQ(with->plaintext.size(), 32u);
    const auto without =
        run(client_->generate_data_key(*key_, 32, Plaintext::omit, as_bytes("c"), clock_.mono() + 1s));
    ASSERT_TRUE(without) << without.error().describe();
    EXPECT_TRUE(without->plaintext.empty());
    EXPECT_FALSE(without->blob.empty());
    const auto random = run(client_->random(100, clock_.mono() + 1s));
    ASSERT_TRUE(random) << random.error().describe();
    EXPECT_EQ(random->size(), 100u);
}

TEST_F(ClientTest, AKeyIsLoadedByOneHostAndUsedThere) {
    for (int i = 0; i < 6; ++i) {
        ASSERT_TRUE(run(encrypt()));
    }
    const std::uint32_t loader = nearest(*key_);
    EXPECT_EQ(hosts_[loader]->served(link::Operation::encrypt), 6u);
    EXPECT_EQ(served(link::Operation::encrypt), 6u);
}

TEST_F(ClientTest, AKeyThatWasEvictedIsSentAgain) {
    ASSERT_TRUE(run(encrypt()));
    hosts_[nearest(*key_)]->drop_keys();
    const auto blob = run(encrypt());
    ASSERT_TRUE(blob) << blob.error().describe();
    EXPECT_EQ(served(link::Operation::encrypt), 3u);  // good, key_not_loaded, good
}

TEST_F(ClientTest, AHotKeySpreadsToMoreHosts) {
    std::vector<boost::asio::awaitable<Result<Bytes>>> works;
    for (int i = 0; i < 300; ++i) {
        works.push_back(encrypt());
    }
    for (const auto& result : run_all(std::move(works))) {
        EXPECT_TRUE(result);
    }
    int holders = 0;
    for (const auto& host : hosts_) {
        holders += host->holds(link_name(*key_)) ? 1 : 0;
    }
    EXPECT_GT(holders, 1);
}

TEST_F(ClientTest, AHostThatDiesCostsNoRequest) {
    ASSERT_TRUE(run(encrypt()));
    const std::uint32_t victim = nearest(*key_);
    hosts_[victim]->order({Act::close, {}, {}, {}});
    const auto blob = run(encrypt());
    ASSERT_TRUE(blob) << blob.error().describe();
    stop(victim);
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(run(encrypt()));
    }
    EXPECT_FALSE(members_[victim]->breaker.open());
}

TEST_F(ClientTest, ALateAnswerIsLeftForAnotherHostAndIgnoredWhenItComes) {
    ASSERT_TRUE(run(encrypt()));
    const std::uint32_t slow = nearest(*key_);
    hosts_[slow]->order({Act::delay, {}, 100ms, {}});
    const MonoTime before = clock_.mono();
    ASSERT_TRUE(run(encrypt()));
    const auto took = clock_.mono() - before;
    EXPECT_GE(took, 60ms);
    EXPECT_LT(took, 400ms);
    while (clock_.mono() < before + 150ms) {
        settle();  // the late answer arrives, and the connection survives it
    }
    members_[slow]->breaker.close();
    ASSERT_TRUE(run(encrypt()));
    EXPECT_TRUE(suspected_.contains(slow));
}

TEST_F(ClientTest, AHostThatHangsIsLeftAfterTheFirstLateAnswers) {
    std::vector<boost::asio::awaitable<Result<Bytes>>> warm;
    for (int i = 0; i < 300; ++i) {
        warm.push_back(encrypt());
    }
    run_all(std::move(warm));
    hosts_[0]->freeze();
    const MonoTime before = clock_.mono();
    std::vector<boost::asio::awaitable<Result<Bytes>>> works;
    for (int i = 0; i < 100; ++i) {
        works.push_back(encrypt());
    }
    for (const auto& result : run_all(std::move(works))) {
        EXPECT_TRUE(result);
    }
    EXPECT_LT(clock_.mono() - before, 400ms);
    EXPECT_TRUE(members_[0]->breaker.open());
    EXPECT_TRUE(suspected_.contains(0));
    // From now on nobody waits for it.
    const MonoTime after = clock_.mono();
    for (int i = 0; i < 50; ++i) {
        EXPECT_TRUE(run(encrypt()));
    }
    EXPECT_LT(clock_.mono() - after, 60ms);
    hosts_[0]->thaw();
}

TEST_F(ClientTest, AnswersInWrongOrderReachTheirOwnRequests) {
    ASSERT_TRUE(run(encrypt()));
    hosts_[nearest(*key_)]->order({Act::reverse, {}, {}, {}});
    std::vector<boost::asio::awaitable<Result<DataKey>>> works;
    for (const std::uint16_t size : {std::uint16_t{16}, std::uint16_t{48}}) {
        works.push_back(
            client_->generate_data_key(*key_, size, Plaintext::include, as_bytes("c"), clock_.mono() + 1s));
    }
    const auto results = run_all(std::move(works));
    ASSERT_TRUE(results[0] && results[1]);
    EXPECT_EQ(results[0]->plaintext.size(), 16u);
    EXPECT_EQ(results[1]->plaintext.size(), 48u);
}

TEST_F(ClientTest, AHostThatBreaksTheProtocolIsCountedAndTheRequestGoesElsewhere) {
    std::uint64_t expected = 0;
    for (const Act act : {Act::unknown_id, Act::oversize, Act::bad_status, Act::junk, Act::wrong_content}) {
        hosts_[0]->order({act, {}, {}, link::Operation::random});
        const auto random =
            run(client_->random(32, clock_.mono() + 1s));  // this thread's own host is the first
        ASSERT_TRUE(random) << random.error().describe();
        EXPECT_EQ(board_.sums(0).faults, ++expected) << static_cast<int>(act);
        members_[0]->breaker.close();
        // The dropped connection is made again without anybody's help.
        const std::uint64_t before = hosts_[0]->served(link::Operation::random);
        const MonoTime limit = clock_.mono() + 2s;
        while (hosts_[0]->served(link::Operation::random) == before && clock_.mono() < limit) {
            ASSERT_TRUE(run(client_->random(32, clock_.mono() + 1s)));
        }
        EXPECT_LT(clock_.mono(), limit);
    }
}

TEST_F(ClientTest, FaultsOfTheHsmOpenItsBreakerAndTheRequestGoesElsewhere) {
    ASSERT_TRUE(run(encrypt()));
    const std::uint32_t bad = nearest(*key_);
    for (std::uint32_t i = 0; i < 40; ++i) {
        hosts_[bad]->order({Act::error, Errc::hsm_fault, {}, {}});
    }
    for (std::uint32_t i = 0; i < 40; ++i) {
        ASSERT_TRUE(run(encrypt()));
    }
    EXPECT_EQ(hosts_[bad]->served(link::Operation::encrypt), 1u);
    EXPECT_TRUE(members_[bad]->breaker.open());
    EXPECT_TRUE(suspected_.contains(bad));
    EXPECT_EQ(board_.sums(bad).faults, Breaker::kFaults);
}

TEST_F(ClientTest, BadCiphertextsAreTheCallersAndNeverOpenABreaker) {
    ASSERT_TRUE(run(encrypt()));
    Bytes blob = *run(encrypt());
    blob.back() ^= std::byte{1};
    for (int i = 0; i < 200; ++i) {
        const auto plain = run(client_->decrypt(*key_, blob, as_bytes("context"), clock_.mono() + 1s));
        ASSERT_FALSE(plain);
        ASSERT_EQ(plain.error().code, Errc::data_invalid);
    }
    for (std::uint32_t i = 0; i < 3; ++i) {
        EXPECT_FALSE(members_[i]->breaker.open());
        EXPECT_EQ(board_.sums(i).faults, 0u);
    }
    EXPECT_TRUE(suspected_.empty());
}

TEST_F(ClientTest, OneHsmIsKeptWhenAllBreakersAreOpen) {
    for (const auto& member : members_) {
        member->breaker.record(Evidence::silent);
    }
    EXPECT_TRUE(run(encrypt()));
}

TEST_F(ClientTest, WithoutHostsTheErrorComesSoonAndServiceResumesByItself) {
    for (std::uint32_t i = 0; i < 3; ++i) {
        stop(i);
        board_.withdraw(i);
    }
    settle();
    const MonoTime before = clock_.mono();
    const auto refused = run(encrypt(5s));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::no_hsm);
    EXPECT_LT(clock_.mono() - before, 200ms);
    start(1);
    EXPECT_TRUE(run(encrypt()));
}

TEST_F(ClientTest, ARequestWaitsAMomentForAHostThatComesBack) {
    for (std::uint32_t i = 0; i < 3; ++i) {
        stop(i);
        board_.withdraw(i);
    }
    settle();
    boost::asio::steady_timer later(io_, 30ms);
    bool back = false;
    later.async_wait([&](const boost::system::error_code&) {
        start(2);
        back = true;
    });
    EXPECT_TRUE(run(encrypt(5s)));
    EXPECT_TRUE(back);
}

TEST_F(ClientTest, CreatedKeysAreVerifiedInAnotherZone) {
    NewKeyIdentity identity{"111122223333", "key-9", {}, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "AWS_KMS"};
    const auto made = run(client_->create_key(identity, clock_.mono() + 1s));
    ASSERT_TRUE(made) << made.error().describe();
    EXPECT_TRUE(KeyMaterial::parse(made->token));
    EXPECT_EQ(served(link::Operation::create_key), 1u);
    EXPECT_EQ(served(link::Operation::load_key), 1u);
    for (const auto& host : hosts_) {
        EXPECT_FALSE(host->served(link::Operation::create_key) > 0 &&
                     host->served(link::Operation::load_key) > 0);
    }
}

TEST_F(ClientTest, CreateKeyIsRepeatedOnceWhenItsHostDiesAndNeverForBeingLate) {
    NewKeyIdentity identity{"111122223333", "key-9", {}, "RSA_4096", "SIGN_VERIFY", "AWS_KMS"};
    const Fault close{Act::close, {}, {}, link::Operation::create_key};
    hosts_[0]->order(close);
    ASSERT_TRUE(run(client_->create_key(identity, clock_.mono() + 1s)));
    settle();
    for (const auto& host : hosts_) {
        host->order(close);
    }
    const auto twice = run(client_->create_key(identity, clock_.mono() + 1s));
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().code, Errc::hsm_gone);
}

TEST_F(ClientTest, ANewKeyThatASecondHsmFindsBadIsNotVouchedForByItsMaker) {
    NewKeyIdentity identity{"111122223333", "key-9", {}, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "AWS_KMS"};
    for (const Errc verdict : {Errc::key_fault, Errc::integrity}) {
        for (const auto& host : hosts_) {
            host->order({Act::error, verdict, {}, link::Operation::load_key});
        }
        const auto made = run(client_->create_key(identity, clock_.mono() + 1s));
        ASSERT_FALSE(made);
        EXPECT_EQ(made.error().code, Errc::key_fault);
    }
}

TEST_F(ClientTest, AnHsmThatLostItsWrappingKeyIsPassedOverAndAccused) {
    NewKeyIdentity identity{"111122223333", "key-9", {}, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "AWS_KMS"};
    for (const auto& host : {&hosts_[0], &hosts_[1]}) {
        (*host)->order({Act::error, Errc::not_found, {}, link::Operation::create_key});
    }
    ASSERT_TRUE(run(client_->create_key(identity, clock_.mono() + 1s)));
    ASSERT_TRUE(run(client_->create_key(identity, clock_.mono() + 1s)));
    ASSERT_TRUE(run(client_->create_key(identity, clock_.mono() + 1s)));
    settle();
    EXPECT_FALSE(suspected_.empty());
}

// CreateKey makes a key on one host and verifies it on another.
struct RefusedCall {
    link::Operation call;
    std::size_t refusing;  // hosts, of three
    std::optional<Errc> failure;
};

class CreateKeyRefused : public ClientTest, public ::testing::WithParamInterface<RefusedCall> {};

TEST_P(CreateKeyRefused, GoesToAnotherHostWhileThereIsOne) {
    NewKeyIdentity identity{"111122223333", "key-9", {}, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "AWS_KMS"};
    for (std::size_t i = 0; i < GetParam().refusing; ++i) {
        hosts_[i]->order({Act::error, Errc::overloaded, {}, GetParam().call});
    }
    const auto made = run(client_->create_key(identity, clock_.mono() + 1s));
    EXPECT_EQ(made ? std::nullopt : std::optional(made.error().code), GetParam().failure);
    EXPECT_TRUE(run(client_->create_key(identity, clock_.mono() + 1s)));
}

INSTANTIATE_TEST_SUITE_P(Calls, CreateKeyRefused,
                         ::testing::Values(RefusedCall{link::Operation::create_key, 1, {}},
                                           RefusedCall{link::Operation::create_key, 2, {}},
                                           RefusedCall{link::Operation::create_key, 3, Errc::overloaded},
                                           RefusedCall{link::Operation::load_key, 1, {}},
                                           RefusedCall{link::Operation::load_key, 2, {}},
                                           RefusedCall{link::Operation::load_key, 3, Errc::overloaded}));

TEST_F(ClientTest, AHostCannotPassOffAnotherKeysTokenAsTheNewOne) {
    NewKeyIdentity identity{"111122223333", "key-9", {}, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "AWS_KMS"};
    for (const auto& host : hosts_) {
        host->order({Act::wrong_content, {}, {}, link::Operation::create_key});
    }
    const auto made = run(client_->create_key(identity, clock_.mono() + 1s));
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Errc::protocol_error);
}

TEST_F(ClientTest, DestroyReachesEveryHostThatIsThere) {
    stop(2);
    settle();
    EXPECT_TRUE(run(client_->destroy_key(*key_, clock_.mono() + 1s)));
    EXPECT_EQ(hosts_[0]->served(link::Operation::destroy_key), 1u);
    EXPECT_EQ(hosts_[1]->served(link::Operation::destroy_key), 1u);
}

TEST_F(ClientTest, AnIdleClientDoesNotTick) {
    ASSERT_TRUE(run(encrypt()));
    const MonoTime until = clock_.mono() + 50ms;
    while (clock_.mono() < until) {
        settle();
    }
    io_.restart();
    EXPECT_EQ(io_.poll(), 0u);
}

TEST_F(ClientTest, WaitersEndWhenTheClientIsClosed) {
    hosts_[0]->freeze();
    hosts_[1]->freeze();
    hosts_[2]->freeze();
    std::optional<Result<Bytes>> result;
    std::size_t left = 1;
    boost::asio::co_spawn(io_, collect(encrypt(10s), result, left), [](std::exception_ptr) {});
    io_.restart();
    io_.run_for(10ms);
    client_.reset();
    ASSERT_TRUE(result.has_value());
    EXPECT_FALSE(*result);
    for (const auto& host : hosts_) {
        host->thaw();
    }
}

}  // namespace
}  // namespace claviger::cluster
