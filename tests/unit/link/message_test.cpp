#include "hsm/link/message.hpp"

#include <gtest/gtest.h>

#include "tests/unit/link/codec_checks.hpp"

namespace claviger::link {
namespace {

template <class Message>
void check(const Message& message) {
    test::check_codec([&](WipedBuffer& to) { encode(to, message); },
                      [](ByteView bytes) -> std::optional<WipedBuffer> {
                          const std::optional<Message> read = decode<Message>(bytes);
                          if (!read) {
                              return std::nullopt;
                          }
                          WipedBuffer out;
                          encode(out, *read);
                          return out;
                      });
}

KeyUse some_key(ByteView token = {}) {
    KeyUse key;
    key.name.key_tag.fill(std::byte{0x11});
    key.name.material.fill(std::byte{0x22});
    key.token = token;
    return key;
}

const ByteView kText = as_bytes("some bytes");
const ByteView kToken = as_bytes("a key token");

TEST(Message, EveryRequestIsReadBackAndRefusedWhenMutilated) {
    check(EncryptRequest{some_key(), kText, as_bytes("context")});
    check(EncryptRequest{some_key(kToken), kText, {}});
    check(DecryptRequest{some_key(), kText, as_bytes("context")});
    check(ReEncryptRequest{some_key(), kText, as_bytes("a"), some_key(kToken), as_bytes("b")});
    check(GenerateDataKeyRequest{some_key(), 32, true, as_bytes("context")});
    check(GenerateDataKeyRequest{some_key(), 1, false, {}});
    check(RandomRequest{1024});
    check(CreateKeyRequest{"123456789012", "id", {}, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "AWS_KMS"});
    check(LoadKeyRequest{some_key(kToken)});
    check(DestroyKeyRequest{some_key().name});
    check(ProveRequest{kText});
    check(CanaryRequest{});
    check(MacRequest{some_key(), kText});
    check(SignRequest{some_key(kToken), {SignatureScheme::rsa_pss, Hash::sha384}, Bytes(48)});
    check(RsaDecryptRequest{some_key(), Hash::sha1, kText});
    check(DeriveRequest{some_key(), kText});
    check(GeneratePairRequest{"RSA_2048"});
}

TEST(Message, EveryReplyIsReadBackAndRefusedWhenMutilated) {
    check(BlobReply{kText});
    check(PlaintextReply{kText});
    check(DataKeyReply{kText, kToken});
    check(KeyTokenReply{kToken, {}});
    check(SignatureReply{kText});
    check(KeyPairReply{kText, kToken});
    check(EmptyReply{});
    check(ErrorReply{Errc::hsm_fault, 0x30, "C_Encrypt"});
}

TEST(Message, FieldsArriveInTheirPlaces) {
    WipedBuffer bytes;
    encode(bytes, ReEncryptRequest{some_key(), kText, as_bytes("a"), some_key(kToken), as_bytes("b")});
    const auto read = decode<ReEncryptRequest>(ByteView(bytes));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->source.name, some_key().name);
    EXPECT_TRUE(read->source.token.empty());
    EXPECT_EQ(as_text(read->blob), "some bytes");
    EXPECT_EQ(as_text(read->source_context), "a");
    EXPECT_EQ(as_text(read->destination.token), "a key token");
    EXPECT_EQ(as_text(read->destination_context), "b");
}

TEST(Message, LimitsAreInclusiveAndOneMoreIsRefused) {
    const auto accepted = [](const auto& message) {
        WipedBuffer bytes;
        encode(bytes, message);
        return decode<std::remove_cvref_t<decltype(message)>>(ByteView(bytes)).has_value();
    };
    const Bytes big(kMaxContext + 1);
    const ByteView view(big);
    EXPECT_TRUE(accepted(EncryptRequest{some_key(), view.first(kMaxPlaintext), view.first(kMaxContext)}));
    EXPECT_FALSE(accepted(EncryptRequest{some_key(), view.first(kMaxPlaintext + 1), {}}));
    EXPECT_FALSE(accepted(EncryptRequest{some_key(), {}, {}}));
    EXPECT_FALSE(accepted(EncryptRequest{some_key(), view.first(1), view}));
    EXPECT_TRUE(accepted(LoadKeyRequest{some_key(view.first(kMaxKeyToken))}));
    EXPECT_FALSE(accepted(LoadKeyRequest{some_key(view.first(kMaxKeyToken + 1))}));
    EXPECT_FALSE(accepted(LoadKeyRequest{some_key()}));
    EXPECT_TRUE(accepted(DecryptRequest{some_key(), view.first(kMaxBlob), {}}));
    EXPECT_FALSE(accepted(DecryptRequest{some_key(), view.first(kMaxBlob + 1), {}}));
    EXPECT_FALSE(accepted(RandomRequest{0}));
    EXPECT_FALSE(accepted(RandomRequest{kMaxRandom + 1}));
    EXPECT_FALSE(accepted(GenerateDataKeyRequest{some_key(), 0, true, {}}));
    EXPECT_TRUE(accepted(ProveRequest{view.first(512)}));
    EXPECT_FALSE(accepted(ProveRequest{view.first(513)}));
}

TEST(Message, TheLargestRequestFitsAFrame) {
    const Bytes big(kMaxContext);
    const ByteView view(big);
    WipedBuffer bytes;
    encode(bytes, ReEncryptRequest{some_key(view.first(kMaxKeyToken)), view.first(kMaxBlob), view,
                                   some_key(view.first(kMaxKeyToken)), view});
    EXPECT_LE(bytes.size(), kMaxFrame);
}

TEST(Message, AnErrorCodeNobodyDefinedIsRefused) {
    WipedBuffer bytes;
    encode(bytes, ErrorReply{static_cast<Errc>(200), 0, ""});
    EXPECT_FALSE(decode<ErrorReply>(ByteView(bytes)));
}

TEST(OperationTable, WireValuesAreDistinctAndFound) {
    for (const OperationRow& row : kOperations) {
        EXPECT_EQ(find_operation(row.operation), &row) << row.name;
        EXPECT_GT(limits_of(row.cost).outstanding, 0U);
    }
    EXPECT_EQ(find_operation(static_cast<Operation>(0)), nullptr);
    EXPECT_EQ(find_operation(static_cast<Operation>(255)), nullptr);
}

}  // namespace
}  // namespace claviger::link
