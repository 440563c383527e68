#include "hsm/link/control.hpp"

#include <gtest/gtest.h>

#include <set>

#include "tests/unit/link/codec_checks.hpp"

namespace claviger::link::control {
namespace {

template <class Message>
void check(const Message& message) {
    test::check_codec([&](WipedBuffer& to) { control::encode(to, message); },
                      [](ByteView bytes) -> std::optional<WipedBuffer> {
                          const std::optional<Message> read = control::decode<Message>(bytes);
                          if (!read) {
                              return std::nullopt;
                          }
                          WipedBuffer out;
                          control::encode(out, *read);
                          return out;
                      });
}

Bytes some(std::string_view text) {
    return to_bytes(as_bytes(text));
}

Status full_status() {
    Status status;
    status.serial = "0123456789abcdef";
    status.label = "hsm-a";
    status.model = "SoftHSM v2";
    status.firmware = "2.6";
    status.module = "/usr/lib/softhsm/libsofthsm2.so";
    status.flags = 0x40d;
    status.process = 4711;
    status.certificate = some("der");
    status.has_pin = true;
    status.cluster_id = "cluster-abcdefghijk";
    status.generation = 3;
    status.profile = Verdict::weak;
    status.weaknesses = {"one", "two"};
    status.capabilities = {"SYMMETRIC_DEFAULT"};
    status.counters.operations = 1;
    status.counters.refused_peers = 12;
    return status;
}

TEST(ControlMessage, EveryMessageIsReadBackAndRefusedWhenMutilated) {
    check(Empty{});
    check(full_status());
    check(SetUserPin{SecretBytes("old"), SecretBytes("new")});
    check(CreateCwk{"cluster-abcdefghijk", 1, some("spki")});
    check(MakeTransport{true});
    check(CwkCreated{some("bundle"), some("check")});
    check(PublicKey{some("spki")});
    check(WrapCwk{some("spki")});
    check(Wrapped{some("wrapped")});
    check(AcceptCwk{some("wrapped"), "cluster-abcdefghijk", 2, true});
    check(IdentityCreated{some("token"), some("spki")});
    check(InstallIdentity{some("token")});
    check(MakeCsr{"cn", "ou", "o"});
    check(Der{some("der")});
    check(CheckCluster{some("check"), "cluster-abcdefghijk", 1});
    check(Probe{ProbeDepth::all_key_kinds});
    check(Probed{Verdict::strong, {}, {"RSA_2048", "ECC_NIST_P256"}});
    check(Admit{"cluster-abcdefghijk", 1});
    check(ListObjects{17});
    check(ObjectList{{{4, "label", some("id")}, {1, "", {}}}, true});
    check(RecoverCwk{"cluster-abcdefghijk", 1, some("bundle"), some("spki")});
    check(SignBackup{some("digest")});
    check(Signature{some("signature")});
    check(InitToken{"label", SecretBytes("so"), SecretBytes("user")});
    check(TokenMade{"serial"});
    check(InstallTrusted{SecretBytes("so"), TrustedKind::transport, some("spki")});
    check(RemoveTrusted{SecretBytes("so"), TrustedKind::recovery});
    check(InitUserPin{SecretBytes("so"), SecretBytes("user")});
    check(WipeToken{SecretBytes("so"), "label"});
    check(DestroyObject{"label", some("id")});
    check(TryUserPin{SecretBytes("user"), true});
    check(TakeToken{SecretBytes("officer"), SecretBytes("user")});
    check(GiveBackToken{SecretBytes("officer"), SecretBytes("user"), true});
}

TEST(ControlMessage, StatusFieldsArriveInTheirPlaces) {
    WipedBuffer bytes;
    control::encode(bytes, full_status());
    const auto read = control::decode<Status>(ByteView(bytes));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->serial, "0123456789abcdef");
    EXPECT_EQ(read->process, 4711U);
    EXPECT_TRUE(read->has_pin);
    EXPECT_FALSE(read->logged_in);
    EXPECT_EQ(read->profile, Verdict::weak);
    EXPECT_EQ(read->weaknesses, (std::vector<std::string>{"one", "two"}));
    EXPECT_EQ(read->counters.refused_peers, 12U);
}

TEST(ControlMessage, ChoicesOutsideTheirEnumAreRefused) {
    WipedBuffer bytes;
    control::encode(bytes, InstallTrusted{SecretBytes("so"), static_cast<TrustedKind>(3), {}});
    EXPECT_FALSE(control::decode<InstallTrusted>(ByteView(bytes)));
}

TEST(ControlMessage, OverlongPinsAndListsAreRefused) {
    WipedBuffer bytes;
    control::encode(bytes, SetUserPin{SecretBytes(std::size_t{kMaxPin + 1}), {}});
    EXPECT_FALSE(control::decode<SetUserPin>(ByteView(bytes)));
    wipe_and_clear(bytes);
    ObjectList list;
    list.objects.resize(kMaxList + 1);
    control::encode(bytes, list);
    EXPECT_FALSE(control::decode<ObjectList>(ByteView(bytes)));
}

TEST(ControlTable, ValuesAndNamesAreDistinct) {
    std::set<std::string_view> names;
    for (const OperationRow& row : control::kOperations) {
        EXPECT_EQ(control::find_operation(row.operation), &row);
        EXPECT_TRUE(names.insert(row.name).second) << row.name;
    }
    EXPECT_EQ(control::find_operation(static_cast<Operation>(0)), nullptr);
}

}  // namespace
}  // namespace claviger::link::control
