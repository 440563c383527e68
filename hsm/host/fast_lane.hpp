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

class Answer;

// What a request waits for before it is run again, if anything. Views into the request.
struct Wait {
    enum class For : std::uint8_t {
        nothing,  // it is answered
        load,     // the key must be loaded from `token`
        settle,   // the key refused a blob, and it is too early to verify it once more: see FastLane::settle
    };
    For what = For::nothing;
    link::KeyName name{};
    ByteView token{};
    MonoTime due{};  // settle: not before
};

// What is made of a blob that a key refuses.
enum class Refusal : std::uint8_t {
    doubted,   // the key may be at fault: it is settled first
    believed,  // the key was settled since the blob was refused first
};

class FastLane {
public:
    FastLane(std::unique_ptr<hsm::Lane> lane, std::size_t key_memory, hsm::Residency residency)
        : lane_(std::move(lane)),
          residency_(residency),
          keys_(std::max(key_memory / kKeyFootprint, kLeastKeys)),
          scratch_(link::kMaxBlob) {}

    // Answers into `out`, or says what the request waits for; `out` is unchanged then.
    Wait run(link::Operation operation, const link::FrameView& frame, link::WipedBuffer& out,
             Refusal refusal = Refusal::doubted);

    // Verifies a key that refused a blob, and loads it again if it is not the right one. done also when it
    // is not loaded any more: then it is verified when it is loaded.
    Status<> settle(const link::KeyName& name);

    KeyIndex& keys() noexcept { return keys_; }
    // A key that was loaded, at its place in the index. What had to make room for it is given up.
    void hold(const link::KeyName& name, std::unique_ptr<hsm::Key> key);
    // Keys that made room or turned out unusable; the caller destroys them in the slow lane, all of a turn at
    // once.
    std::vector<std::unique_ptr<hsm::Key>> take_given_up() noexcept { return std::exchange(given_up_, {}); }
    bool has_given_up() const noexcept { return !given_up_.empty(); }
    // The cluster's check token, loaded; nullptr before check_cluster. The former one is answered for
    // destruction.
    std::unique_ptr<hsm::Key> set_check_key(std::unique_ptr<hsm::Key> key) noexcept {
        return std::exchange(check_key_, std::move(key));
    }
    void forget_all() noexcept;  // after logout every handle is dead
    link::control::Counters& counters() noexcept { return counters_; }
    std::uint64_t nonce_draws() const noexcept { return lane_->counters().nonce_draws; }

private:
    // Why a request is answered by an error, and the key that it may be due to.
    struct Failure {
        Error error;
        std::optional<link::KeyName> key{};
    };
    using Outcome = Result<Wait, Failure>;

    Outcome work(link::Operation operation, ByteView payload, Refusal refusal, Answer& answer);
    Outcome encrypt(const link::EncryptRequest& request, Answer& answer);
    Outcome decrypt(const link::DecryptRequest& request, Refusal refusal, Answer& answer);
    Outcome re_encrypt(const link::ReEncryptRequest& request, Refusal refusal, Answer& answer);
    Outcome generate_data_key(const link::GenerateDataKeyRequest& request, Answer& answer);
    Outcome mac(const link::MacRequest& request, Answer& answer);
    Outcome random(const link::RandomRequest& request, Answer& answer);
    Outcome load(const link::LoadKeyRequest& request);
    Outcome canary();

    template <class Work>
    auto with_fresh_session(Work work);
    static Outcome missing(const link::KeyUse& key);
    Outcome seal(hsm::Key& key, const link::KeyName& name, ByteView plaintext, ByteView context,
                 Answer& answer);
    Result<hsm::Opening> open(hsm::Key& key, ByteView blob, ByteView context, std::span<std::byte> out,
                              Refusal refusal);
    void blame(const link::KeyName& name);

    // The key, if it is loaded and, with token residency, still on the token; else the outcome of the
    // request.
    Result<hsm::Key*, Outcome> held(const link::KeyUse& use);

    std::unique_ptr<hsm::Lane> lane_;
    hsm::Residency residency_;
    KeyIndex keys_;
    std::unique_ptr<hsm::Key> check_key_;
    std::vector<std::unique_ptr<hsm::Key>> given_up_;
    SecretBytes scratch_;  // a plaintext between two keys, wiped after each use
    link::control::Counters counters_;
};

// Counts an error for the status page by what it says about the HSM.
void count_error(link::control::Counters& counters, Errc code) noexcept;

}  // namespace claviger::host
