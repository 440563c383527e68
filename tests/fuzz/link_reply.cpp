// What the service reads from an HSM host, which may be hostile: every reply message, in frames and bare.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "hsm/link/control.hpp"
#include "hsm/link/frame.hpp"

namespace {

using namespace claviger;

constexpr std::size_t kLargestFrame = 2048;  // a small buffer: filling a large one would be all the work

template <class Message>
void read(ByteView payload) {
    if (const auto message = link::decode<Message>(payload)) {
        link::WipedBuffer again;
        link::encode(again, *message);
        if (!std::ranges::equal(again, payload)) {
            std::abort();
        }
    }
}
template <class Message>
void read_control(ByteView payload) {
    if (const auto message = link::control::decode<Message>(payload)) {
        link::WipedBuffer again;
        link::control::encode(again, *message);
        if (!std::ranges::equal(again, payload)) {
            std::abort();
        }
    }
}

void read_all(ByteView payload) {
    read<link::BlobReply>(payload);
    read<link::PlaintextReply>(payload);
    read<link::DataKeyReply>(payload);
    read<link::KeyTokenReply>(payload);
    read<link::SignatureReply>(payload);
    read<link::EmptyReply>(payload);
    read<link::ErrorReply>(payload);
    read_control<link::control::Status>(payload);
    read_control<link::control::CwkCreated>(payload);
    read_control<link::control::IdentityCreated>(payload);
    read_control<link::control::Probed>(payload);
    read_control<link::control::ObjectList>(payload);
    read_control<link::control::PublicKey>(payload);
    read_control<link::control::Wrapped>(payload);
    read_control<link::control::Der>(payload);
    read_control<link::control::TokenMade>(payload);
    (void)link::to_error(payload);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView input(reinterpret_cast<const std::byte*>(data), size);
    read_all(input);

    link::FrameReader reader(kLargestFrame);
    const auto space = reader.space();
    const std::size_t take = std::min(space.size(), input.size());
    std::memcpy(space.data(), input.data(), take);
    reader.filled(take);
    while (const auto frame = reader.next()) {
        read_all(frame->payload);
    }
    reader.consume();
    return 0;
}
