// Which HSM takes the next request: the own host of this io thread while it has room for keys and its queue
// is not much deeper than the shortest; else those that hold the key first, then the own host, then least
// outstanding work, ties at random.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <span>

#include "cluster/key_map.hpp"

namespace claviger::cluster {

enum class Holds : bool { no, yes };
enum class Seat : bool { other, own };  // own: the host this io thread prefers
// Of the own host, for one key more. Where there is some, a key is loaded there at its first use, wherever
// else it is held: a thread that speaks to one host sends it many requests at once (decision 0021).
enum class Room : bool { none, some };

// All that a choice may depend on. Members that may not be chosen were filtered out before.
struct Candidate {
    std::uint32_t member = 0;  // index in the cluster
    std::uint32_t outstanding = 0;
    Holds holds = Holds::no;
    Seat seat = Seat::other;
    std::uint64_t affinity = 0;  // rendezvous score of (key, member); 0 where nothing is loaded
};

// Pure but for its engine. Not thread-safe: one per io thread.
class Selection {
public:
    // `spill`: how many requests deeper the own host's queue may be before work goes elsewhere.
    Selection(std::uint64_t seed, std::uint32_t spill) : engine_(seed), spill_(spill) {}

    // A position in `candidates`; nullopt only if there is none. With a hot key every candidate counts as a
    // holder.
    std::optional<std::size_t> pick(std::span<const Candidate> candidates, Heat heat, Room room);

private:
    enum class Among : bool { all, holders };
    static std::uint32_t shortest(std::span<const Candidate> candidates, Among among) noexcept;
    std::optional<std::size_t> least(std::span<const Candidate> candidates, Among among);

    std::mt19937_64 engine_;
    std::uint32_t spill_;
};

}  // namespace claviger::cluster
