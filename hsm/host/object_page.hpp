// The pages in which a host lists what lies on its token.
#pragma once

#include <cstdint>
#include <vector>

#include <claviger/hsm/token.hpp>

#include "hsm/link/control.hpp"

namespace claviger::host {

// From the object at `offset` on, as many as fit one frame. Whoever reaches the module can put an object of
// any size on the token: one that the peer would refuse is left out, at every offset, and counted in
// `left_out`.
link::control::ObjectList object_page(std::vector<hsm::TokenObject> all, std::uint64_t offset,
                                      std::size_t& left_out);

}  // namespace claviger::host
