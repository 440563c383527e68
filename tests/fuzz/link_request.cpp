// What an HSM host reads from its sockets: frames in arbitrary pieces, then every request message and the key
// token in it.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "hsm/link/blob.hpp"
#include "hsm/link/control.hpp"
#include "hsm/link/frame.hpp"
#include "hsm/link/key_token.hpp"

namespace {

using namespace claviger;

constexpr std::size_t kLargestFrame = 2048;  // a small buffer: filling a large one would be all the work

// What decodes must encode to the very bytes it came from: two readings of one message cannot differ.
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
    read<link::EncryptRequest>(payload);
    read<link::DecryptRequest>(payload);
    read<link::ReEncryptRequest>(payload);
    read<link::GenerateDataKeyRequest>(payload);
    read<link::RandomRequest>(payload);
    read<link::CreateKeyRequest>(payload);
    read<link::LoadKeyRequest>(payload);
    read<link::DestroyKeyRequest>(payload);
    read<link::ProveRequest>(payload);
    read_control<link::control::SetUserPin>(payload);
    read_control<link::control::CreateCwk>(payload);
    read_control<link::control::AcceptCwk>(payload);
    read_control<link::control::MakeCsr>(payload);
    read_control<link::control::CheckCluster>(payload);
    read_control<link::control::Probe>(payload);
    read_control<link::control::RecoverCwk>(payload);
    read_control<link::control::SignBackup>(payload);
    read_control<link::control::Signature>(payload);
    read_control<link::control::InitToken>(payload);
    read_control<link::control::InstallTrusted>(payload);
    read_control<link::control::MakeTransport>(payload);
    read_control<link::control::WrapCwk>(payload);
    read_control<link::control::InstallIdentity>(payload);
    read_control<link::control::Der>(payload);
    read_control<link::control::Admit>(payload);
    read_control<link::control::ListObjects>(payload);
    read_control<link::control::RemoveTrusted>(payload);
    read_control<link::control::InitUserPin>(payload);
    read_control<link::control::WipeToken>(payload);
    read_control<link::control::TakeToken>(payload);
    read_control<link::control::GiveBackToken>(payload);
    (void)link::parse_blob(payload);
    (void)link::parse_key_token(payload);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    ByteView input(reinterpret_cast<const std::byte*>(data), size);
    read_all(input);

    link::FrameReader reader(kLargestFrame);
    std::size_t piece = 1;
    while (!input.empty() && !reader.broken()) {
        const auto space = reader.space();
        const std::size_t take = std::min({space.size(), input.size(), piece});
        std::memcpy(space.data(), input.data(), take);
        reader.filled(take);
        input = input.subspan(take);
        piece = piece * 3 + 1;
        while (const auto frame = reader.next()) {
            read_all(frame->payload);
        }
    }
    return 0;
}
