// The fast lane: AES, MACs and randomness, worked off by the loop itself, straight from the read buffer into
// the reply buffer. Owns the index of loaded keys. Threads: the loop only. Failure: error replies.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <claviger/hsm/token.hpp>

#include "hsm/host/key_index.hpp"
#include "hsm/link/control.hpp"
#include "hsm/link/frame.hpp"

namespace claviger::host {

// The request needs this key first. Views into the request.
struct LoadWanted {
    link::KeyName name;
    ByteView token;
};

class FastLane {
public:
    FastLane(std::unique_ptr<hsm::Lane> lane, std::size_t key_memory)
        : lane_(std::move(lane)),
          keys_(std::max(key_memory / kKeyFootprint, kLeastKeys)),
          scratch_(link::kMaxBlob) {}

    // Answers into `out`, or says which key must be loaded before the request is run again; `out` is
    // unchanged then.
    std::optional<LoadWanted> run(link::Operation operation, const link::FrameView& frame,
                                  link::WipedBuffer& out);

    KeyIndex& keys() noexcept { return keys_; }
    // Keys that turned out unusable; the caller destroys them in the slow lane.
    std::vector<std::unique_ptr<hsm::Key>> take_faulty() noexcept { return std::exchange(faulty_, {}); }
    bool has_faulty() const noexcept { return !faulty_.empty(); }
    // The cluster's check token, loaded; nullptr before check_cluster. The former one is answered for
    // destruction.
    std::unique_ptr<hsm::Key> set_check_key(std::unique_ptr<hsm::Key> key) noexcept {
        return std::exchange(check_key_, std::move(key));
    }
    void forget_all() noexcept;  // after logout every handle is dead
    link::control::Counters& counters() noexcept { return counters_; }
    std::uint64_t nonce_draws() const noexcept { return lane_->counters().nonce_draws; }

private:
    std::optional<LoadWanted> encrypt(const link::FrameView& frame, link::WipedBuffer& out);
    std::optional<LoadWanted> decrypt(const link::FrameView& frame, link::WipedBuffer& out);
    std::optional<LoadWanted> re_encrypt(const link::FrameView& frame, link::WipedBuffer& out);
    std::optional<LoadWanted> generate_data_key(const link::FrameView& frame, link::WipedBuffer& out);
    std::optional<LoadWanted> load(const link::FrameView& frame, link::WipedBuffer& out);
    void random(const link::FrameView& frame, link::WipedBuffer& out);
    void canary(const link::FrameView& frame, link::WipedBuffer& out);

    template <class Work>
    auto with_fresh_session(Work work);
    std::optional<LoadWanted> missing(const link::KeyUse& key, const link::FrameView& frame,
                                      link::WipedBuffer& out);
    void fail(const Error& error, const link::KeyName* key, const link::FrameView& frame,
              link::WipedBuffer& out);

    std::unique_ptr<hsm::Lane> lane_;
    KeyIndex keys_;
    std::unique_ptr<hsm::Key> check_key_;
    std::vector<std::unique_ptr<hsm::Key>> faulty_;
    SecretBytes scratch_;  // a plaintext between two keys, wiped after each use
    link::control::Counters counters_;
};

// Counts an error for the status page by what it says about the HSM.
void count_error(link::control::Counters& counters, Errc code) noexcept;

}  // namespace claviger::host
