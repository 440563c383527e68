#include "cluster/selection.hpp"

#include <algorithm>
#include <limits>

namespace claviger::cluster {

std::uint32_t Selection::shortest(std::span<const Candidate> candidates, Among among) noexcept {
    std::uint32_t shortest = std::numeric_limits<std::uint32_t>::max();
    for (const Candidate& candidate : candidates) {
        if (among == Among::all || candidate.holds == Holds::yes) {
            shortest = std::min(shortest, candidate.outstanding);
        }
    }
    return shortest;
}

std::optional<std::size_t> Selection::least(std::span<const Candidate> candidates, Among among) {
    std::optional<std::size_t> best;
    std::uint32_t ties = 0;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        if (among == Among::holders && candidates[i].holds == Holds::no) {
            continue;
        }
        if (!best || candidates[i].outstanding < candidates[*best].outstanding) {
            best = i;
            ties = 1;
        } else if (candidates[i].outstanding == candidates[*best].outstanding) {
            ++ties;  // reservoir of one: each of the equals is kept with the same chance
            if (engine_() % ties == 0) {
                best = i;
            }
        }
    }
    return best;
}

std::optional<std::size_t> Selection::pick(std::span<const Candidate> candidates, Heat heat, Room room) {
    if (candidates.empty()) {
        return std::nullopt;
    }
    std::optional<std::size_t> own;
    std::optional<std::size_t> nearest;
    bool held = false;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        const Candidate& candidate = candidates[i];
        held = held || candidate.holds == Holds::yes;
        if (!nearest || candidate.affinity > candidates[*nearest].affinity) {
            nearest = i;
        }
        if (candidate.seat == Seat::own) {
            own = i;
        }
    }
    const auto takes_it = [&](Among among) {
        return own && (among == Among::all || candidates[*own].holds == Holds::yes) &&
               candidates[*own].outstanding <= shortest(candidates, among) + spill_;
    };
    if (room == Room::some && takes_it(Among::all)) {
        return own;
    }
    if (!held && heat == Heat::cold && candidates[*nearest].affinity != 0) {
        return nearest;
    }
    const Among among = held && heat == Heat::cold ? Among::holders : Among::all;
    return takes_it(among) ? own : least(candidates, among);
}

}  // namespace claviger::cluster
