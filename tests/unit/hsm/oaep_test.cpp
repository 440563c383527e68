#include "hsm/oaep.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include <claviger/base/clock.hpp>

namespace claviger::hsm {
namespace {

constexpr std::size_t kModulus = 256;

void mask(Hash hash, ByteView seed, std::span<std::byte> target) {
    Bytes block(digest_size(hash));
    for (std::size_t at = 0; at < target.size(); at += block.size()) {
        const std::array counter{std::byte{0}, std::byte{0}, std::byte{0},
                                 static_cast<std::byte>(at / block.size())};
        digest(hash, {seed, counter}, block);
        for (std::size_t i = 0; i < block.size() && at + i < target.size(); ++i) {
            target[at + i] ^= block[i];
        }
    }
}

// RFC 8017 section 7.1.1, step 2, with a hand in each field before it is masked.
template <class Spoil>
Bytes encode(Hash hash, ByteView message, Spoil spoil) {
    const std::size_t size = digest_size(hash);
    Bytes block(kModulus);
    SystemRandom().fill(std::span(block).subspan(1, size));
    const std::span<std::byte> seed = std::span(block).subspan(1, size);
    const std::span<std::byte> data = std::span(block).subspan(1 + size);
    digest(hash, {}, data.first(size));
    data[data.size() - message.size() - 1] = std::byte{1};
    std::ranges::copy(message, data.end() - static_cast<std::ptrdiff_t>(message.size()));
    spoil(block, data);
    mask(hash, seed, data);
    mask(hash, data, seed);
    return block;
}

void nothing(Bytes&, std::span<std::byte>) {}
void first_byte(Bytes& block, std::span<std::byte>) {
    block[0] = std::byte{1};
}
void label_hash(Bytes&, std::span<std::byte> data) {
    data[0] ^= std::byte{1};
}

TEST(Oaep, DecodesEverySize) {
    for (const Hash hash : {Hash::sha1, Hash::sha256}) {
        const std::size_t most = kModulus - 2 * digest_size(hash) - 2;
        for (std::size_t size = 0; size <= most; ++size) {
            const Bytes message(size, std::byte{1});  // like separators
            Bytes block = encode(hash, message, nothing);
            const auto opened = oaep_decode(hash, block);
            ASSERT_TRUE(opened) << size;
            EXPECT_TRUE(std::ranges::equal(opened->reveal(SecretAccess()), message));
        }
    }
}

TEST(Oaep, RefusesEachFieldThatIsWrong) {
    const auto refused = [](auto spoil) {
        Bytes block = encode(Hash::sha256, as_bytes("message"), spoil);
        EXPECT_FALSE(oaep_decode(Hash::sha256, block));
    };
    refused(first_byte);
    refused(label_hash);
    refused([](Bytes&, std::span<std::byte> data) { data[31] ^= std::byte{0x80}; });
    refused([](Bytes&, std::span<std::byte> data) { data[32] = std::byte{2}; });  // no zero, no separator
    refused([](Bytes&, std::span<std::byte> data) {
        std::ranges::fill(data.subspan(32), std::byte{0});  // no separator at all
    });
    Bytes another_hash = encode(Hash::sha1, as_bytes("message"), nothing);
    EXPECT_FALSE(oaep_decode(Hash::sha256, another_hash));
    Bytes small(65);
    EXPECT_FALSE(oaep_decode(Hash::sha256, small));
}

// Welch's t between the times of two kinds of bad block, outliers cut off. The kinds alternate at random.
template <class Decode>
double t_statistic(int decodings, Decode decode) {
    constexpr int kBlocks = 64;
    std::array<std::vector<Bytes>, 2> blocks;
    for (int i = 0; i < kBlocks; ++i) {
        blocks[0].push_back(encode(Hash::sha256, as_bytes("message"), first_byte));
        blocks[1].push_back(encode(Hash::sha256, as_bytes("message"), label_hash));
    }
    std::array<std::vector<double>, 2> times;
    Bytes choices(static_cast<std::size_t>(decodings));
    SystemRandom().fill(choices);
    for (const std::byte choice : choices) {
        const auto kind = std::to_integer<std::size_t>(choice) & 1;
        Bytes block = blocks[kind][std::to_integer<std::size_t>(choice) >> 2];
        const auto started = std::chrono::steady_clock::now();
        const bool good = decode(block);
        const auto ended = std::chrono::steady_clock::now();
        EXPECT_FALSE(good);
        times[kind].push_back(std::chrono::duration<double, std::nano>(ended - started).count());
    }
    std::vector<double> all = times[0];
    all.insert(all.end(), times[1].begin(), times[1].end());
    const auto cut = all.begin() + static_cast<std::ptrdiff_t>(all.size() * 9 / 10);
    std::ranges::nth_element(all, cut);
    std::array<double, 2> mean{};
    std::array<double, 2> error{};
    for (std::size_t kind = 0; kind < 2; ++kind) {
        std::erase_if(times[kind], [&](double time) { return time > *cut; });
        const auto n = static_cast<double>(times[kind].size());
        for (const double time : times[kind]) {
            mean[kind] += time / n;
        }
        for (const double time : times[kind]) {
            error[kind] += (time - mean[kind]) * (time - mean[kind]) / (n - 1) / n;
        }
    }
    return std::abs(mean[0] - mean[1]) / std::sqrt(error[0] + error[1]);
}

constexpr int kDecodings = 100'000;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kTimed = false;
#else
constexpr bool kTimed = true;
#endif

// Above 4.5 a difference counts as found (the threshold of the TVLA methodology).
constexpr double kFound = 4.5;

TEST(Oaep, TimeDoesNotTellWhatIsWrong) {
    if (!kTimed) {
        GTEST_SKIP() << "a sanitizer's times say nothing";
    }
    double least = 1e9;  // a busy machine may disturb one of the runs
    for (int run = 0; run < 3 && least > kFound; ++run) {
        least = std::min(least, t_statistic(kDecodings, [](Bytes& block) {
                             return oaep_decode(Hash::sha256, block).has_value();
                         }));
    }
    RecordProperty("t", std::to_string(least));
    EXPECT_LT(least, kFound);
}

TEST(Oaep, TheTimeTestFindsAnEarlyReturn) {
    if (!kTimed) {
        GTEST_SKIP() << "a sanitizer's times say nothing";
    }
    const double t = t_statistic(kDecodings, [](Bytes& block) {
        const std::span<std::byte> data = std::span(block).subspan(33);
        mask(Hash::sha256, data, std::span(block).subspan(1, 32));
        mask(Hash::sha256, ByteView(block).subspan(1, 32), data);
        if (block[0] != std::byte{0}) {
            return false;  // the planted fault: the label hash is looked at only behind a good first byte
        }
        return equal_constant_time(data.first(32), sha256({}));
    });
    EXPECT_GT(t, kFound);
}

}  // namespace
}  // namespace claviger::hsm
