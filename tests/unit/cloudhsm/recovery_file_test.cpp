#include "src/cloudhsm/recovery_file.hpp"

#include <gtest/gtest.h>

namespace claviger::cloudhsm {
namespace {

Bytes bytes_of(std::string_view text) {
    return to_bytes(as_bytes(text));
}

const RecoveryRequest kRequest{"cluster-a",           "cluster-0",       3, "hsm-b", bytes_of("recovery"),
                               bytes_of("transport"), bytes_of("bundle")};
const RecoveryAnswer kAnswer{"hsm-b", Bytes(32, std::byte{7}), bytes_of("wrapped")};

TEST(RecoveryFile, ARequestComesBack) {
    const auto back = parse_recovery_request(encode_recovery_request(kRequest));
    ASSERT_TRUE(back) << back.error().describe();
    EXPECT_EQ(back->cluster, "cluster-a");
    EXPECT_EQ(back->lineage, "cluster-0");
    EXPECT_EQ(back->generation, 3U);
    EXPECT_EQ(back->hsm, "hsm-b");
    EXPECT_EQ(back->recovery_public, kRequest.recovery_public);
    EXPECT_EQ(back->transport_public, kRequest.transport_public);
    EXPECT_EQ(back->bundle, kRequest.bundle);
}

TEST(RecoveryFile, AnAnswerComesBack) {
    const auto back = parse_recovery_answer(encode_recovery_answer(kAnswer));
    ASSERT_TRUE(back) << back.error().describe();
    EXPECT_EQ(back->hsm, "hsm-b");
    EXPECT_EQ(back->transport, kAnswer.transport);
    EXPECT_EQ(back->wrapped, kAnswer.wrapped);
}

TEST(RecoveryFile, APartMoreAndTheOtherKindAreRefused) {
    Bytes request = encode_recovery_request(kRequest);
    Bytes answer = encode_recovery_answer(kAnswer);
    for (std::size_t size = 0; size < request.size(); ++size) {
        EXPECT_FALSE(parse_recovery_request(ByteView(request).first(size))) << size;
    }
    for (std::size_t size = 0; size < answer.size(); ++size) {
        EXPECT_FALSE(parse_recovery_answer(ByteView(answer).first(size))) << size;
    }
    EXPECT_FALSE(parse_recovery_answer(request));
    EXPECT_FALSE(parse_recovery_request(answer));
    request.push_back(std::byte{0});
    answer.push_back(std::byte{0});
    EXPECT_FALSE(parse_recovery_request(request));
    EXPECT_FALSE(parse_recovery_answer(answer));
}

TEST(RecoveryFile, NoByteCanChangeOnTheWay) {
    for (const Bytes& whole : {encode_recovery_request(kRequest), encode_recovery_answer(kAnswer)}) {
        for (std::size_t at = 0; at < whole.size(); ++at) {
            Bytes damaged = whole;
            damaged[at] ^= std::byte{1};
            EXPECT_FALSE(parse_recovery_request(damaged)) << at;
            EXPECT_FALSE(parse_recovery_answer(damaged)) << at;
        }
    }
}

TEST(RecoveryFile, AClusterFromABackupIsNamedWithItsSource) {
    EXPECT_EQ(joining(kRequest), "hsm-b of cluster-a, made from a backup of cluster-0,");
    RecoveryRequest own = kRequest;
    own.lineage = own.cluster;
    EXPECT_EQ(joining(own), "hsm-b of cluster-a");
}

TEST(RecoveryFile, AFingerprintTellsKeysApart) {
    const std::string one = fingerprint(as_bytes("one"));
    EXPECT_EQ(one.size(), 16 * 4 + 15U);
    EXPECT_NE(one, fingerprint(as_bytes("two")));
}

}  // namespace
}  // namespace claviger::cloudhsm
