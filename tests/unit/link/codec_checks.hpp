// What every message of the link must hold, whatever it carries.
#pragma once

#include <gtest/gtest.h>

#include <optional>

#include "hsm/link/message.hpp"

namespace claviger::link::test {

// `encode_it` appends the message; `reencode` decodes and encodes again, nullopt when the bytes are refused.
template <class Encode, class Reencode>
void check_codec(Encode encode_it, Reencode reencode) {
    WipedBuffer whole;
    encode_it(whole);

    const std::optional<WipedBuffer> again = reencode(ByteView(whole));
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(*again, whole);

    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(reencode(ByteView(whole).first(size)).has_value()) << "cut to " << size;
    }
    WipedBuffer trailed = whole;
    trailed.push_back(std::byte{0});
    EXPECT_FALSE(reencode(ByteView(trailed)).has_value());

    // A changed byte either is refused or means exactly what it says: nothing is normalised.
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (const auto flip : {std::byte{0x01}, std::byte{0x80}, std::byte{0xff}}) {
            WipedBuffer mutated = whole;
            mutated[at] ^= flip;
            const std::optional<WipedBuffer> other = reencode(ByteView(mutated));
            if (other) {
                EXPECT_EQ(*other, mutated) << "byte " << at;
            }
        }
    }
}

}  // namespace claviger::link::test
