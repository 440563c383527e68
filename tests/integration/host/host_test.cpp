#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "tests/integration/host/host_rig.hpp"

namespace claviger::host::test {
namespace {

using link::KeyUse;
using link::Operation;

class Host : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_NO_FATAL_FAILURE(rig.provision());
        ASSERT_NO_FATAL_FAILURE(rig.start(more_arguments));
    }
    Bytes key(std::string_view id) {
        Result<Bytes> token = rig.create_key(id);
        EXPECT_TRUE(token) << token.error().describe();
        return token ? *token : Bytes();
    }
    Result<Bytes> encrypt(Client& client, KeyUse key, std::string_view plaintext,
                          std::string_view context = {}) {
        return client
            .call<link::BlobReply>(Operation::encrypt,
                                   link::EncryptRequest{key, as_bytes(plaintext), as_bytes(context)})
            .transform([](link::BlobReply reply) { return to_bytes(reply.blob); });
    }
    Result<std::string> decrypt(Client& client, KeyUse key, ByteView blob, std::string_view context = {}) {
        return client
            .call<link::PlaintextReply>(Operation::decrypt,
                                        link::DecryptRequest{key, blob, as_bytes(context)})
            .transform([](link::PlaintextReply reply) { return std::string(as_text(reply.plaintext)); });
    }
    control::Status status() {
        Client client = rig.control();
        auto answer = client.control<control::Status>(control::Operation::status, control::Empty{});
        EXPECT_TRUE(answer) << answer.error().describe();
        return answer ? std::move(*answer) : control::Status();
    }
    HostRig rig;
    std::vector<std::string> more_arguments;
};

TEST_F(Host, BeforeAdmissionDataRequestsGetNotAdmitted) {
    Client client = rig.data();
    const auto random = client.call<link::PlaintextReply>(Operation::random, link::RandomRequest{16});
    ASSERT_FALSE(random);
    EXPECT_EQ(random.error().code, Errc::not_admitted);
    const control::Status now = status();
    EXPECT_EQ(now.serial, rig.serial);
    EXPECT_EQ(now.label, "hsm-a");
    EXPECT_FALSE(now.admitted);
    EXPECT_FALSE(now.logged_in);
    EXPECT_FALSE(now.has_pin);
}

TEST_F(Host, WithoutTrustedRecoveryKeyThereIsNoCwk) {
    Client client = rig.control();
    ASSERT_TRUE(client.control<control::Empty>(control::Operation::set_user_pin,
                                               control::SetUserPin{rig.user_pin.clone(), {}}));
    ASSERT_TRUE(client.control(control::Operation::login));
    Bytes another = recovery_public();
    another[40] ^= std::byte{1};
    const auto made = client.control<control::CwkCreated>(
        control::Operation::create_cwk, control::CreateCwk{std::string(kClusterName), 1, another});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Errc::not_found) << made.error().describe();
}

TEST_F(Host, AKeyIsMadeSentWithItsTokenOnceAndUsed) {
    ASSERT_NO_FATAL_FAILURE(rig.found());
    const Bytes token = key("key-1");
    Client client = rig.data();
    const KeyUse bare{name_of("key-1"), {}};
    const auto early = encrypt(client, bare, "hello");
    ASSERT_FALSE(early);
    EXPECT_EQ(early.error().code, Errc::key_not_loaded);

    const auto blob = encrypt(client, {name_of("key-1"), token}, "hello", "context");
    ASSERT_TRUE(blob) << blob.error().describe();
    const auto opened = decrypt(client, bare, *blob, "context");
    ASSERT_TRUE(opened) << opened.error().describe();
    EXPECT_EQ(*opened, "hello");

    const auto data_key = client.call<link::DataKeyReply>(
        Operation::generate_data_key, link::GenerateDataKeyRequest{bare, 32, true, as_bytes("c")});
    ASSERT_TRUE(data_key) << data_key.error().describe();
    EXPECT_EQ(data_key->plaintext.size(), 32U);
    const std::string plaintext(as_text(data_key->plaintext));
    const Bytes data_blob = to_bytes(data_key->blob);
    EXPECT_EQ(*decrypt(client, bare, data_blob, "c"), plaintext);

    const auto without = client.call<link::DataKeyReply>(Operation::generate_data_key,
                                                         link::GenerateDataKeyRequest{bare, 32, false, {}});
    ASSERT_TRUE(without);
    EXPECT_TRUE(without->plaintext.empty());
    EXPECT_EQ(decrypt(client, bare, to_bytes(without->blob))->size(), 32U);

    const auto random = client.call<link::PlaintextReply>(Operation::random, link::RandomRequest{1024});
    ASSERT_TRUE(random);
    EXPECT_EQ(random->plaintext.size(), 1024U);
}

TEST_F(Host, ReEncryptionLoadsBothKeysAndKeepsThePlaintextInside) {
    ASSERT_NO_FATAL_FAILURE(rig.found());
    const Bytes first = key("key-1");
    const Bytes second = key("key-2");
    Client client = rig.data();
    const auto blob = encrypt(client, {name_of("key-1"), first}, "secret", "a");
    ASSERT_TRUE(blob);
    ASSERT_TRUE(
        client.call<link::EmptyReply>(Operation::destroy_key, link::DestroyKeyRequest{name_of("key-1")}));
    const auto moved = client.call<link::BlobReply>(
        Operation::re_encrypt,
        link::ReEncryptRequest{
            {name_of("key-1"), first}, *blob, as_bytes("a"), {name_of("key-2"), second}, as_bytes("b")});
    ASSERT_TRUE(moved) << moved.error().describe();
    const Bytes other = to_bytes(moved->blob);
    EXPECT_EQ(*decrypt(client, {name_of("key-2"), {}}, other, "b"), "secret");
}

TEST_F(Host, BadCiphertextIsDataInvalidAndReloadsNothing) {
    ASSERT_NO_FATAL_FAILURE(rig.found());
    const Bytes token = key("key-1");
    Client client = rig.data();
    const KeyUse bare{name_of("key-1"), {}};
    const auto blob = encrypt(client, {name_of("key-1"), token}, "hello", "context");
    ASSERT_TRUE(blob);
    for (std::size_t at = 0; at < blob->size(); ++at) {
        Bytes bad = *blob;
        bad[at] ^= std::byte{0x40};
        const auto opened = decrypt(client, bare, bad, "context");
        ASSERT_FALSE(opened) << at;
        EXPECT_EQ(opened.error().code, Errc::data_invalid) << at << ": " << opened.error().describe();
    }
    EXPECT_EQ(decrypt(client, bare, *blob, "another").error().code, Errc::data_invalid);
    EXPECT_EQ(decrypt(client, bare, ByteView(*blob).first(20), "context").error().code, Errc::data_invalid);
    EXPECT_EQ(*decrypt(client, bare, *blob, "context"), "hello");
    const control::Status now = status();
    EXPECT_EQ(now.counters.loads, 1U);
    EXPECT_EQ(now.counters.hsm_faults, 0U);
    EXPECT_EQ(now.counters.key_faults, 0U);
    EXPECT_GE(now.counters.data_faults, blob->size());
}

TEST_F(Host, AKeyTokenOfAnotherKeyIsRefusedAsBadIntegrity) {
    ASSERT_NO_FATAL_FAILURE(rig.found());
    const Bytes token = key("key-1");
    Client client = rig.data();
    const auto swapped = encrypt(client, {name_of("key-2"), token}, "hello");
    ASSERT_FALSE(swapped);
    EXPECT_EQ(swapped.error().code, Errc::integrity) << swapped.error().describe();
    Bytes broken = token;
    broken.back() ^= std::byte{1};
    const auto bad = encrypt(client, {name_of("key-1"), broken}, "hello");
    ASSERT_FALSE(bad);
    EXPECT_NE(bad.error().code, Errc::data_invalid) << bad.error().describe();
    EXPECT_TRUE(encrypt(client, {name_of("key-1"), token}, "hello"));
}

TEST_F(Host, WorkWhoseDeadlineHasPassedIsRefused) {
    ASSERT_NO_FATAL_FAILURE(rig.found());
    Client client = rig.data();
    const auto late = client.call<link::PlaintextReply>(Operation::random, link::RandomRequest{16},
                                                        std::chrono::milliseconds(-1));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, Errc::deadline_exceeded);
    EXPECT_EQ(status().counters.late, 1U);
}

TEST_F(Host, MalformedRequestsGetProtocolErrorsAndTheConnectionLives) {
    ASSERT_NO_FATAL_FAILURE(rig.found());
    Client client = rig.data();
    const auto unknown = client.call<link::EmptyReply>(static_cast<Operation>(99), link::CanaryRequest{});
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, Errc::protocol_error);
    const auto empty = client.call<link::BlobReply>(Operation::encrypt, link::CanaryRequest{});
    ASSERT_FALSE(empty);
    EXPECT_EQ(empty.error().code, Errc::protocol_error);
    EXPECT_TRUE(client.call<link::PlaintextReply>(Operation::random, link::RandomRequest{16}));
}

TEST_F(Host, AFrameOverTheLimitClosesTheConnection) {
    Client client = rig.data();
    link::WipedBuffer frame;
    const std::size_t start = link::begin_frame(frame, 1, 1, 0);
    frame.resize(frame.size() + link::kMaxFrame + 1);
    link::end_frame(frame, start);
    frame.resize(link::kFrameHeader);
    client.send(frame);
    EXPECT_TRUE(client.is_closed_by_peer());
}

TEST_F(Host, ManyRequestsInOneWriteAreAnsweredInOrder) {
    ASSERT_NO_FATAL_FAILURE(rig.found());
    Client client = rig.data();
    link::WipedBuffer batch;
    constexpr std::uint64_t kCount = 1000;
    for (std::uint64_t id = 1; id <= kCount; ++id) {
        link::append_request(batch, id, Operation::random, SystemClock().mono() + kPatience,
                             link::RandomRequest{32});
    }
    client.send(batch);
    for (std::uint64_t id = 1; id <= kCount; ++id) {
        const auto reply = client.receive();
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->id, id);
        EXPECT_EQ(reply->status, link::ReplyStatus::success);
    }
}

bool signature_fits(ByteView public_key, ByteView message, ByteView signature) {
    const unsigned char* at = as_uchar(public_key);
    EVP_PKEY* key = d2i_PUBKEY(nullptr, &at, static_cast<long>(public_key.size()));
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    const bool fits =
        key != nullptr && EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key) == 1 &&
        EVP_DigestVerify(context, as_uchar(signature), signature.size(), as_uchar(message), message.size()) ==
            1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return fits;
}

TEST_F(Host, ARestartedHostProvesItselfAndServesTheSameKeys) {
    ASSERT_NO_FATAL_FAILURE(rig.found());
    const Bytes token = key("key-1");
    Bytes blob;
    {
        Client client = rig.data();
        blob = *encrypt(client, {name_of("key-1"), token}, "hello");
    }
    rig.host().kill_and_reap();
    ASSERT_NO_FATAL_FAILURE(rig.start());
    Client control = rig.control();
    Client client = rig.data();
    // Canary and proof come before admission, and only after what they need.
    EXPECT_EQ(client.call<link::EmptyReply>(Operation::canary, link::CanaryRequest{}).error().code,
              Errc::not_admitted);
    const auto too_early = control.control<control::Empty>(control::Operation::admit,
                                                           control::Admit{std::string(kClusterName), 1});
    EXPECT_EQ(too_early.error().code, Errc::conflict);
    ASSERT_TRUE(control.control(control::Operation::login));
    const auto checked =
        control.control<control::Empty>(control::Operation::check_cluster,
                                        control::CheckCluster{rig.check_token, std::string(kClusterName), 1});
    ASSERT_TRUE(checked) << checked.error().describe();
    const std::string challenge = std::string(link::kProofPrefix) + "cluster, hsm, serial and fresh bytes";
    const auto proof =
        client.call<link::SignatureReply>(Operation::prove, link::ProveRequest{as_bytes(challenge)});
    ASSERT_TRUE(proof) << proof.error().describe();
    EXPECT_TRUE(signature_fits(rig.identity_public, as_bytes(challenge), proof->signature));
    EXPECT_TRUE(client.call<link::EmptyReply>(Operation::canary, link::CanaryRequest{}));
    ASSERT_TRUE(control.control<control::Empty>(control::Operation::admit,
                                                control::Admit{std::string(kClusterName), 1}));
    EXPECT_EQ(*decrypt(client, {name_of("key-1"), token}, blob), "hello");
    EXPECT_EQ(client.call<link::SignatureReply>(Operation::prove, link::ProveRequest{as_bytes("sign this")})
                  .error()
                  .code,
              Errc::protocol_error);
}

TEST_F(Host, CheckTokenOfAnotherClusterIsRefused) {
    ASSERT_NO_FATAL_FAILURE(rig.found());
    Client control = rig.control();
    const auto other = control.control<control::Empty>(
        control::Operation::check_cluster, control::CheckCluster{rig.check_token, "cluster-zzzzzzzzzzz", 1});
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, Errc::data_invalid);
}

TEST_F(Host, GeneratingRsa4096DelaysNeitherAesNorTheLoadingOfAKey) {
    ASSERT_NO_FATAL_FAILURE(rig.found());
    const Bytes first = key("key-1");
    const Bytes second = key("key-2");
    Client client = rig.data();
    ASSERT_TRUE(encrypt(client, {name_of("key-1"), first}, "hello"));

    constexpr std::uint64_t kGenerations = 2;
    constexpr std::uint64_t kEncryptions = 500;
    const MonoTime deadline = SystemClock().mono() + kPatience;
    link::WipedBuffer out;
    for (std::uint64_t id = 1; id <= kGenerations; ++id) {
        link::append_request(
            out, id, Operation::create_key, deadline,
            link::CreateKeyRequest{kAccount, "rsa", {}, "RSA_4096", "SIGN_VERIFY", "AWS_KMS"});
    }
    // The first of these waits for its key to be loaded, in the middle of the generations.
    for (std::uint64_t i = 1; i <= kEncryptions; ++i) {
        const std::string_view id = i == 1 ? "key-2" : "key-1";
        const KeyUse use{name_of(id), i == 1 ? ByteView(second) : ByteView()};
        link::append_request(out, kGenerations + i, Operation::encrypt, deadline,
                             link::EncryptRequest{use, as_bytes("hello"), {}});
    }
    client.send(out);
    std::uint64_t encrypted = 0;
    std::uint64_t generated = 0;
    while (encrypted + generated < kEncryptions + kGenerations) {
        const auto reply = client.receive();
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->status, link::ReplyStatus::success) << link::to_error(reply->bytes()).describe();
        if (reply->id <= kGenerations) {
            ++generated;
        } else {
            ++encrypted;
            EXPECT_LT(generated, kGenerations)
                << "encryption " << reply->id << " waited for every generation";
        }
    }
}

TEST_F(Host, MoreGenerationThanItsBoundIsRefusedAtOnce) {
    ASSERT_NO_FATAL_FAILURE(rig.found());
    Client client = rig.data();
    const link::CreateKeyRequest request{kAccount, "rsa", {}, "RSA_2048", "SIGN_VERIFY", "AWS_KMS"};
    link::WipedBuffer out;
    const std::uint32_t bound = link::limits_of(link::CostClass::generate).outstanding;
    for (std::uint32_t i = 0; i <= bound; ++i) {
        link::append_request(out, client.next_id(), Operation::create_key, SystemClock().mono() + kPatience,
                             request);
    }
    client.send(out);
    const auto first = client.receive();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->id, bound + 1);
    EXPECT_EQ(link::to_error(first->bytes()).code, Errc::overloaded);
}

class SmallHost : public Host {
protected:
    SmallHost() { more_arguments = {"--key-memory", "1"}; }
};

TEST_F(SmallHost, TheLeastRecentlyUsedKeyIsEvictedAndComesBackWithItsToken) {
    ASSERT_NO_FATAL_FAILURE(rig.found());
    constexpr int kCapacity = (1 << 20) * 3 / 4 / 8300;
    Client client = rig.data();
    std::vector<std::pair<std::string, Bytes>> keys;
    for (int i = 0; i <= kCapacity; ++i) {
        const std::string id = "key-" + std::to_string(i);
        keys.emplace_back(id, key(id));
        ASSERT_TRUE(encrypt(client, {name_of(id), keys.back().second}, "hello"));
    }
    EXPECT_EQ(encrypt(client, {name_of(keys[0].first), {}}, "hello").error().code, Errc::key_not_loaded);
    EXPECT_TRUE(encrypt(client, {name_of(keys[1].first), {}}, "hello"));
    EXPECT_TRUE(encrypt(client, {name_of(keys[0].first), keys[0].second}, "hello"));
    EXPECT_EQ(encrypt(client, {name_of(keys[2].first), {}}, "hello").error().code, Errc::key_not_loaded);
    const control::Status now = status();
    EXPECT_EQ(now.counters.keys_loaded, static_cast<std::uint64_t>(kCapacity));
    EXPECT_EQ(now.counters.evictions, 2U);
}

TEST_F(Host, LogoutForgetsKeysAndLoginBringsThemBack) {
    ASSERT_NO_FATAL_FAILURE(rig.found());
    const Bytes token = key("key-1");
    Client client = rig.data();
    ASSERT_TRUE(encrypt(client, {name_of("key-1"), token}, "hello"));
    ASSERT_TRUE(rig.control().control(control::Operation::logout));
    EXPECT_EQ(encrypt(client, {name_of("key-1"), {}}, "hello").error().code, Errc::not_admitted);
    EXPECT_FALSE(status().logged_in);
    ASSERT_NO_FATAL_FAILURE(rig.readmit());
    EXPECT_EQ(encrypt(client, {name_of("key-1"), {}}, "hello").error().code, Errc::key_not_loaded);
    EXPECT_TRUE(encrypt(client, {name_of("key-1"), token}, "hello"));
}

TEST_F(Host, DrainAnswersWhenWorkIsDoneAndClosesTheDoor) {
    ASSERT_NO_FATAL_FAILURE(rig.found());
    Client client = rig.data();
    link::WipedBuffer out;
    link::append_request(out, 1, Operation::create_key, SystemClock().mono() + kPatience,
                         link::CreateKeyRequest{kAccount, "rsa", {}, "RSA_2048", "SIGN_VERIFY", "AWS_KMS"});
    link::append_request(out, 2, Operation::random, SystemClock().mono() + kPatience, link::RandomRequest{1});
    client.send(out);
    ASSERT_EQ(client.receive()->id, 2U);  // so the first is under way
    ASSERT_TRUE(rig.control().control(control::Operation::drain));
    const auto made = client.receive();
    ASSERT_TRUE(made);
    EXPECT_EQ(made->status, link::ReplyStatus::success);
    EXPECT_EQ(client.call<link::PlaintextReply>(Operation::random, link::RandomRequest{1}).error().code,
              Errc::not_admitted);
}

TEST_F(Host, WipeLeavesNoObjectOfOurs) {
    ASSERT_NO_FATAL_FAILURE(rig.found());
    Client client = rig.control();
    const auto before =
        client.control<control::ObjectList>(control::Operation::list_objects, control::ListObjects{});
    ASSERT_TRUE(before) << before.error().describe();
    EXPECT_GE(before->objects.size(), 2U);
    const auto wiped = client.control(control::Operation::wipe);
    ASSERT_TRUE(wiped) << wiped.error().describe();
    const auto after =
        client.control<control::ObjectList>(control::Operation::list_objects, control::ListObjects{});
    ASSERT_TRUE(after);
    for (const control::ObjectRow& object : after->objects) {
        EXPECT_EQ(object.object_class, 2U) << object.label;  // public keys are the officer's to remove
    }
    EXPECT_EQ(
        client
            .control<control::Empty>(control::Operation::admit, control::Admit{std::string(kClusterName), 1})
            .error()
            .code,
        Errc::conflict);
}

}  // namespace
}  // namespace claviger::host::test
