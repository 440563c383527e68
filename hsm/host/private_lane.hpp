// Work with private keys. Lane, keys and index belong to one thread of their own: an RSA-4096 signature takes
// milliseconds, which neither AES nor the loading of keys shall wait for. Threads: the worker's only.
#pragma once

#include <memory>
#include <optional>

#include <claviger/hsm/token.hpp>

#include "hsm/host/key_index.hpp"
#include "hsm/link/frame.hpp"
#include "hsm/link/operation.hpp"

namespace claviger::host {

// Memory of a loaded RSA-4096 session key in SoftHSM 2.6.1, the largest.
inline constexpr std::size_t kPairFootprint = 16 << 10;
// The part of a host's key memory that private keys get: one in so many.
inline constexpr std::size_t kPrivateShare = 4;

class PrivateLane {
public:
    PrivateLane(std::size_t key_memory, hsm::Residency residency)
        : keys_(std::max(key_memory / kPairFootprint, kLeastKeys)), residency_(residency) {}

    struct Answer {
        link::WipedBuffer frame;      // the whole reply
        std::optional<Errc> failure;  // what the reply says
    };
    // load_key, sign, rsa_decrypt or derive. Loads the key first if the request brings its key token.
    Answer run(hsm::Lane& lane, link::Operation operation, const link::FrameView& frame);
    // Everything this thread or the token has of the key.
    Status<> destroy(hsm::Lane& lane, const link::KeyName& name);
    void forget_all() noexcept { keys_.clear(); }  // after logout every handle is dead

private:
    // Answers the key of the request, loaded now if need be; with token residency, one whose object is still
    // on the token. Valid until the next call.
    Result<hsm::Key*> use(hsm::Lane& lane, link::Operation operation, const link::KeyUse& key);
    template <class Request, class Work>
    Status<> with_key(hsm::Lane& lane, const link::FrameView& frame, Work work);
    Status<> work(hsm::Lane& lane, link::Operation operation, const link::FrameView& frame,
                  link::WipedBuffer& out);
    void give_up(hsm::Lane& lane, std::unique_ptr<hsm::Key> key);

    KeyIndex keys_;
    hsm::Residency residency_;
};

}  // namespace claviger::host
